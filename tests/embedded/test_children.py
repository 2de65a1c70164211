"""Children never outlive us, whoever dies first."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embedded.children import Child
from embedded.strays import started_at
from tests.rig.waiting import eventually

# Ignores SIGTERM, and has a child of its own in the same group.
STUBBORN = """
import signal, subprocess
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(subprocess.Popen(["sleep", "60"]).pid, flush=True)
signal.pause()
"""
# Starts a child as the demo does, tells its number and waits to be killed.
PARENT = """
import os, signal, sys
from pathlib import Path
from embedded.children import Child
child = Child(name="sleep", argv=["sleep", "60"], env=os.environ, log=Path(sys.argv[1]))
child.spawn()
print(child.process.pid, flush=True)
signal.pause()
"""

Script = Callable[[str], Child]


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Script]:
    children: list[Child] = []

    def make(source: str) -> Child:
        argv = [sys.executable, "-c", source]
        children.append(Child(name="script", argv=argv, env=os.environ, log=tmp_path / "script.log"))
        return children[-1]

    yield make
    for child in children:
        child.kill()


def test_stop_kills_the_whole_group_of_a_child_that_will_not_go(script: Script) -> None:
    child = script(STUBBORN)
    child.spawn()
    grandchild = int(eventually(child.last_words))

    child.stop(within_s=0.2)

    assert not child.running
    eventually(lambda: not started_at(grandchild))


def test_a_child_leads_its_own_group_so_that_ctrl_c_in_the_terminal_misses_it(script: Script) -> None:
    child = script("import signal; signal.pause()")
    child.spawn()

    assert child.process is not None
    assert os.getpgid(child.process.pid) == child.process.pid != os.getpgid(0)


def test_stopping_twice_or_before_starting_does_nothing(script: Script) -> None:
    child = script("")
    child.stop()
    child.kill()

    assert not child.running


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next start ends what was left")
def test_children_die_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", PARENT, str(tmp_path / "log")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)

    eventually(lambda: not started_at(child))


def test_a_dead_leaders_group_is_cleared_once_and_its_number_never_used_again(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number may name somebody else's group by then."""
    child = script("import subprocess; print(subprocess.Popen(['sleep', '60']).pid)")
    child.spawn()
    assert child.wait(10)
    grandchild = int(child.last_words())
    eventually(lambda: not started_at(grandchild))

    killed: list[int] = []
    monkeypatch.setattr("embedded.children.kill_group", killed.append)
    assert not child.running
    child.stop()

    assert killed == []
