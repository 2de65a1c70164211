"""Each thing that the promise rests on is left out once, and the judge finds out.

The worlds are the same each time, so what was found once is found always; the bound leaves room for changes.
"""

from collections import Counter

import pytest

from tests.promise import planted
from tests.promise.judge import (
    BORNE_BY_THE_MERCHANT,
    DOUBLE_START,
    MONEY_NOT_CONSERVED,
    PAID_AND_NOTHING,
    START_AFTER_RELEASE,
    Broken,
)
from tests.promise.server import Server
from tests.promise.world import SOUND, Plant, World

pytestmark = pytest.mark.timeout(600)

MOST_WORLDS = 2000

FAULTS = {
    "no dedupe": (Plant(core=planted.NoDedupe), DOUBLE_START),
    "dedupe only in memory": (Plant(store=planted.Amnesia), DOUBLE_START),
    "the verdict is not on disk when the relay moves": (Plant(store=planted.LateStore), DOUBLE_START),
    "rejections not stored": (Plant(core=planted.ForgetsRejections), START_AFTER_RELEASE),
    "no expiry at the relay": (Plant(core=planted.NoExpiryAtTheRelay), START_AFTER_RELEASE),
    "no expiry at all": (Plant(core=planted.NoExpiry), START_AFTER_RELEASE),
    "sync accepted twice and late": (Plant(core=planted.AnySync), START_AFTER_RELEASE),
    "release without grace, and a slow clock": (Plant(server=planted.NoGrace), START_AFTER_RELEASE),
    "release without grace, and no expiry at the relay": (
        Plant(server=planted.NoGrace, core=planted.NoExpiryAtTheRelay),
        START_AFTER_RELEASE,
    ),
    "advancing on PUBACK": (Plant(server=planted.BelievesTheBroker), PAID_AND_NOTHING),
    "a late start is paid for after all": (Plant(server=planted.PaysTwice), MONEY_NOT_CONSERVED),
}


# Where one kind of trouble finds out sooner than all of them.
TROUBLES = {
    "rejections not stored": ("refusal",),
    "release without grace, and a slow clock": ("slow_downlink", "hang"),
}


def first_broken(plant: Plant, rule: str, troubles: tuple[str, ...]) -> int:
    """The first world that breaks this rule; others may break others before."""
    for seed in range(1, MOST_WORLDS):
        try:
            World(seed, plant=plant, troubles=troubles).play()
        except Broken as broken:
            if broken.rule == rule:
                return seed
    return 0


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_breaks_the_promise(fault: str) -> None:
    troubles = TROUBLES.get(fault, ())
    seed = first_broken(*FAULTS[fault], troubles)

    assert seed, f"{MOST_WORLDS} worlds without noticing"
    World(seed, troubles=troubles).play()  # and without the fault it is kept in the very same world


@pytest.mark.parametrize(
    ("server", "trouble"),
    [(planted.NoGrace, "slow_uplink"), (planted.Impatient, "gateway_outage")],
    ids=["release without grace", "release while nobody listens"],
)
def test_a_release_too_early_is_safe_by_the_expiry_but_costs_the_merchant(
    server: type[Server], trouble: str
) -> None:
    """A machine said in time that it started; it is heard later. Grace and outage rule wait for that."""
    sound, hasty = (borne_by_the_merchant(plant, trouble) for plant in (SOUND, Plant(server=server)))

    assert hasty > 2 * sound


def borne_by_the_merchant(plant: Plant, trouble: str) -> int:
    incidents: Counter[str] = Counter()
    for seed in range(1, 61):
        incidents += World(seed, plant=plant, troubles=(trouble,)).play().incidents
    return sum(incidents[name] for name in BORNE_BY_THE_MERCHANT)
