"""`manage.py seed_demo`: what the demo starts with, and that a second start keeps it."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client, override_settings

from devices.machines.base import find_all
from devices.models import Device
from merchants.models import ApiKey, Merchant
from payments.bank import demo as demo_bank
from payments.models import Code, Transfer
from payments.queries import balance
from people import pin
from people.models import User
from tests.payments.bank.hands import sweep
from tests.payments.bank.killing import killed

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where demo.json is written."""
    return tmp_path / "demo.json"


def seed(path: Path) -> Any:
    """Run the command and return what it wrote."""
    call_command("seed_demo", json=path, base_url="http://127.0.0.1:8000", mqtt_url="mqtt://127.0.0.1:1883")
    return json.loads(path.read_text())


def sign_in(client: Client, person: dict[str, str]) -> str:
    """Return a token of somebody in the file."""
    body = {"phone": person["phone"], "password": person["password"]}
    answer = client.post("/api/v1/sessions", body, content_type="application/json")
    assert answer.status_code == 201
    return str(answer.json()["token"])


def counts() -> list[int]:
    """Return how much there is of everything a seed makes."""
    models = (User, Merchant, Device, Code, ApiKey, Transfer)
    return [model._default_manager.count() for model in models]


def test_the_file_has_the_contract_s_form(path: Path) -> None:
    demo = seed(path)

    assert set(demo) == {"base_url", "mqtt_url", "admin", "people", "merchants", "machines"}
    assert set(demo["admin"]) == {"username", "password"}
    for one in demo["people"]:
        assert set(one) == {"name", "phone", "password", "pin", "user_id", "static_code"}
    for one in demo["merchants"]:
        assert set(one) == {"name", "api_key", "static_code"}
    for one in demo["machines"]:
        assert set(one) == {
            *("id", "number", "type", "owner", "code"),
            *("key", "mqtt_password", "simulated"),
        }


def test_a_demo_that_was_killed_while_it_gave_money_starts_again_at_once(path: Path) -> None:
    with killed(demo_bank.Demo, "collect", "after"):
        seed(path)

    people = seed(path)["people"]
    sweep(60)

    assert {balance(one["user_id"]).available for one in people} == {50_000}


def test_there_is_enough_to_play_with(path: Path) -> None:
    demo = seed(path)

    assert len(demo["people"]) >= 3
    assert {balance(one["user_id"]).available for one in demo["people"]} == {50_000}
    assert len(demo["merchants"]) == 2
    machines = demo["machines"]
    assert {one["type"] for one in machines if one["simulated"]} == set(find_all())
    assert [one["type"] for one in machines if not one["simulated"]] == ["chair", "chair"]
    assert {one["owner"] for one in machines} <= {one["name"] for one in demo["merchants"]}


def test_everybody_can_sign_in_and_has_the_pin_in_the_file(client: Client, path: Path) -> None:
    for person in seed(path)["people"]:
        token = sign_in(client, person)
        pin.check(user_id=User.objects.get(pk=person["user_id"]).pk, session_token=token, pin=person["pin"])


def test_the_admin_can_sign_in(client: Client, path: Path) -> None:
    admin = seed(path)["admin"]

    answer = client.post("/admin/login/?next=/admin/", admin)

    assert answer.status_code == 302
    assert client.get("/admin/").status_code == 200


def test_every_code_can_be_scanned(client: Client, path: Path) -> None:
    demo = seed(path)
    token = sign_in(client, demo["people"][0])
    others = [one["static_code"] for one in (*demo["people"][1:], *demo["merchants"])]

    for payload in (*others, *(one["code"] for one in demo["machines"])):
        answer = client.post(
            "/api/v1/scan",
            {"payload": payload},
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 200, answer.text


def test_the_keys_open_what_merchants_may_see(client: Client, path: Path) -> None:
    for shop in seed(path)["merchants"]:
        headers = {"Authorization": f"Bearer {shop['api_key']}"}
        assert client.get("/api/v1/balance", headers=headers).status_code == 200
        assert client.get("/api/v1/devices", headers=headers).status_code == 200


def test_a_second_seed_changes_nothing(path: Path) -> None:
    first, before = seed(path), counts()

    assert seed(path) == first
    assert counts() == before


def test_a_type_that_comes_later_gets_a_number_of_its_own(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = find_all()
    monkeypatch.setattr(
        "wallet.demo.find_all", lambda: {slug: known[slug] for slug in known if slug != "bike"}
    )
    before = {one["number"]: one["type"] for one in seed(path)["machines"]}
    monkeypatch.setattr("wallet.demo.find_all", lambda: known)
    after = {one["number"]: one["type"] for one in seed(path)["machines"]}

    assert before.items() < after.items()
    assert [after[number] for number in after.keys() - before.keys()] == ["bike"]


def test_with_the_file_lost_the_sign_ins_are_new_and_the_rest_is_not(client: Client, path: Path) -> None:
    first = seed(path)
    path.unlink()

    second = seed(path)

    assert [one["user_id"] for one in second["people"]] == [one["user_id"] for one in first["people"]]
    assert [one["id"] for one in second["machines"]] == [one["id"] for one in first["machines"]]
    assert second["people"][0]["password"] != first["people"][0]["password"]
    sign_in(client, second["people"][0])
    assert {balance(one["user_id"]).available for one in second["people"]} == {50_000}
    headers = {"Authorization": f"Bearer {first['merchants'][0]['api_key']}"}
    assert client.get("/api/v1/balance", headers=headers).status_code == 401


def test_the_file_is_for_its_owner_alone(path: Path) -> None:
    seed(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_broken_file_is_told_and_not_overwritten(path: Path) -> None:
    path.write_text("{")

    with pytest.raises(CommandError, match="demo-reset"):
        seed(path)

    assert path.read_text() == "{"


def test_outside_the_demo_nothing_is_made(path: Path) -> None:

    with override_settings(DEMO=False), pytest.raises(CommandError, match="DEMO=1"):
        seed(path)

    assert not User.objects.exists()
