"""The device rules of the contract, in their order."""

from typing import Any
from uuid import uuid4

import pytest

from clients.micropython.core import CAPACITY
from devices.protocol.commands import Command, Op
from devices.protocol.envelope import sign
from devices.protocol.events import RejectCode
from devices.protocol.topics import Topic
from simulator.faults import Faults
from tests.simulator.stage import DEVICE, KEY, Stage

NEIGHBOUR = "0193f4a2-7c1e-7b3a-9d55-0a1b2c3d4e60"


# Tag and version: drop in silence


@pytest.mark.parametrize(
    ("key", "device_id", "topic"),
    [
        (KEY[::-1], DEVICE, Topic.CMD),
        (KEY, NEIGHBOUR, Topic.CMD),
        (KEY, DEVICE, Topic.SYNC),
        (KEY, DEVICE, Topic.EVT),
    ],
    ids=["another key", "another device", "another topic", "another direction"],
)
def test_a_command_not_meant_for_us_is_dropped(
    chair: Stage, key: bytes, device_id: str, topic: Topic
) -> None:
    before = len(chair.sent)

    chair.deliver_raw(Topic.CMD, sign(chair.command().body(), key=key, device_id=device_id, topic=topic))

    assert len(chair.sent) == before
    assert chair.core
    assert chair.core.dropped == {"bad_tag": 1}


@pytest.mark.parametrize("change", [{"v": 2}, {"id": "x"}, {"exp": "soon"}, {"op": None}, {"a": 5}], ids=repr)
def test_a_command_we_cannot_read_is_dropped(chair: Stage, change: dict[str, Any]) -> None:
    before = len(chair.sent)

    chair.deliver(Topic.CMD, chair.command().body() | change)

    assert len(chair.sent) == before
    assert chair.store.records() == []


def test_an_oversized_command_is_dropped(chair: Stage) -> None:
    chair.deliver_raw(Topic.CMD, b"x" * 513)

    assert chair.core
    assert chair.core.dropped == {"oversized": 1}


# Known id: the same answer, whatever else is wrong


def test_the_same_command_twice_starts_once_and_is_answered_the_same(chair: Stage) -> None:
    run = chair.start()
    chair.give(run)

    assert chair.starts == [run.id]
    first, second = chair.events(run.id)
    assert first == second


def test_a_known_command_is_answered_after_its_expiry_and_in_another_session(chair: Stage) -> None:
    run = chair.start()
    chair.advance(700)
    told = chair.events(run.id)

    chair.give(Command(run.id, "other", run.t, run.exp, Op.QUERY, run.a))

    assert chair.events(run.id) == told + told
    assert chair.starts == [run.id]


def test_a_refusal_stays_a_refusal(washer: Stage) -> None:
    washer.faults.door_open = True
    run = washer.start()
    washer.faults.door_open = False

    washer.give(run)

    assert washer.names(run.id) == ["rejected", "rejected"]
    assert washer.starts == []


# Foreign session: drop in silence


def test_a_command_of_another_session_is_dropped(chair: Stage) -> None:
    command = chair.start(sess="other")

    assert chair.events(command.id) == []
    assert chair.core
    assert chair.core.dropped == {"foreign_session": 1}


def test_before_the_first_sync_every_command_is_foreign() -> None:
    stage = Stage()
    stage.connect()

    command = stage.start()

    assert stage.events(command.id) == []


# Expiry


def test_an_expired_command_is_refused(chair: Stage) -> None:
    assert chair.verdict(chair.start(expires_s=0)) == "rejected expired"
    assert chair.starts == []


def test_expiry_comes_before_every_other_reason(washer: Stage) -> None:
    washer.faults.door_open = True

    assert washer.verdict(washer.start(expires_s=-1, args={"nonsense": 1})) == "rejected expired"


