"""The rows in memory, on which the promise is proved, behave as the real services on a real PostgreSQL."""

from random import Random

import pytest

from devices.models import Device, GatewayBeat
from devices.services.provision import provision
from merchants.models import Merchant
from people.models import User
from tests.devices.paying import give
from tests.promise.agenda import BEGINNING
from tests.promise.books import Books
from tests.promise.processes import Service
from tests.promise.server import Server
from tests.promise.twin import Real, Twin, money_of, world_clock
from tests.promise.world import Site, World

RICH = 1_000_000
TYPES = ("chair", "karaoke", "pulse", "sandbox", "washer")
WORLDS = 3  # of each type


def play(seed: int, device: Device, payer: User) -> tuple[World, Twin]:
    """Play a world on both at once."""
    twins: list[Twin] = []

    def serve(site: Site, books: Books, random: Random) -> Service:
        Device.objects.filter(pk=site.device_id).update(slow=site.slow)
        model = Server(
            device_id=site.device_id,
            machine=site.machine,
            slow=site.slow,
            books=books,
            new_id=Twin.nothing_new,
            new_sess=Twin.nothing_new,
        )
        twins.append(Twin(Real(device=device, payer=payer), model))
        return twins[0]

    world = World(seed, types=(device.type,), device_id=device.pk, serve=serve)
    world.play()
    return world, twins[0]


@pytest.mark.timeout(600)
@pytest.mark.django_db
@pytest.mark.parametrize("slug", TYPES)
def test_the_same_messages_give_the_same_states_and_the_same_money(
    slug: str, alice: User, mei_shop: Merchant
) -> None:
    give(alice, RICH)
    for seed in range(1, 1 + WORLDS):
        device = provision(
            account_id=mei_shop.account_id, place_id=None, type=slug, number=f"{seed:02}", name=slug
        )
        GatewayBeat.objects.all().delete()  # the world before began at the same time
        with world_clock(BEGINNING):
            world, twin = play(seed, device, alice)

        assert twin.calls > 10
        judged = {run_id: (case.captured, case.released) for run_id, case in world.judge.cases.items()}
        assert money_of(device) == judged
