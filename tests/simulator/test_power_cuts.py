"""The power may fail between any two actions: no run starts twice, none starts after its end was told."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol.commands import Op
from tests.simulator.stage import Stage

FINAL = {"rejected", "finished", "failed", "interrupted"}


def cut_after(actions: int, machine: str) -> tuple[Stage, UUID]:
    """A run whose power fails after that many actions; then the machine boots and the server asks again."""
    stage = Stage(machine).online()
    command = stage.command()
    stage.power_for = actions
    stage.give(command)
    stage.advance(2000)
    stage.lose_power()
    stage.boot()
    stage.online("later")
    stage.give(command)
    stage.advance(2000)
    stage.give(command.as_query())
    return stage, command.id


@pytest.mark.parametrize("machine", ["chair", "washer"])
@pytest.mark.parametrize("actions", range(1, 100))
def test_a_power_cut_never_starts_a_run_twice(machine: str, actions: int) -> None:
    stage, run_id = cut_after(actions, machine)

    assert len(stage.starts) <= 1
    finals = [event for event in stage.events(run_id) if event["ev"] in FINAL]
    assert finals, "the server must learn how it ended"
    assert all(event == finals[0] for event in finals), "and never two different endings"


@pytest.mark.parametrize("machine", ["chair", "washer"])
def test_the_cuts_reach_every_durable_write(machine: str) -> None:
    stage, _ = cut_after(99, machine)

    assert stage.names().count("finished") >= 1


def test_a_cut_before_anything_physical_gives_everything_back() -> None:
    stage, run_id = cut_after(1, "chair")

    interrupted = stage.events(run_id)[-1]
    assert (interrupted["ev"], interrupted["code"], interrupted["ran"]) == ("interrupted", "power_cut", False)
    assert stage.starts == []


def test_a_cut_in_the_middle_tells_what_was_left() -> None:
    stage = Stage().online()
    run = stage.start()
    stage.advance(100)
    stage.lose_power()
    stage.boot()
    stage.online("later")

    accepted, started, *repeated, interrupted = stage.events(run.id)
    assert repeated == [accepted, started]
    assert (interrupted["ran"], interrupted["left_s"]) == (
        True,
        510,
    )  # the last checkpoint, in favour of the payer
    assert interrupted["boot"] == 2


def test_the_machine_is_free_again_after_a_cut() -> None:
    stage = Stage().online()
    stage.start()
    stage.advance(100)
    stage.lose_power()
    stage.boot()
    stage.online("later")

    run = stage.start(sess="later")

    assert stage.names(run.id) == ["accepted"]


def test_a_second_cut_before_the_sync_loses_nothing() -> None:
    stage = Stage().online()
    run = stage.start()
    stage.advance(100)
    for _ in range(2):
        stage.lose_power()
        stage.boot()
        stage.connect()
    stage.sync("later")

    assert stage.names(run.id)[-1] == "interrupted"


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("start"), st.integers(0, 3), st.sampled_from([0.5, 5, 30])),
        st.tuples(st.just("repeat"), st.integers(0, 3), st.sampled_from([Op.START, Op.QUERY])),
        st.tuples(st.just("stop"), st.just(0), st.just(30)),
        st.tuples(st.just("wait"), st.sampled_from([1, 31, 700]), st.just(0)),
        st.tuples(st.just("cut"), st.integers(1, 6), st.just(0)),
        st.tuples(st.just("drop"), st.just(0), st.just(0)),
    ),
    max_size=25,
)


class Story:
    """One machine through any sequence of commands, repeats, waits, lost lines and power cuts."""

    def __init__(self) -> None:
        self.stage = Stage().online("s0")
        self.sessions = 0
        self.commands: dict[int, Any] = {}

    def play(self, step: tuple[str, Any, Any]) -> None:
        kind, first, second = step
        getattr(self, kind)(first, second)
        if self.stage.core is None:
            self.stage.boot()
            self.reconnect()

    def start(self, name: int, expires_s: float) -> None:
        self.commands[name] = self.stage.start(expires_s=expires_s, sess=self.sess)

    def repeat(self, name: int, op: Op) -> None:
        if command := self.commands.get(name):
            self.stage.give(command if op is Op.START else command.as_query())

    def stop(self, _: int, expires_s: float) -> None:
        self.stage.start(op=Op.STOP, args={}, expires_s=expires_s, sess=self.sess)

    def wait(self, seconds: float, _: int) -> None:
        self.stage.advance(seconds)

    def cut(self, actions: int, _: int) -> None:
        self.stage.power_for = actions

    def drop(self, _: int, __: int) -> None:
        if self.stage.core:
            self.stage.core.disconnected()
            self.reconnect()

    def reconnect(self) -> None:
        self.sessions += 1
        self.stage.online(self.sess)

    @property
    def sess(self) -> str:
        return f"s{self.sessions}"


@given(STEPS)
def test_whatever_happens_the_promise_holds(steps: list[tuple[str, Any, Any]]) -> None:
    story = Story()
    for step in steps:
        story.play(step)

    starts = story.stage.starts
    assert len(starts) == len(set(starts)), "a run started twice"
    for run_id in {event["id"] for event in story.stage.events() if event["id"]}:
        told = story.stage.events(UUID(run_id))
        unique = {(event["boot"], event["n"]): event for event in told}
        endings = [event for event in unique.values() if event["ev"] in FINAL]
        assert len(endings) <= 1, "two different endings"
        assert all(unique[event["boot"], event["n"]] == event for event in told), "an event was changed"
        if endings and endings[0]["ev"] == "rejected":
            assert UUID(run_id) not in starts, "a refused run started"
