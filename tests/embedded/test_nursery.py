"""The nursery: forked children are like any other child, and go when it goes."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embedded import forking
from embedded.children import Child
from embedded.errors import EmbeddedError
from embedded.forking import Nursery
from embedded.home import PROJECT
from embedded.strays import started_at
from tests.rig.waiting import eventually

pytestmark = pytest.mark.skipif(not forking.SUPPORTED, reason="forks on Linux alone")

# Tells who it is, and what was loaded before it was born.
WHO = "import os, sys\nprint(os.getpid(), os.getpgid(0), 'django' in sys.modules, sys.argv[1:], flush=True)\n"
SLEEP = "import time\ntime.sleep(60)\n"


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    nursery = open_nursery(tmp_path_factory.mktemp("nursery"))
    yield nursery
    nursery.stop()


@pytest.fixture
def doomed(tmp_path: Path) -> Iterator[Nursery]:
    """A nursery that does not survive the test."""
    nursery = open_nursery(tmp_path)
    yield nursery
    nursery.stop()


def open_nursery(folder: Path) -> Nursery:
    return Nursery(env=os.environ, cwd=PROJECT, log=folder / "nursery.log", modules=["json"]).start()


def script(home: Nursery, folder: Path, source: str, *arguments: str, piped: bool = False) -> Child:
    """A child that runs this source."""
    file = folder / "script.py"
    file.write_text(source)
    argv = [sys.executable, str(file), *arguments]
    log = file.with_suffix(".log")
    return Child(name="script", argv=argv, env=os.environ, log=log, forker=home, piped=piped)


def pid_of(child: Child) -> int:
    assert child.process is not None
    return child.process.pid


def test_a_child_leads_its_group_and_finds_the_project_loaded(nursery: Nursery, tmp_path: Path) -> None:
    child = script(nursery, tmp_path, WHO, "--flag", "value")
    child.spawn()

    assert child.wait(10)
    pid = pid_of(child)
    assert child.last_words() == f"{pid} {pid} True ['--flag', 'value']"


@pytest.mark.parametrize(("source", "status"), [("", 0), ("import sys; sys.exit(3)", 3), ("1 / 0", 1)])
def test_the_exit_status_is_the_scripts_own(
    nursery: Nursery, tmp_path: Path, source: str, status: int
) -> None:
    child = script(nursery, tmp_path, source)
    child.spawn()
    assert child.process is not None

    assert child.process.wait(10) == status


def test_a_child_can_be_stopped_and_killed_like_any_other(nursery: Nursery, tmp_path: Path) -> None:
    for end in (Child.stop, Child.kill):
        child = script(nursery, tmp_path, SLEEP)
        child.spawn()
        pid = pid_of(child)

        end(child)

        assert not child.running
        assert not started_at(pid)


def test_what_a_piped_child_prints_comes_through_the_pipe(nursery: Nursery, tmp_path: Path) -> None:
    child = script(nursery, tmp_path, "print('hello')", piped=True)
    child.spawn()

    assert child.process is not None
    assert child.process.stdout is not None
    assert child.process.stdout.read() == b"hello\n"
    child.kill()


@pytest.mark.parametrize("end", [Nursery.stop, lambda home: os.kill(home.pid, signal.SIGKILL)])
def test_children_go_when_the_nursery_goes(
    doomed: Nursery, tmp_path: Path, end: Callable[[Nursery], None]
) -> None:
    child = script(doomed, tmp_path, SLEEP)
    child.spawn()
    pid = pid_of(child)

    end(doomed)

    eventually(lambda: not started_at(pid))
    eventually(lambda: not child.running)


def test_without_its_nursery_a_child_is_executed_plainly(doomed: Nursery, tmp_path: Path) -> None:
    child = script(doomed, tmp_path, WHO)
    doomed.stop()
    child.spawn()

    assert child.wait(10)
    pid = pid_of(child)
    assert child.last_words() == f"{pid} {pid} False []"


def test_a_project_that_cannot_be_loaded_is_said_at_the_first_fork(tmp_path: Path) -> None:
    log = tmp_path / "nursery.log"
    nursery = Nursery(env=os.environ, cwd=PROJECT, log=log, modules=["no.such.module"]).start()

    with pytest.raises(EmbeddedError, match="No module named"):
        nursery.fork([sys.executable, "x.py"], name="x", output=1, orphan_signal=signal.SIGKILL)
    nursery.stop()
