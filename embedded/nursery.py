"""A process that has loaded the project once and forks the processes of the service from that.

Loading Django, the API and Celery takes a second and fifty megabytes in each of eight processes. Forked after
loading they start in a moment and share those pages. What then runs is the same command line as otherwise:
`python -m celery ...`, `python manage.py ...`. Linux alone: elsewhere forking without executing is not safe.

    python -m embedded.nursery MODULE ...   modules to load; standard input is the control socket

A request is one packet, JSON with `name`, `argv` and `orphan_signal`, and the descriptor to print to.
Answers are {} once everything is loaded, {"born": pid}, and {"died": pid, "status": n} with n as subprocess
counts it. The other end of the socket is `embedded.forking`.
"""

import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import django

from embedded.children import die_with_parent, kill_group

PACKET = 64 * 1024


def main(modules: list[str]) -> None:
    django.setup()
    for module in modules:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # a child's collector would write to every page it looks at, and no longer share it
    control = socket.socket(fileno=os.dup(0))
    control.send(b"{}")
    argv = serve(control)
    control.close()
    if argv is not None:  # we are a child
        become(argv)


def serve(control: socket.socket) -> list[str] | None:
    """Fork for every request.

    Returns in each child, with its command line; in the nursery when nobody is left to ask, with None.
    """
    woken, wake = socket.socketpair()
    wake.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # a handler must exist for the wake-up to be written
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    with selectors.DefaultSelector() as selector, woken, wake:
        selector.register(control, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is woken:
                    woken.recv(PACKET)
                    report_deaths(control)
                    continue
                packet, outputs, _, _ = socket.recv_fds(control, PACKET, 1)
                if not packet:
                    return None
                request = json.loads(packet)
                if bear(control, outputs[0], signal.Signals(request["orphan_signal"])):
                    Path("/proc/self/comm").write_text(request["name"][:15])  # as top shows it
                    argv: list[str] = request["argv"]
                    return argv


def bear(control: socket.socket, output: int, orphan_signal: signal.Signals) -> bool:
    """Fork; True in the child, which then leads a group of its own and prints to `output`."""
    follow_parent = die_with_parent(orphan_signal)
    pid = os.fork()
    if pid:
        os.setpgid(pid, pid)  # here too: whoever hears of the birth may kill the group at once
        os.close(output)
        control.send(json.dumps({"born": pid}).encode())
        return False
    os.setpgid(0, 0)
    if follow_parent:
        follow_parent()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(output)
    return True


def report_deaths(control: socket.socket) -> None:
    """Tell of every child that ended, and kill what it left in its group."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        kill_group(pid)
        control.send(json.dumps({"died": pid, "status": os.waitstatus_to_exitcode(status)}).encode())


def become(argv: list[str]) -> Any:
    """Do what the interpreter would do with this command line."""
    _, *rest = argv
    if rest[0] == "-m":
        sys.argv = rest[1:]
        return runpy.run_module(rest[1], run_name="__main__", alter_sys=True)
    sys.argv = rest
    return runpy.run_path(rest[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
