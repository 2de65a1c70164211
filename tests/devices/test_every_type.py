"""One test over every type of machine that is found, and over the one that CONTRIBUTING.md writes."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from devices import machines
from devices.machines.base import Machine, find_all
from tests.devices.every_type import CHECKS

CONTRIBUTING = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"
SECTION = "## Add a machine type"
MOST_STEPS = 5


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@pytest.mark.parametrize("machine", find_all().values(), ids=find_all())
def test_every_type_keeps_the_rules(machine: Machine, check: Callable[[Machine], None]) -> None:
    check(machine)


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """The type of CONTRIBUTING.md, as one more file in the folder."""
    section = CONTRIBUTING.read_text().split(SECTION)[1].split("\n## ")[0]
    (block,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    source = dedent(block)
    (tmp_path / "example_of_contributing.py").write_text(source)
    monkeypatch.setattr(machines, "__path__", [*machines.__path__, str(tmp_path)])
    known = set(find_all())
    find_all.cache_clear()
    (slug,) = set(find_all()) - known
    yield find_all()[slug]
    find_all.cache_clear()
    sys.modules.pop("devices.machines.example_of_contributing")


def test_the_worked_example_is_found_and_keeps_the_rules(example: Machine) -> None:
    for check in CHECKS.values():
        check(example)


def test_adding_a_type_takes_five_steps_at_most() -> None:
    section = CONTRIBUTING.read_text().split(SECTION)[1].split("\n## ")[0]

    assert 0 < len(re.findall(r"^\d+\. ", section, re.MULTILINE)) <= MOST_STEPS
