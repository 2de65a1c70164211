"""Scripts of faults: read strictly, played in order."""

import json
from pathlib import Path
from typing import Any

import pytest

from devices.protocol.events import EventName, RejectCode
from simulator.faults import Faults
from simulator.fleet import Fleet
from simulator.player import Device
from simulator.script import Script, ScriptError, Step, read

CHAIR = Device("0193f4a2-7c1e-7b3a-9d55-0a1b2c3d4e5f", "chair", bytes(32), "x", number="A-01")
WASHER = Device("0193f4a2-7c1e-7b3a-9d55-0a1b2c3d4e60", "washer", bytes(32), "x", number="A-02")


def written(folder: Path, content: object) -> Path:
    path = folder / "script.json"
    path.write_text(json.dumps(content))
    return path


def fleet_after(*steps: Step, seconds: float = 100) -> Fleet:
    """A fleet that never ran, with all that was planned for that time done."""
    fleet = Fleet([CHAIR, WASHER], mqtt_url="mqtt://127.0.0.1:1")
    try:
        Script(steps).play(fleet, (CHAIR, WASHER))
        while (due := fleet._plan.due()) is not None and due <= seconds:
            deed = fleet._plan.take(due)
            assert deed
            deed(due)
    finally:
        fleet._close()
    return fleet


@pytest.fixture(autouse=True)
def _healthy() -> None:
    """The machines of this file are shared; their switches are not."""
    for device in (CHAIR, WASHER):
        vars(device.faults).update(vars(Faults()))


def test_the_example_in_the_documentation_can_be_read(tmp_path: Path) -> None:
    guide = Path(__file__).resolve().parents[2] / "docs" / "simulator.md"
    example = guide.read_text().split("```toml\n")[1].split("```")[0]
    (tmp_path / "script.toml").write_text(example)

    script = read(tmp_path / "script.toml")

    assert script.seed == 7
    assert len(script.steps) >= 2


def test_names_become_what_the_switches_take(tmp_path: Path) -> None:
    switches = {
        "rejects": "busy",
        "power_cut_after": "accepted",
        "loss": 1,
        "silent": True,
        "breaks_after_s": 5,
    }

    [step] = read(written(tmp_path, {"step": [{"at_s": 1, "set": switches}]})).steps

    assert step.set["rejects"] is RejectCode.BUSY
    assert step.set["power_cut_after"] is EventName.ACCEPTED


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        {"step": [{}]},
        {"step": [{"at_s": "soon"}]},
        {"step": [{"at_s": 1, "do": "explode"}]},
        {"step": [{"at_s": 1, "topic": "evt"}]},
        {"step": [{"at_s": 1, "set": {"luck": 1}}]},
        {"step": [{"at_s": 1, "set": {"loss": "much"}}]},
        {"step": [{"at_s": 1, "set": {"silent": 1}}]},
        {"step": [{"at_s": 1, "set": {"rejects": "never"}}]},
        {"step": [{"at_s": 1, "who": "A-01"}]},
    ],
    ids=repr,
)
def test_what_is_no_script_is_said(tmp_path: Path, content: Any) -> None:
    with pytest.raises(ScriptError, match="is no script"):
        read(written(tmp_path, content))


def test_a_script_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="cannot be read"):
        read(tmp_path / "none.toml")


@pytest.mark.parametrize("name", [CHAIR.id, "A-01", "chair"])
def test_a_machine_is_named_by_id_number_or_type(name: str) -> None:
    fleet = fleet_after(Step(at_s=1, machine=name, set={"loss": 0.5}))

    assert (fleet.faults(CHAIR.id).loss, fleet.faults(WASHER.id).loss) == (0.5, 0)


def test_a_step_is_for_all_machines_unless_it_names_one() -> None:
    fleet = fleet_after(Step(at_s=1, set={"silent": True}))

    assert fleet.faults(CHAIR.id).silent and fleet.faults(WASHER.id).silent


def test_a_step_for_nobody_is_refused() -> None:
    with pytest.raises(ScriptError, match="A-99"):
        fleet_after(Step(at_s=1, machine="A-99"))


def test_steps_wait_for_their_time_and_come_again() -> None:
    class Counting(dict[str, Any]):
        played = 0

        def items(self) -> Any:
            Counting.played += 1
            return super().items()

    fleet_after(Step(at_s=10, every_s=30, machine="A-01", set=Counting()), seconds=75)

    assert Counting.played == 3
