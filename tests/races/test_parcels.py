"""Who gets the last door, and who gets the parcel, when several want it at the same moment."""

from datetime import timedelta

import pytest
from django.db.models import F

from devices.gateway.beat import beat
from devices.gateway.intake import Intake
from devices.models import Device, GatewayBeat, Parcel, Run
from merchants.models import Merchant
from payments.models import Hold
from people.models import User
from tests.cast import person
from tests.devices.lockers import Locker, code_of, new_locker
from tests.devices.paying import balance, give, pay_for
from tests.processes import together

pytestmark = pytest.mark.django_db(transaction=True)

CROWD = 6
RICH = 1_000


@pytest.fixture
def locker(mei_shop: Merchant) -> Locker:
    """Two small doors."""
    beat(holder="test")
    GatewayBeat.objects.update(hearing_since=F("beat_at") - timedelta(hours=1))
    return new_locker(mei_shop.account_id, Intake(still_ours=lambda: True))


@pytest.fixture
def crowd(db: None) -> list[User]:
    people = [person(f"Payer {number}", f"+86138000001{number:02}") for number in range(CROWD)]
    for one in people:
        give(one, RICH)
    return people


def test_as_many_couriers_as_doors_get_in_and_each_door_has_one_parcel(
    locker: Locker, crowd: list[User]
) -> None:
    results = together(CROWD, lambda n: locker.ask(crowd[n], option="deposit-s").status)

    assert sorted(map(_said, results)) == sorted([*["201"] * 2, *["machine_busy"] * (CROWD - 2)])
    assert sorted(Parcel.objects.values_list("door", flat=True)) == ["1", "2"]
    assert Run.objects.count() == 2


def test_of_all_who_know_the_code_one_pays_and_opens_the_door(locker: Locker, crowd: list[User]) -> None:
    deposit = locker.put_in(crowd[0])
    wish = {"code": code_of(deposit, crowd[0])}
    Device.objects.update(settings={"doors": {"S": ["1", "2"]}, "free_s": 0, "cap": 300})
    Parcel.objects.update(stored_at=F("stored_at") - timedelta(hours=1))
    results = together(
        CROWD, lambda n: pay_for(locker.device, crowd[n], option="pickup", args=wish, amount=100).status
    )

    assert sorted(map(_said, results)) == sorted(["201", *["machine_busy"] * (CROWD - 1)])
    assert Hold.objects.count() == 1
    assert sum(balance(one) for one in crowd) == CROWD * RICH - 100
    assert Run.objects.filter(option="pickup").count() == 1


def _said(result: object) -> str:
    return str(getattr(result, "code", result))