def test_expiry_is_checked_again_directly_before_the_relay(chair: Stage) -> None:
    command = chair.command(expires_s=1)
    assert chair.core
    message = sign(command.body(), key=KEY, device_id=DEVICE, topic=Topic.CMD)
    chair.execute(
        chair.core.received(Topic.CMD, message, chair.ms)
    )  # storing it takes us a second and a half
    chair.now += 1.5

    chair.advance(0)

    assert chair.starts == []
    _, failed = chair.events(command.id)
    assert (failed["ev"], failed["code"], failed["ran"]) == ("failed", "expired", False)


# Refusals


def test_a_busy_machine_refuses(chair: Stage) -> None:
    first = chair.start()

    assert chair.verdict(chair.start()) == "rejected busy"
    assert chair.starts == [first.id]


def test_an_open_door_refuses(washer: Stage) -> None:
    washer.faults.door_open = True

    assert washer.verdict(washer.start()) == "rejected door_open"


def test_a_chair_has_no_door_to_be_open(chair: Stage) -> None:
    chair.faults.door_open = True

    assert chair.verdict(chair.start()) == "accepted ok"


@pytest.mark.parametrize(
    "args", [{}, {"dur_s": 0}, {"dur_s": "600"}, {"dur_s": 600, "course": "quick"}], ids=repr
)
def test_strange_arguments_refuse(chair: Stage, args: dict[str, Any]) -> None:
    assert chair.verdict(chair.start(args=args)) == "rejected args"


@pytest.mark.parametrize("op", ["announce", "open", "power_cycle", "dance"])
def test_an_operation_the_type_does_not_have_is_unsupported(chair: Stage, op: str) -> None:
    assert chair.verdict(chair.start(op=op)) == "rejected unsupported"


@pytest.mark.parametrize("code", RejectCode)
def test_a_machine_may_refuse_for_its_own_reasons(code: RejectCode) -> None:
    stage = Stage(faults=Faults(rejects=code)).online()

    assert stage.verdict(stage.start()) == f"rejected {code}"


def test_a_machine_can_be_used_again(chair: Stage) -> None:
    runs = []
    for _ in range(3):
        runs.append(chair.start())
        chair.advance(700)

    assert chair.starts == [run.id for run in runs]


# Query


def test_the_query_for_an_unknown_run_is_expired_and_keeps_the_run_from_starting(chair: Stage) -> None:
    command = chair.command()

    chair.give(command.as_query())
    chair.give(command)

    assert chair.starts == []
    assert [(event["ev"], event["code"]) for event in chair.events(command.id)] == [
        ("rejected", "expired")
    ] * 2


# Memory


def test_expired_commands_make_room_for_new_ones(chair: Stage) -> None:
    for _ in range(CAPACITY + 10):
        chair.start(expires_s=0)

    assert len(chair.store.records()) == CAPACITY
    assert chair.verdict(chair.start()) == "accepted ok"


def test_a_command_that_could_still_start_is_never_forgotten(chair: Stage) -> None:
    refused = [chair.start(args={}) for _ in range(CAPACITY)]

    late = chair.start()

    assert chair.events(late.id) == []  # not stored, hence neither told nor obeyed
    chair.give(refused[0])
    assert chair.names(refused[0].id) == ["rejected", "rejected"]
    assert chair.starts == []


def test_a_running_command_is_never_forgotten(chair: Stage) -> None:
    run = chair.start()
    chair.advance(60)
    for _ in range(CAPACITY + 10):
        chair.start(expires_s=0)
    chair.advance(600)

    assert chair.names(run.id) == ["accepted", "started", "finished"]


def test_a_replayed_command_that_was_forgotten_is_expired(chair: Stage) -> None:
    run = chair.start()
    chair.advance(700)
    for _ in range(CAPACITY + 1):
        chair.start(op=Op.IDENTIFY, args={}, expires_s=0)

    chair.give(run)

    assert chair.starts == [run.id]
    assert chair.events(run.id)[-1]["code"] == "expired"


def test_ids_are_unknown_to_each_other(chair: Stage) -> None:
    run = chair.start()
    other = Command(uuid4(), run.sess, run.t, run.exp, Op.QUERY, run.a)

    chair.give(other)

    assert chair.verdict(other) == "rejected expired"
