"""The supervisor shows what children print, revives the dead, gives up on the hopeless, stops in order."""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from embedded import forking
from embedded.children import Child
from embedded.errors import EmbeddedError
from embedded.forking import Nursery
from embedded.home import PROJECT
from embedded.supervisor import Patience, Supervisor
from tests.rig.waiting import eventually


class Stage:
    """A supervisor with what it said, and scripts to supervise."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[tuple[str, str]] = []
        self.alive: list[str] = []
        self.supervisor = Supervisor(say=lambda *said: self.said.append(said), changed=self._changed)

    def child(self, name: str, source: str) -> Child:
        argv = [sys.executable, "-c", source]
        return Child(name=name, argv=argv, env=os.environ, log=self.folder / f"{name}.log", piped=True)

    def heard(self, line: str) -> int:
        return sum(text == line for _, text in self.said)

    def _changed(self, children: Sequence[Child]) -> None:
        self.alive = [child.name for child in children if child.running]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    handler = signal.getsignal(signal.SIGCHLD)
    stage = Stage(tmp_path)
    yield stage
    stage.supervisor.stop()
    signal.signal(signal.SIGCHLD, handler)


@pytest.mark.parametrize(
    ("deaths", "delays"),
    [
        ([0, 1, 2, 3, 4], [0.25, 0.5, 1, 2, None]),
        ([0, 1, 2, 3, 61.5], [0.25, 0.5, 1, 2, 1]),
        ([0, 100, 200, 300, 400], [0.25] * 5),
    ],
)
def test_five_deaths_within_a_minute_are_the_end(deaths: list[float], delays: list[float | None]) -> None:
    patience = Patience()

    assert [patience.delay_after_death(death) for death in deaths] == delays


def test_what_children_print_is_shown_and_kept(stage: Stage) -> None:
    child = stage.child("web", "import time; print('hello', flush=True); time.sleep(60)")
    stage.supervisor.spawn(child)

    stage.supervisor.run(until=lambda: bool(stage.said), pace_s=0.01)

    assert stage.said == [("web", "hello")]
    assert child.last_words() == "hello"


def test_a_dead_child_starts_again(stage: Stage) -> None:
    child = stage.child("web", "import time; print('hello', flush=True); time.sleep(60)")
    stage.supervisor.spawn(child)
    stage.supervisor.run(until=lambda: stage.heard("hello") == 1, pace_s=0.01)

    os.kill(child.process.pid if child.process else 0, signal.SIGKILL)
    stage.supervisor.run(until=lambda: stage.heard("hello") == 2, pace_s=0.01)

    assert child.running
    assert ("web", "died (status -9), starts again in 0.25 s") in stage.said


def test_a_child_that_keeps_dying_ends_the_demo_with_its_reason(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded.supervisor.BACK_OFF_S", (0.01, 0.01, 0.01, 0.01))
    stage.supervisor.spawn(stage.child("web", "import sys; sys.exit('no such database')"))

    with pytest.raises(EmbeddedError, match=r"web died five times within a minute(?s:.*)no such database"):
        stage.supervisor.run()


@pytest.mark.skipif(not forking.SUPPORTED, reason="forks on Linux alone")
def test_the_death_of_a_forked_child_is_heard_and_so_is_that_of_the_nursery(stage: Stage) -> None:
    log = stage.folder / "nursery.log"
    nursery = Nursery(env=os.environ, cwd=PROJECT, log=log, modules=["json"]).start()
    stage.supervisor.listen_to(nursery)
    file = stage.folder / "hello.py"
    file.write_text("import time\nprint('hello', flush=True)\ntime.sleep(60)")
    child = stage.child("web", "")
    child.argv, child.forker = [sys.executable, str(file)], nursery
    stage.supervisor.spawn(child)
    stage.supervisor.run(until=lambda: stage.heard("hello") == 1)

    os.kill(child.process.pid if child.process else 0, signal.SIGKILL)
    stage.supervisor.run(until=lambda: stage.heard("hello") == 2)
    os.kill(nursery.pid, signal.SIGKILL)
    stage.supervisor.run(until=lambda: stage.heard("hello") == 3)

    assert child.running
    nursery.stop()


def says_up(child: Child) -> bool:
    return child.last_words() == "up"


def test_postgres_stops_after_the_others_and_nothing_is_left(stage: Stage) -> None:
    told = (
        "import signal, sys, time; signal.signal(15, lambda *_: (print(time.time(), flush=True), sys.exit()))"
    )
    children = [
        stage.child(name, f"{told}\nprint('up', flush=True)\nsignal.pause()") for name in ("postgres", "web")
    ]
    for child in children:
        child.piped = False
        stage.supervisor.spawn(child)
        eventually(partial(says_up, child))

    stage.supervisor.stop()

    stopped_at = [float(child.last_words().split()[-1]) for child in children]
    assert stopped_at[0] > stopped_at[1]
    assert not any(child.running for child in children)
