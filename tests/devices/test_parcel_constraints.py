"""The database's own rules about parcels, asked by going around the services."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from devices.models import Device, Parcel, Run
from outbox.clock import now
from people.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.unbalanced]

Store = Callable[..., Parcel]


@pytest.fixture
def store(chair: Device, alice: User) -> Store:
    """Put a parcel behind a door of any machine, each with a run of its own."""

    def make(**fields: Any) -> Parcel:
        door = fields.get("door", "1")
        run = Run.objects.create(
            device=chair,
            opened_by=alice,
            slot=f"{door} {Run.objects.count()}",
            price=0,
            option="deposit-s",
            planned_s=120,
            release_at=now(),
        )
        values = {"device": chair, "door": door, "deposit": run, "code_hash": f"{Run.objects.count():064}"}
        return Parcel.objects.create(**(values | fields))

    return make


def refused(constraint: str, act: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        act()


def test_a_door_holds_one_parcel(store: Store) -> None:
    first = store(door="1")
    store(door="2")
    refused("a_door_holds_one_parcel", lambda: store(door="1", stored_at=now()))

    Parcel.objects.filter(pk=first.pk).update(ended_at=now())
    store(door="1")


def test_a_pick_up_code_means_one_parcel(store: Store) -> None:
    first = store(door="1", code_hash="a" * 64)
    refused("a_pick_up_code_means_one_parcel", lambda: store(door="2", code_hash="a" * 64))

    Parcel.objects.filter(pk=first.pk).update(ended_at=now())
    store(door="2", code_hash="a" * 64)
