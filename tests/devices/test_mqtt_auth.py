"""What a broker that asks over HTTP is told about who may connect and do what."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models.functions import Now
from django.test import Client

from devices import keys
from devices.broker import users
from devices.broker.http_auth import covers
from devices.keys import GATEWAY_USER, WORKER_USER
from devices.models import Device
from devices.services.credentials import revoke, rotate
from devices.services.provision import provision, provision_unclaimed
from people.models import User

pytestmark = pytest.mark.django_db

Ask = Callable[..., str]


def post(path: str, body: object, *, secret: str | None = None) -> Any:
    headers = {"Authorization": f"Bearer {keys.http_secret() if secret is None else secret}"}
    text = body if isinstance(body, bytes) else json.dumps(body)
    return Client(enforce_csrf_checks=True).post(path, text, content_type="application/json", headers=headers)


def connect(user: str, password: str, client_id: str | None = None) -> str:
    body = {"username": user, "password": password, "clientid": user if client_id is None else client_id}
    answer = post("/mqtt/auth", body)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer.json()["is_superuser"] is False
    return str(answer.json()["result"])


def may(user: str, action: str, topic: str) -> bool:
    answer = post("/mqtt/acl", {"username": user, "action": action, "topic": topic})
    assert answer.status_code == 200
    return bool(answer.json()["result"] == "allow")


@pytest.fixture
def neighbour(chair: Device) -> Device:
    return provision(account_id=chair.earner_id, place_id=None, type="washer", number="08", name="Washer")


def test_a_machine_connects_with_its_own_password_and_id_alone(chair: Device, neighbour: Device) -> None:
    name, password = str(chair.pk), keys.password_of(str(chair.pk))

    assert connect(name, password) == "allow"
    assert connect(name, keys.password_of(str(neighbour.pk))) == "deny"
    assert connect(name, password[:-1]) == "deny"
    assert connect(name, "") == "deny"
    assert connect(name, password, client_id=str(neighbour.pk)) == "deny"
    assert connect(name, password, client_id="") == "deny"
    assert connect(name, password, client_id=keys.gateway_client_id()) == "deny"
    for spelling in (name.upper(), name.replace("-", ""), f"{{{name}}}", f"urn:uuid:{name}"):
        assert connect(spelling, password) == "deny"
        assert not may(spelling, "publish", f"v1/{spelling}/evt")


def test_a_machine_that_waits_for_its_owner_may_connect() -> None:
    device, _ = provision_unclaimed(type="chair")
    assert connect(str(device.pk), keys.password_of(str(device.pk))) == "allow"


def test_our_own_processes_connect_under_ids_of_theirs(chair: Device) -> None:
    assert connect(GATEWAY_USER, keys.password_of(GATEWAY_USER), keys.gateway_client_id()) == "allow"
    assert connect(WORKER_USER, keys.password_of(WORKER_USER), f"{WORKER_USER}-host-1-ab") == "allow"
    assert connect(WORKER_USER, keys.password_of(WORKER_USER), keys.gateway_client_id()) == "deny"
    assert connect(WORKER_USER, keys.password_of(WORKER_USER), str(chair.pk)) == "deny"
    assert connect(WORKER_USER, keys.password_of(GATEWAY_USER), f"{WORKER_USER}-host") == "deny"


def test_both_passwords_count_during_a_rotation_and_only_then(chair: Device, mei: User) -> None:
    name, old, new = str(chair.pk), *(keys.password_of(str(chair.pk), version) for version in (1, 2))
    assert connect(name, new) == "deny"
    rotate(device_id=chair.pk, user_id=mei.pk, reason="spring")

    assert [connect(name, password) for password in (old, new)] == ["allow", "allow"]
    Device.objects.filter(pk=chair.pk).update(old_key_until=Now() - timedelta(seconds=1))
    assert [connect(name, password) for password in (old, new)] == ["deny", "allow"]
    assert connect(name, keys.password_of(name, 0)) == "deny"


def test_a_machine_that_is_shut_out_may_nothing(chair: Device, mei: User) -> None:
    name = str(chair.pk)
    assert may(name, "publish", f"v1/{name}/evt")
    revoke(device_id=chair.pk, user_id=mei.pk, reason="stolen")

    assert connect(name, keys.password_of(name)) == "deny"
    assert not may(name, "publish", f"v1/{name}/evt")
    assert not may(name, "subscribe", f"v1/{name}/cmd")


def test_rights_are_those_of_the_files(chair: Device) -> None:
    name = str(chair.pk)
    for user in (*users.own_users().values(), users.user_of(name, 1)):
        for topic in user.publish:
            assert may(user.name, "publish", topic.replace("+", name))
        for topic in user.subscribe:
            assert may(user.name, "subscribe", topic)


def test_everything_else_is_refused(chair: Device, neighbour: Device) -> None:
    name, other = str(chair.pk), str(neighbour.pk)
    refused = [
        *(("publish", f"v1/{name}/{topic}") for topic in ("cmd", "sync", "+", "#", "", "evt/x")),
        *(("subscribe", f"v1/{name}/{topic}") for topic in ("evt", "+", "#", "", "cmd/#", "cmd/")),
        *((action, f"v1/{other}/{topic}") for topic in ("cmd", "evt") for action in ("publish", "subscribe")),
        *(
            ("subscribe", topic)
            for topic in ("#", "+/#", "v1/#", "v1/+/cmd", "$SYS/#", f"$share/g/v1/{name}/cmd")
        ),
        *((action, f"v1/{name}/evt") for action in ("all", "PUBLISH", "", "subscribe ")),
        ("publish", f"V1/{name}/evt"),
        ("publish", f"/v1/{name}/evt"),
    ]
    assert [one for one in refused if may(name, *one)] == []
    assert not may("nobody", "publish", "v1/nobody/evt")
    assert not may(GATEWAY_USER, "publish", f"v1/{name}/cmd")
    assert not may(GATEWAY_USER, "publish", "v1/+/sync")
    assert not may(GATEWAY_USER, "subscribe", "v1/#")
    assert not may(WORKER_USER, "publish", f"v1/{name}/evt")
    assert not may(WORKER_USER, "subscribe", f"v1/{name}/cmd")


@pytest.mark.parametrize(
    ("right", "wanted", "taken_in"),
    [
        ("v1/+/evt", "v1/a/evt", True),
        ("v1/+/evt", "v1/+/evt", True),
        ("v1/+/evt", "v1/#", False),
        ("v1/+/evt", "v1/a/b/evt", False),
        ("v1/+/evt", "v1/a", False),
        ("v1/a/evt", "v1/+/evt", False),
        ("home/#", "home/a/b", True),
        ("home/#", "home/+/#", True),
        ("home/#", "home", True),  # as MQTT has it
        ("home/#", "homes", False),
        ("#", "$SYS/a", False),
        ("+/a", "$SYS/a", False),
    ],
)
def test_what_a_filter_takes_in(right: str, wanted: str, taken_in: bool) -> None:
    assert covers(right, wanted) is taken_in


@pytest.mark.parametrize("path", ["/mqtt/auth", "/mqtt/acl"])
def test_only_the_broker_may_ask(path: str, chair: Device) -> None:
    name = str(chair.pk)
    body = {"username": name, "password": keys.password_of(name), "clientid": name}
    body |= {"action": "publish", "topic": f"v1/{name}/evt"}

    for secret in ("", "x", keys.http_secret()[:-1], keys.password_of(GATEWAY_USER)):
        answer = post(path, body, secret=secret)
        assert (answer.status_code, answer.json()["result"]) == (401, "deny")
    assert Client().post(path, body, content_type="application/json").status_code == 401
    assert Client().get(path).status_code == 405
    assert post(path, body).json()["result"] == "allow"


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"\xff", b"[" * 10_000, [], None, "text", {}),
        {"username": "a", "action": "publish", "topic": 1},
        {"username": None, "action": "publish", "topic": "x"},
        {"username": "a", "action": "publish", "topic": "x" * 513},
        {"username": ["a"], "action": "publish", "topic": "x"},
    ],
    ids=range(12),
)
def test_what_is_no_question_is_refused(body: object) -> None:
    for path in ("/mqtt/acl", "/mqtt/auth"):
        assert post(path, body).status_code == 400


def test_strange_characters_are_only_wrong() -> None:
    for text in ("\0", "\ud800", "\N{SNOWMAN}", "'; DROP TABLE", "0" * 36):
        assert connect(text, text) == "deny"
        assert not may(text, text, text)


def test_the_file_for_emqx_names_both_questions_and_the_secret(tmp_path: Path, chair: Device) -> None:
    path = tmp_path / "saoma.conf"
    call_command("broker_config", format="emqx", file=str(path))
    text = path.read_text()

    assert path.stat().st_mode & 0o777 == 0o600
    assert all(f"/mqtt/{question}" in text for question in ("auth", "acl"))
    assert text.count(f"Bearer {keys.http_secret()}") == 2
    assert 'password = "${password}"' in text
    assert "no_match = deny" in text
    assert str(chair.pk) not in text
    assert text.count("{") == text.count("}")
