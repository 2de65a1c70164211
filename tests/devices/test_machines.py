"""Machine types: what they cost, what they are told, and when their money is earned."""

import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import machines
from devices.machines.arguments import arguments, errors_in
from devices.machines.base import (
    ArgsInvalid,
    CapturePoint,
    Machine,
    Option,
    Phase,
    find_all,
    pro_rata,
)
from devices.protocol.commands import Command, Op
from devices.protocol.envelope import sign
from devices.protocol.events import Event, EventName
from devices.protocol.topics import Topic

CHAIR, WASHER = find_all()["chair"], find_all()["washer"]
ALL_OPTIONS = [(machine, option) for machine in find_all().values() for option in machine.options]

LOCKER = """
from devices.machines.arguments import arguments
from devices.machines.base import CapturePoint, Machine, Option, Phase


class Locker(Machine):
    slug = "locker"
    label = "Locker"
    options = (Option("small", "Small", prices={"CNY": 200}),)
    phases = (Phase("open", "Open", evidence="door:open"),)
    capture_point = CapturePoint.START
    args_schema = arguments(door={"type": "integer", "minimum": 1, "maximum": 24})
    start_schema = args_schema

    def build_args(self, option, args):
        return {"door": args["door"]}

    def slot(self, args):
        return str(args["door"])
"""


class Pulses(Machine):
    """Not found by itself: it does not stand in the folder."""

    slug = "pulses"
    label = "Coin machine"
    options = (Option("3", "3 coins", prices={"CNY": 300}),)
    phases = (Phase("pulses", "Pulses"),)
    capture_point = CapturePoint.START
    start_schema = arguments(n={"type": "integer", "minimum": 1, "maximum": 50})


def event(name: EventName, code: str = "ok") -> Event:
    return Event(id=uuid4(), boot=1, n=1, ev=name, t=0, code=code)


# Finding


def test_every_file_in_the_folder_is_found() -> None:
    assert set(find_all()) >= {"chair", "washer"}
    assert list(find_all()) == sorted(find_all())


