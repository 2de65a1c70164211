"""Machine types: what they cost, what they are told, and when their money is earned."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.machines.arguments import arguments, errors_in
from devices.machines.base import ArgsInvalid, Machine, SettingsInvalid, find_all, pro_rata
from devices.machines.behaviours import Behaviour
from devices.machines.tariffs import Stay
from devices.protocol.events import Event, EventName

CHAIR, WASHER, PULSE = find_all()["chair"], find_all()["washer"], find_all()["pulse"]
KARAOKE, LOCKER, SANDBOX = find_all()["karaoke"], find_all()["locker"], find_all()["sandbox"]
HOUR_S = 3600


def event(name: EventName, code: str = "ok") -> Event:
    return Event(id=uuid4(), boot=1, n=1, ev=name, t=0, code=code)


# Finding


def test_every_file_in_the_folder_is_found() -> None:
    assert set(find_all()) >= {"bike", "chair", "karaoke", "locker", "pulse", "sandbox", "washer"}
    assert list(find_all()) == sorted(find_all())


# What is sent


def test_a_chair_is_told_how_long() -> None:
    assert CHAIR.start_args(CHAIR.option("10min"), {}) == {"dur_s": 600}
    assert CHAIR.planned_s(CHAIR.option("10min"), {}) == 600


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


@pytest.mark.parametrize(
    ("doors", "complaint"),
    [
        ({"S": ["1", "2"], "L": ["2"]}, "Named twice: 2."),
        ({"S": ["1", 2]}, "S: Must be text."),
        ({"S": "1"}, "S: Must be a list."),
        ({"XL": ["1"]}, "XL: Unknown argument."),
        ({"S": ["1" * 17]}, "S: Has another form than asked for."),
        ({"S": [str(n) for n in range(201)]}, "S: Must have at most 200 entries."),
        (["1"], "Must be an object."),
    ],
)
def test_a_locker_s_doors_are_looked_at_before_they_are_kept(doors: object, complaint: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        LOCKER.check_settings({"doors": doors})

    assert caught.value.errors == {"doors": [complaint]}


@pytest.mark.parametrize("settings", [{"free_s": -1}, {"step_s": 0}, {"cap": "20"}, {"price": 1}])
def test_other_settings_are_looked_at_as_well(settings: dict[str, object]) -> None:
    with pytest.raises(SettingsInvalid):
        LOCKER.check_settings(settings)


def test_a_machine_without_settings_takes_none() -> None:
    CHAIR.check_settings({})
    with pytest.raises(SettingsInvalid):
        CHAIR.check_settings({"free_s": 60})


# What it costs


def test_what_is_sold_by_the_unit_is_multiplied() -> None:
    by_minute = KARAOKE.option("minutes")

    assert KARAOKE.amount(by_minute, price=90, args={"minutes": 25}) == 2250
    assert KARAOKE.start_args(by_minute, {"minutes": 25}) == {"dur_s": 1500}
    assert KARAOKE.planned_s(by_minute, {"minutes": 25}) == 1500
    assert PULSE.amount(PULSE.option("pulses"), price=100, args={"n": 20}) == 2000
    assert PULSE.start_args(PULSE.option("pulses"), {"n": 20}) == {"n": 20}


@pytest.mark.parametrize("args", [{}, {"n": 0}, {"n": 21}, {"n": "3"}, {"n": True}, {"n": 3, "m": 1}])
def test_units_outside_the_schema_are_refused(args: dict[str, object]) -> None:
    with pytest.raises(ArgsInvalid):
        PULSE.start_args(PULSE.option("pulses"), args)


@pytest.mark.parametrize(
    ("stayed_s", "steps"),
    [
        (0, 0),
        (24 * HOUR_S, 0),  # the last free second
        (24 * HOUR_S + 1, 1),
        (36 * HOUR_S, 1),
        (36 * HOUR_S + 1, 2),
        (48 * HOUR_S + 1, 3),
        (10**9, 10),  # the cap
    ],
)
def test_a_parcel_is_free_for_a_day_then_costs_by_the_step_up_to_the_cap(stayed_s: int, steps: int) -> None:
    amount = LOCKER.amount(
        LOCKER.option("pickup"), price=100, args={}, settings=LOCKER.settled({}), stayed_s=stayed_s
    )

    assert amount == steps * 100


@pytest.mark.parametrize(("cap", "amount"), [(0, 0), (150, 150), (250, 200)])
def test_an_operator_sets_the_cap_in_money(cap: int, amount: int) -> None:
    settings = LOCKER.settled({"free_s": 0, "step_s": 60, "cap": cap})

    assert (
        LOCKER.amount(LOCKER.option("pickup"), price=100, args={}, settings=settings, stayed_s=120) == amount
    )


@given(
    stayed_s=st.integers(0, 10**8),
    free_s=st.integers(0, 10**6),
    step_s=st.integers(1, 10**6),
    price=st.integers(0, 10**6),
    cap=st.none() | st.integers(0, 10**8),
)
def test_a_stay_never_gets_cheaper_and_never_costs_more_than_its_cap(
    stayed_s: int, free_s: int, step_s: int, price: int, cap: int | None
) -> None:
    stay = Stay(free_s, step_s, cap)
    amount = stay.amount(stayed_s, step_price=price)

    assert 0 <= amount <= stay.amount(stayed_s + 1, step_price=price)
    assert cap is None or amount <= cap
    assert stayed_s > free_s or amount == 0
    assert stay.amount(stayed_s + step_s, step_price=price) - amount <= price


# What the simulator plays


@pytest.mark.parametrize(
    ("option", "behaviour"),
    [
        ("ok", Behaviour(lasts_s=60)),
        ("rejected", Behaviour(lasts_s=60, rejects="busy")),
        ("no-start", Behaviour(lasts_s=60, no_start=True)),
        ("silent", Behaviour(lasts_s=60, silent=True)),
        ("breaks-off", Behaviour(lasts_s=60, breaks_after_s=30)),
    ],
)
def test_the_test_machine_does_what_its_option_says(option: str, behaviour: Behaviour) -> None:
    assert SANDBOX.behaviour(SANDBOX.start_args(SANDBOX.option(option), {})) == behaviour


def test_a_machine_without_a_part_to_play_runs_for_as_long_as_it_was_told() -> None:
    assert CHAIR.behaviour({"dur_s": 600}) == Behaviour(lasts_s=600)


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
    (PULSE, EventName.ACCEPTED, "ok", False),
    (PULSE, EventName.STARTED, "ok", True),
    (PULSE, EventName.FINISHED, "ok", True),
]


@pytest.mark.parametrize(("machine", "name", "code", "captures"), CAPTURES)
def test_the_capture_point_of_each_type(machine: Machine, name: EventName, code: str, captures: bool) -> None:
    assert machine.is_capture_point(event(name, code)) is captures


def test_a_chair_stopped_early_is_paid_by_the_second() -> None:
    assert CHAIR.earned(amount=1000, dur_s=600, left_s=450) == 250


def test_a_washer_stopped_before_it_washes_earned_nothing() -> None:
    assert WASHER.earned(amount=400, dur_s=2280, left_s=1) == 0


def test_pulses_once_sent_are_earned() -> None:
    assert PULSE.earned(amount=300, dur_s=0, left_s=0) == 300


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
