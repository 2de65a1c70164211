"""The simulated body: its clock runs faster, the order of what it notices stays."""

from uuid import uuid4

import pytest

from devices.machines.base import find_all
from simulator.actions import Checkpoint, Done, Entered, Halted, Report, Working
from simulator.faults import Faults
from simulator.hardware import Hardware

RUN = uuid4()


def play(hardware: Hardware, until: float) -> list[tuple[float, Report]]:
    """All reports up to a moment, with the time at which they came."""
    reports: list[tuple[float, Report]] = []
    while (due := hardware.due()) is not None and due <= until:
        reports += [(due, report) for report in hardware.poll(due)]
    return reports


@pytest.mark.parametrize("speed", [1, 20])
def test_only_the_machines_own_time_is_scaled(speed: float) -> None:
    hardware = Hardware(find_all()["chair"], Faults(), speed)
    hardware.switch_on(RUN, {"dur_s": 600}, 1000)

    reports = play(hardware, 10_000)

    assert isinstance(reports[0][1], Working)
    assert isinstance(reports[-1][1], Done)
    assert reports[-1][0] == pytest.approx(1000 + 600.3 / speed)
    assert hardware.due() is None


def test_checkpoints_count_down_between_the_phases() -> None:
    hardware = Hardware(find_all()["washer"], Faults())
    hardware.switch_on(RUN, {"course": "quick", "dur_s": 1200}, 0)

    reports = [report for _, report in play(hardware, 2000)]

    left = [report.left_s for report in reports if isinstance(report, Working | Entered | Checkpoint)]
    assert left == sorted(left, reverse=True)
    assert [report.phase for report in reports if isinstance(report, Entered)] == [
        "wash",
        "rinse",
        "spin",
        "unlock",
    ]


def test_switched_off_it_says_what_was_left_at_its_own_speed() -> None:
    hardware = Hardware(find_all()["chair"], Faults(), 20)
    hardware.switch_on(RUN, {"dur_s": 600}, 0)

    assert hardware.switch_off(10) == [Halted(RUN, 401)]
    assert hardware.switch_off(11) == []


def test_without_power_nothing_goes_on() -> None:
    hardware = Hardware(find_all()["chair"], Faults())
    hardware.switch_on(RUN, {"dur_s": 600}, 0)

    hardware.lose_power()

    assert hardware.due() is None
    assert hardware.starts == [RUN]
