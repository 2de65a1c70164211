"""GET devices, devices/{id} and runs/{id}, for a merchant's server."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client

from devices.gateway.intake import Intake
from devices.machines.arguments import NO_ARGUMENTS
from devices.models import Device
from devices.services.provision import provision
from merchants.models import Merchant, Place
from merchants.services import create_key, open_merchant
from people.models import User
from tests.devices.hardware import Hardware
from tests.devices.paying import bought, give, go_online

pytestmark = pytest.mark.django_db

Get = Callable[..., Any]


@pytest.fixture
def get(client: Client, mei_shop: Merchant) -> Get:
    """Ask with Mei's key, or another one."""
    _, meis = create_key(merchant_id=mei_shop.pk, name="server", scopes=["devices:read"])

    def ask(path: str, *, key: str = meis) -> Any:
        return client.get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {key}"} if key else {})

    return ask


@pytest.fixture
def other_shops_key(bob: User) -> str:
    shop = open_merchant(owner_id=bob.pk, name="Bob's", category="laundry", name_ascii="BOBS")
    return create_key(merchant_id=shop.pk, name="server", scopes=["devices:read"])[1]


def is_problem(answer: HttpResponse, status: int) -> bool:
    return answer.status_code == status and answer["Content-Type"] == "application/problem+json"


def test_a_shop_sees_its_machines_newest_first(get: Get, mei_shop: Merchant, chair: Device) -> None:
    place = Place.objects.create(merchant=mei_shop, name="Station Road 3")
    washer = provision(
        account_id=mei_shop.account_id, place_id=place.pk, type="washer", number="08", name="Washer"
    )
    listed = get("devices").json()

    assert [device["id"] for device in listed["data"]] == [str(washer.pk), str(chair.pk)]
    assert listed["next"] is None
    shown = listed["data"][0]
    assert shown | {"options": None} == {
        "id": str(washer.pk),
        "number": "08",
        "name": "Washer",
        "type": "washer",
        "place": "Station Road 3",
        "online": False,
        "busy": False,
        "run": None,
        "options": None,
        "faults": [],
        "day_word": None,
    }
    assert shown["options"][0] == {
        "id": "quick",
        "label": "Quick",
        "amount": 300,
        "details": "Cold, 20 minutes",
        "per": None,
        "quoted": False,
        "args_schema": NO_ARGUMENTS,
    }


def test_a_long_list_comes_in_pages(get: Get, mei_shop: Merchant, chair: Device) -> None:
    for number in range(3):
        provision(
            account_id=mei_shop.account_id, place_id=None, type="chair", number=f"c{number}", name="Chair"
        )
    first = get("devices?limit=3").json()
    second = get(first["next"].split("/api/v1/")[1]).json()

    assert [len(first["data"]), len(second["data"])] == [3, 1]
    assert second["next"] is None


def test_a_machine_shows_its_run_and_the_run_can_be_read(
    get: Get, chair: Device, alice: User, intake: Intake
) -> None:
    give(alice, 1000)
    go_online(intake, Hardware(chair))
    run = bought(chair, alice)
    shown = get(f"devices/{chair.pk}").json()

    assert (shown["online"], shown["busy"]) == (True, True)
    assert shown["run"] == get(f"runs/{run.pk}").json()
    assert shown["run"] == {
        "id": str(run.pk),
        "status": "paid",
        "machine": {"id": str(chair.pk), "number": "07", "name": "Chair", "type": "chair"},
        "option": "10min",
        "ends_at": None,
        "release_at": None,
        "unlock_code": None,
        "failure": None,
    }


def test_another_shops_machines_and_runs_do_not_exist(
    get: Get, other_shops_key: str, chair: Device, alice: User, intake: Intake
) -> None:
    give(alice, 1000)
    go_online(intake, Hardware(chair))
    run = bought(chair, alice)

    assert get("devices", key=other_shops_key).json()["data"] == []
    assert is_problem(get(f"devices/{chair.pk}", key=other_shops_key), 404)
    assert is_problem(get(f"runs/{run.pk}", key=other_shops_key), 404)


@pytest.mark.parametrize("path", ["devices", "devices/{id}", "runs/{id}"])
def test_who_may_not_is_refused(get: Get, mei_shop: Merchant, path: str) -> None:
    path = path.format(id=uuid4())
    _, powerless = create_key(merchant_id=mei_shop.pk, name="till", scopes=["balance:read"])

    assert is_problem(get(path, key=""), 401)
    assert is_problem(get(path, key="sk_wrong"), 401)
    assert is_problem(get(path, key=powerless), 403)


@pytest.mark.parametrize(
    "path",
    [
        "devices/no-uuid",
        "runs/no-uuid",
        "devices/01990000-0000-7000-8000-000000000001",
        "runs/01990000-0000-7000-8000-000000000001",
    ],
)
def test_what_does_not_exist_is_a_404(get: Get, path: str) -> None:
    assert is_problem(get(path), 404)


def test_the_list_costs_the_same_number_of_queries_for_one_and_for_many(
    get: Get,
    mei_shop: Merchant,
    chair: Device,
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(15):
        provision(
            account_id=mei_shop.account_id, place_id=None, type="chair", number=f"c{number}", name="Chair"
        )
    get("devices")
    with django_assert_max_num_queries(6):
        assert len(get("devices").json()["data"]) == 16