@pytest.fixture
def locker_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One more file in the folder, as far as Python can tell."""
    (tmp_path / "locker_of_tests.py").write_text(LOCKER)
    monkeypatch.setattr(machines, "__path__", [*machines.__path__, str(tmp_path)])
    find_all.cache_clear()
    yield
    find_all.cache_clear()
    sys.modules.pop("devices.machines.locker_of_tests")


@pytest.mark.usefixtures("locker_file")
def test_a_new_type_is_one_new_file() -> None:
    locker = find_all()["locker"]

    assert locker.start_args(locker.option("small"), {"door": 7}) == {"door": 7}
    assert locker.slot({"door": 7}) == "7"
    assert locker.understands({"door": 7})
    assert not locker.understands({"door": 25})


# What every type must have


@pytest.mark.parametrize("machine", find_all().values(), ids=find_all())
def test_a_type_is_complete(machine: Machine) -> None:
    assert machine.label
    assert machine.options
    assert machine.phases
    assert len({option.id for option in machine.options}) == len(machine.options)
    assert machine.capture_point is not CapturePoint.PHASE or machine.capture_phase in [
        phase.id for phase in machine.phases
    ]


@pytest.mark.parametrize(("machine", "option"), ALL_OPTIONS)
def test_every_option_has_a_price_in_both_currencies(machine: Machine, option: Option) -> None:
    assert set(option.prices) >= {"CNY", "JPY"}
    assert all(type(price) is int and price > 0 for price in option.prices.values())


@pytest.mark.parametrize(("machine", "option"), ALL_OPTIONS)
def test_the_machine_understands_what_the_server_builds(machine: Machine, option: Option) -> None:
    args = machine.start_args(option, {})

    assert machine.understands(args)


@pytest.mark.parametrize(("machine", "option"), ALL_OPTIONS)
def test_every_start_fits_a_message(machine: Machine, option: Option) -> None:
    command = Command(uuid4(), "s" * 32, 10**13, 10**13, Op.START, machine.start_args(option, {}))

    assert sign(command.body(), key=bytes(32), device_id=str(uuid4()), topic=Topic.CMD)


@pytest.mark.parametrize(("machine", "option"), ALL_OPTIONS)
@given(dur_s=st.integers(1, 20_000))
def test_the_phases_fill_the_run_without_gaps(machine: Machine, option: Option, dur_s: int) -> None:
    script = machine.script(dur_s)

    assert script[0].begins_s == 0
    assert script[-1].ends_s == dur_s
    assert all(one.ends_s == next_one.begins_s for one, next_one in pairwise(script))


# What is sent


def test_a_chair_is_told_how_long() -> None:
    assert CHAIR.start_args(CHAIR.option("10min"), {}) == {"dur_s": 600}
    assert CHAIR.planned_s(CHAIR.option("10min")) == 600


def test_a_washer_is_told_its_course() -> None:
    assert WASHER.start_args(WASHER.option("cotton-40"), {}) == {"course": "cotton-40", "dur_s": 2280}


def test_an_unknown_option_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        CHAIR.option("90min")


def test_arguments_that_nobody_asked_for_are_refused() -> None:
    with pytest.raises(ArgsInvalid) as caught:
        CHAIR.start_args(CHAIR.option("10min"), {"dur_s": 6000})

    assert set(caught.value.errors) == {"dur_s"}


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"dur_s": 0},
        {"dur_s": "600"},
        {"dur_s": 600.0},
        {"dur_s": True},
        {"dur_s": 600, "n": 1},
        {"dur_s": None},
    ],
)
def test_a_chair_refuses_strange_arguments(args: dict[str, object]) -> None:
    assert not CHAIR.understands(args)


@pytest.mark.parametrize("course", ["boil", "", None, 1])
def test_a_washer_refuses_a_course_it_does_not_have(course: object) -> None:
    assert not WASHER.understands({"course": course, "dur_s": 600})


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ({"type": "string", "maxLength": 3}, "abc", "abcd"),
        ({"type": "string", "pattern": "[0-9]{4}"}, "1234", "12345"),
        ({"type": "string"}, "洗", "\n"),
        ({"type": "boolean"}, False, 0),
        ({"type": "integer"}, -5, "5"),
        ({"type": "integer", "enum": [1, 2]}, 2, 3),
    ],
)
def test_argument_rules(rule: dict[str, object], good: object, bad: object) -> None:
    schema = arguments(x=rule, optional=("x",))

    assert errors_in(schema, {}) == {}
    assert errors_in(schema, {"x": good}) == {}
    assert set(errors_in(schema, {"x": bad})) == {"x"}


# When the money is earned

CAPTURES = [
    (CHAIR, EventName.ACCEPTED, "ok", False),
    (CHAIR, EventName.STARTED, "ok", False),
    (CHAIR, EventName.PROGRESS, "massage", False),
    (CHAIR, EventName.FINISHED, "ok", True),
    (CHAIR, EventName.INTERRUPTED, "ok", False),
    (WASHER, EventName.STARTED, "ok", False),
    (WASHER, EventName.PROGRESS, "fill", False),
    (WASHER, EventName.PROGRESS, "wash", True),
    (WASHER, EventName.PROGRESS, "rinse", True),
    (WASHER, EventName.PROGRESS, "dance", False),
    (WASHER, EventName.FINISHED, "ok", True),
    (WASHER, EventName.FAILED, "wash", False),
    (Pulses(), EventName.ACCEPTED, "ok", False),
    (Pulses(), EventName.STARTED, "ok", True),
    (Pulses(), EventName.FINISHED, "ok", True),
]


@pytest.mark.parametrize(("machine", "name", "code", "captures"), CAPTURES)
def test_the_capture_point_of_each_type(machine: Machine, name: EventName, code: str, captures: bool) -> None:
    assert machine.is_capture_point(event(name, code)) is captures


def test_a_chair_stopped_early_is_paid_by_the_second() -> None:
    assert CHAIR.earned(amount=1000, dur_s=600, left_s=450) == 250


def test_a_washer_stopped_before_it_washes_earned_nothing() -> None:
    assert WASHER.earned(amount=400, dur_s=2280, left_s=1) == 0


def test_pulses_once_sent_are_earned() -> None:
    assert Pulses().earned(amount=300, dur_s=0, left_s=0) == 300


@pytest.mark.parametrize(
    ("amount", "dur_s", "left_s", "earned"),
    [
        (1000, 600, 600, 0),
        (1000, 600, 0, 1000),
        (1000, 600, 300, 500),
        (1, 600, 300, 1),  # half a minor unit is rounded up
        (1, 600, 301, 0),
        (3, 600, 300, 2),
        (1000, 600, 900, 0),  # left_s is clamped
        (1000, 600, -5, 1000),
        (10**12, 7, 3, 571428571429),
    ],
)
def test_pro_rata_rounds_half_up(amount: int, dur_s: int, left_s: int, earned: int) -> None:
    assert pro_rata(amount=amount, dur_s=dur_s, left_s=left_s) == earned


@given(amount=st.integers(1, 10**12), dur_s=st.integers(1, 10_000), left_s=st.integers(-10, 20_000))
def test_the_earned_part_is_never_more_than_was_paid_nor_less_than_nothing(
    amount: int, dur_s: int, left_s: int
) -> None:
    assert 0 <= pro_rata(amount=amount, dur_s=dur_s, left_s=left_s) <= amount


@given(amount=st.integers(1, 10**6), dur_s=st.integers(1, 10_000), left_s=st.integers(1, 10_000))
def test_more_time_never_earns_less(amount: int, dur_s: int, left_s: int) -> None:
    shorter = pro_rata(amount=amount, dur_s=dur_s, left_s=left_s)

    assert pro_rata(amount=amount, dur_s=dur_s, left_s=left_s - 1) >= shorter
