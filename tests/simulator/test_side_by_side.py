"""Machines that do several things at once, doors or speeches; and faults of the machine itself."""

from typing import Any

import pytest

from devices.protocol.commands import Command, Op
from devices.protocol.sessions import MAX_RUNNING
from devices.protocol.topics import Topic
from simulator.hardware import SPEECHES
from tests.simulator.stage import ARGS, Stage


@pytest.fixture
def locker() -> Stage:
    return Stage("locker").online()


@pytest.fixture
def speaker() -> Stage:
    return Stage("speaker").online()


def door(stage: Stage, number: str) -> Command:
    return stage.start(args={"door": number})


def announcement(stage: Stage, no: int, **details: Any) -> Command:
    return stage.start(op=Op.ANNOUNCE, args=ARGS["speaker"] | {"no": no}, **details)


def test_two_doors_open_side_by_side(locker: Stage) -> None:
    first, second = door(locker, "1"), door(locker, "2")
    locker.advance(100)

    for run in (first, second):
        assert locker.names(run.id) == ["accepted", "started", "finished"]


def test_an_open_door_is_busy(locker: Stage) -> None:
    door(locker, "1")

    assert locker.verdict(door(locker, "1")) == "rejected busy"


def test_a_stop_for_one_door_leaves_the_other(locker: Stage) -> None:
    first, second = door(locker, "1"), door(locker, "2")
    locker.advance(3)
    locker.start(op=Op.STOP, args={"run": str(first.id)})
    locker.advance(100)

    assert locker.names(first.id)[-1] == "interrupted"
    assert locker.names(second.id)[-1] == "finished"


def test_a_stop_for_no_run_in_particular_ends_all(locker: Stage) -> None:
    runs = [door(locker, "1"), door(locker, "2")]
    locker.advance(3)
    locker.start(op=Op.STOP, args={})

    assert [locker.names(run.id)[-1] for run in runs] == ["interrupted"] * 2


def test_a_hello_names_four_runs_and_says_that_there_are_more(locker: Stage) -> None:
    runs = [door(locker, str(number)) for number in range(MAX_RUNNING + 1)]
    assert locker.core
    locker.core.disconnected()

    locker.connect()

    hello = locker.last(Topic.HELLO)
    assert (hello["running"], hello["more"]) == ([str(run.id) for run in runs[:MAX_RUNNING]], True)


def test_a_power_cut_ends_every_open_door_and_opens_none_again(locker: Stage) -> None:
    runs = [door(locker, "1"), door(locker, "2")]
    locker.advance(2)
    locker.lose_power()
    locker.boot()
    locker.online("later")

    assert [locker.names(run.id)[-1] for run in runs] == ["interrupted"] * 2
    assert locker.starts == [run.id for run in runs]


def test_a_speaker_says_one_after_the_other(speaker: Stage) -> None:
    said = [announcement(speaker, no) for no in (1, 2, 3)]
    speaker.advance(60)

    for command in said:
        assert speaker.names(command.id) == ["accepted", "started", "finished"]
    assert speaker.starts == [command.id for command in said]


def test_a_speaker_takes_no_more_than_it_can_say(speaker: Stage) -> None:
    commands = [announcement(speaker, no) for no in range(1, SPEECHES + 2)]

    assert speaker.verdict(commands[-1]) == "rejected busy"


def test_an_announcement_that_comes_twice_is_said_once(speaker: Stage) -> None:
    command = announcement(speaker, 7)
    speaker.give(command)
    speaker.advance(60)

    assert speaker.starts == [command.id]


def test_a_speaker_starts_nothing_else(speaker: Stage) -> None:
    assert speaker.verdict(speaker.start(args={"dur_s": 600})) == "rejected unsupported"


def test_a_fault_is_told_once_when_it_comes_and_once_when_it_goes(chair: Stage) -> None:
    for code in ("motor", ""):
        chair.faults.fault = code
        chair.advance(1)
        chair.advance(60)

    told = [(event["ev"], event["code"], event["id"]) for event in chair.events()[1:]]
    assert told == [("fault", "motor", None), ("fault", "ok", None)]
    assert chair.last(Topic.STATE)["status"] == "idle"


def test_a_faulty_machine_looks_faulty(chair: Stage) -> None:
    chair.faults.fault = "motor"
    chair.advance(1)

    assert chair.last(Topic.STATE)["status"] == "fault"


def test_a_fault_without_a_session_is_told_with_the_next() -> None:
    stage = Stage()
    stage.faults.fault = "motor"
    stage.connect()
    stage.advance(1)
    assert stage.names() == []

    stage.online()

    assert stage.names() == ["synced", "fault"]


def test_evidence_that_is_too_long_for_a_message_is_cut_short(chair: Stage) -> None:
    run = chair.start()
    assert chair.core
    chair.execute(
        chair.core.report(("started", str(run.id), {"evidence": "洗" * 500, "left_s": 600}), chair.ms)
    )

    assert chair.events(run.id)[-1]["evidence"] == "洗" * 60
