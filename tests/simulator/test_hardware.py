"""The simulated body: its clock runs faster, the order of what it notices stays."""

from typing import Any
from uuid import UUID

import pytest

from devices.machines.base import find_all
from devices.protocol.events import RejectCode
from simulator.faults import Faults
from simulator.hardware import SPIN_UP_S, Hardware, Report

RUN = str(UUID(int=1))
OTHER = str(UUID(int=2))

EXAMPLES: dict[str, dict[str, Any]] = {
    "chair": {"dur_s": 600},
    "karaoke": {"dur_s": 1800},
    "locker": {"door": "1"},
    "pulse": {"n": 3},
    "sandbox": {"outcome": "ok", "dur_s": 60},
    "speaker": {
        "amount_minor": 1,
        "currency": "CNY",
        "exponent": 2,
        "no": 1,
        "locale": "en",
        "day_word": "apple",
    },
    "washer": {"course": "quick", "dur_s": 1200},
}


def body(kind: str = "chair", speed: float = 1, **faults: Any) -> Hardware:
    return Hardware(find_all()[kind], Faults(**faults), speed)


def play(hardware: Hardware, until: float) -> list[tuple[float, Report]]:
    """All reports up to a moment, with the time at which they came."""
    reports: list[tuple[float, Report]] = []
    while (due := hardware.due()) is not None and due <= until:
        reports += [(due, report) for report in hardware.poll(due)]
    return reports


def told(hardware: Hardware, until: float) -> list[str]:
    return [what for _, (what, _, _) in play(hardware, until)]


@pytest.mark.parametrize("speed", [1, 20])
def test_only_the_machines_own_time_is_scaled(speed: float) -> None:
    hardware = body(speed=speed)
    hardware.switch_on(RUN, {"dur_s": 600}, 1000)

    reports = play(hardware, 10_000)

    assert reports[0][1][0] == "started"
    assert reports[-1][1][0] == "finished"
    assert reports[-1][0] == pytest.approx(1000 + 600.3 / speed)
    assert hardware.due() is None


def test_checkpoints_count_down_between_the_phases() -> None:
    hardware = body("washer")
    hardware.switch_on(RUN, {"course": "quick", "dur_s": 1200}, 0)

    reports = [report for _, report in play(hardware, 2000)]

    left = [details["left_s"] for _, _, details in reports if "left_s" in details]
    assert left == sorted(left, reverse=True)
    phases = [details["code"] for what, _, details in reports if what == "progress"]
    assert phases == ["wash", "rinse", "spin", "unlock"]


def test_switched_off_it_says_what_was_left_at_its_own_speed() -> None:
    hardware = body(speed=20)
    hardware.switch_on(RUN, {"dur_s": 600}, 0)

    assert hardware.switch_off(10) == [("interrupted", RUN, {"code": "stopped", "left_s": 401})]
    assert hardware.switch_off(11) == []


def test_without_power_nothing_goes_on() -> None:
    hardware = body()
    hardware.switch_on(RUN, {"dur_s": 600}, 0)

    hardware.lose_power()

    assert hardware.due() is None
    assert hardware.starts == [RUN]


def test_doors_of_a_locker_open_side_by_side() -> None:
    hardware = body("locker")
    hardware.switch_on(RUN, {"door": "1"}, 0)
    hardware.switch_on(OTHER, {"door": "2"}, 5)

    [first, second] = [at for at, (what, _, _) in play(hardware, 100) if what == "finished"]
    assert second - first == pytest.approx(5)


def test_stopping_one_door_leaves_the_other_open() -> None:
    hardware = body("locker")
    hardware.switch_on(RUN, {"door": "1"}, 0)
    hardware.switch_on(OTHER, {"door": "2"}, 0)

    [(_, stopped, _)] = hardware.switch_off(3, OTHER)

    assert stopped == OTHER
    assert told(hardware, 100)[-1] == "finished"


def test_a_fault_is_told_when_it_comes_and_when_it_is_gone() -> None:
    hardware = body()
    faults = hardware._faults

    faults.fault = "motor"
    assert play(hardware, 0) == [(0, ("fault", "", {"code": "motor"}))]
    faults.fault = ""
    assert play(hardware, 0) == [(0, ("fault", "", {"code": "ok"}))]
    assert hardware.due() is None


def test_a_door_that_opens_changes_how_the_machine_looks() -> None:
    hardware = body("washer")

    hardware._faults.door_open = True

    assert told(hardware, 0) == ["looks"]


@pytest.mark.parametrize("option", ["ok", "rejected", "no-start", "breaks-off"])
def test_the_test_machine_does_what_it_was_paid_for(option: str) -> None:
    hardware = body("sandbox")
    args = {"outcome": option, "dur_s": 60}
    refusal = hardware.refusal("start", args)
    if not refusal:
        hardware.switch_on(RUN, args, 0)

    ends = {"ok": "finished", "breaks-off": "failed"}
    assert refusal == (RejectCode.BUSY if option == "rejected" else "")
    assert told(hardware, 100)[-1:] == ([ends[option]] if option in ends else [])


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_body_of_every_type_begins_and_ends_a_run(kind: str) -> None:
    machine = find_all()[kind]
    hardware = body(kind)
    hardware.switch_on(RUN, EXAMPLES[kind], 0)

    reports = told(hardware, 100_000)

    assert reports[0] == "started"
    assert reports[-1] == "finished"
    assert reports.count("progress") == len(machine.phases) - 1
    assert play(hardware, SPIN_UP_S) == []
