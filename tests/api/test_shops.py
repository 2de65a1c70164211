"""GET balance, devices, devices/{id}, runs/{id}: what a shop's server reads with its key."""

import pytest

from merchants import scopes
from merchants.models import Merchant
from merchants.services import create_key
from payments.models import Code
from tests.api.callers import NOBODYS_ID, Caller, Person, pages, refusal
from tests.api.machines import Machine, new_chair

READS = ["balance", "devices", "devices/{id}", "runs/{id}"]


@pytest.fixture
def alice(alice: Person) -> Person:
    alice.gets(10_000)
    return alice


def test_a_balance_tells_what_is_there_and_what_waits(
    till: Caller, alice: Person, counter: Code, ready_chair: Machine
) -> None:
    alice.pay(counter.token, amount=1_000)
    fee = 1_000 - till.get("balance").json()["available"]
    alice.pay(ready_chair.token, option="10min")

    answer = till.get("balance")
    assert answer.status_code == 200
    assert answer.json() == {
        "currency": "CNY",
        "available": 1_000 - fee,
        "in_escrow": 1_000,
        "withdrawing": 0,
    }
    assert 0 < fee <= 10


def test_a_machine_and_its_run_are_read_one_by_one(till: Caller, alice: Person, ready_chair: Machine) -> None:
    run = alice.pay(ready_chair.token, option="10min").json()["run"]

    device = till.get(f"devices/{ready_chair.id}").json()
    fields = {
        "id",
        "number",
        "name",
        "type",
        "place",
        "online",
        "busy",
        "run",
        "options",
        "faults",
        "day_word",
    }
    assert set(device) == fields
    assert (device["id"], device["number"], device["online"], device["busy"]) == (
        ready_chair.id,
        "07",
        True,
        True,
    )
    assert device["run"] == till.get(f"runs/{run['id']}").json() == run
    assert till.get("devices").json() == {"data": [device], "next": None}


def test_a_started_run_says_when_it_ends(till: Caller, alice: Person, ready_chair: Machine) -> None:
    run = alice.pay(ready_chair.token, option="10min").json()["run"]["id"]
    ready_chair.is_told_to_start(run)
    ready_chair.says("started", about=run, left_s=600)

    shown = till.get(f"runs/{run}").json()
    assert shown["status"] == "started"
    assert shown["ends_at"]
    assert shown["release_at"] is None


def test_pages_go_on_where_they_were_while_new_machines_arrive(till: Caller, mei_shop: Merchant) -> None:
    made = [new_chair(mei_shop, f"c{number}").id for number in range(5)]

    first = till.get("devices", limit=2).json()
    new_chair(mei_shop, "c9")
    rest = pages(till, first["next"])

    assert [device["id"] for page in [first["data"], *rest] for device in page] == made[::-1]


def test_a_cursor_is_what_next_gave(till: Caller) -> None:
    for cursor in ("x", "", "1", "\0", "0" * 200):
        refusal(till.get("devices", cursor=cursor), 400, "invalid", "cursor")


def test_another_shop_s_machines_and_runs_do_not_exist(
    rival: Caller, alice: Person, ready_chair: Machine
) -> None:
    run = alice.pay(ready_chair.token, option="10min").json()["run"]["id"]

    refusal(rival.get(f"devices/{ready_chair.id}"), 404, "not_found")
    refusal(rival.get(f"runs/{run}"), 404, "not_found")
    assert rival.get("devices").json()["data"] == []
    assert rival.get("balance").json()["in_escrow"] == 0


@pytest.mark.parametrize("path", ["devices/{}", "runs/{}"])
def test_what_is_none_does_not_exist(till: Caller, path: str) -> None:
    for which in (NOBODYS_ID, "no-uuid", "1", "%00", ".."):
        refusal(till.get(path.format(which)), 404, "not_found")


@pytest.mark.parametrize("path", READS)
def test_a_person_s_token_opens_nothing_of_a_shop(
    alice: Person, mei: Person, chair: Machine, path: str
) -> None:
    refused = (404, "not_found") if path == "runs/{id}" else (401, "not_authenticated")  # people have runs
    for person in (alice, mei):
        refusal(person.get(path.format(id=chair.id)), *refused)


@pytest.mark.parametrize("path", READS)
def test_a_key_that_is_none_opens_nothing(mei_shop: Merchant, path: str) -> None:
    for token in ("sk_", "sk_wrong", "sk_" + "x" * 500, "sk_\xe9"):
        refusal(Caller(token).get(path.format(id=NOBODYS_ID)), 401, "authentication_failed")


@pytest.mark.parametrize("path", READS)
def test_a_key_without_the_scope_is_told_which_one_it_lacks(
    mei_shop: Merchant, path: str, secrets: list[str]
) -> None:
    needed = scopes.BALANCE_READ if path == "balance" else scopes.DEVICES_READ
    others = [scope for scope in scopes.ALL if scope != needed]
    secrets.append(create_key(merchant_id=mei_shop.pk, name="poor", scopes=others)[1])

    body = refusal(Caller(secrets[-1]).get(path.format(id=NOBODYS_ID)), 403, "permission_denied")
    assert needed in body["detail"]


@pytest.mark.parametrize("path", ["me", "me/statement", "codes", "payments"])
def test_a_shop_s_key_is_nobody_s_wallet(till: Caller, path: str) -> None:
    refusal(till.get(path), 401, "not_authenticated")
