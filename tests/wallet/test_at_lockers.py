"""A locker's doors: opened for nothing, quoted before they are paid for, and their codes."""

from typing import Any

import pytest
from django.test import Client

from devices.gateway.intake import Intake
from devices.models import Run
from merchants.models import Merchant
from payments.models import Payment
from people.models import User
from tests.cast import PIN
from tests.devices.conftest import intake
from tests.devices.lockers import Locker, code_of, lies_for, new_locker, wrong
from tests.devices.paying import token
from tests.wallet.conftest import Fill
from tests.wallet.sheet import post, shown, start

__all__ = ["intake"]

pytestmark = pytest.mark.django_db

DAY_S = 24 * 3600


@pytest.fixture
def locker(mei_shop: Merchant, intake: Intake) -> Locker:
    """Doors 1 and 2 are small, 3 is large."""
    return new_locker(mei_shop.account_id, intake)


def ask(browser: Client, locker: Locker, code: str | None) -> Any:
    return post(browser, locker.device, "price", option="pickup", args={"code": code})


def put_in(locker: Locker, user: User) -> str:
    run = locker.put_in(user)
    return code_of(run, user) or ""


def test_what_costs_nothing_is_started_without_a_pin(alice: User, alice_at: Client, locker: Locker) -> None:
    answer = start(alice_at, locker.device)

    assert answer.status_code == 201
    run = Run.objects.get(opened_by=alice)
    assert answer.json() == {"next": f"/runs/{run.pk}/"}
    page = alice_at.get(f"/runs/{run.pk}/").content.decode()
    assert "Opening door 1" in page
    assert "Nothing to pay" in page
    assert "¥0.00" not in page
    assert not Payment.objects.exists()


def test_the_same_start_again_opens_one_door(alice_at: Client, locker: Locker) -> None:
    first, second = start(alice_at, locker.device), start(alice_at, locker.device)
    assert first.json() == second.json()
    assert Run.objects.count() == 1
    assert alice_at.get("/answer/", {"key": "k1"}).json() == first.json()


def test_another_start_under_the_same_key_opens_nothing(alice_at: Client, locker: Locker) -> None:
    start(alice_at, locker.device)
    answer = start(alice_at, locker.device, option="deposit-l")
    assert answer.json()["code"] == "idempotency_key_reused"
    assert Run.objects.count() == 1


def test_a_locker_without_a_free_door_says_so(alice_at: Client, locker: Locker) -> None:
    for key in ("a", "b"):
        start(alice_at, locker.device, key=key)
    answer = start(alice_at, locker.device, key="c")
    assert answer.json()["words"] == "No door of this size is free. Nothing was paid."


def test_nobody_starts_anything_without_a_session(client: Client, locker: Locker) -> None:
    for where in ("start", "price"):
        answer = client.post(f"/q/{token(locker.device)}/{where}", {})
        assert (answer.status_code, answer.json()["code"]) == (401, "signed_out")


def test_a_free_run_belongs_to_who_opened_it(alice_at: Client, bob_at: Client, locker: Locker) -> None:
    url = start(alice_at, locker.device).json()["next"]
    assert bob_at.get(url).status_code == 404


def test_a_pick_up_code_is_shown_to_who_put_in_and_to_nobody_else(
    alice: User, bob: User, alice_at: Client, bob_at: Client, locker: Locker
) -> None:
    code = put_in(locker, alice)
    run = Run.objects.get()
    screen = alice_at.get(f"/runs/{run.pk}/").context["screen"]
    assert screen.secret.whole == code
    assert screen.secret.groups == (code[:4], code[4:])
    assert "door 1" in screen.secret.words

    answer = post(
        bob_at,
        locker.device,
        "start",
        key="k",
        option="pickup",
        args={"code": code},
        version=ask(bob_at, locker, code).json()["version"],
    )
    page = bob_at.get(answer.json()["next"])
    assert page.context["screen"].secret is None
    assert "Opening door 1" in page.content.decode()


def test_a_wrong_code_is_said_at_its_field(alice: User, alice_at: Client, locker: Locker) -> None:
    answer = ask(alice_at, locker, wrong(put_in(locker, alice)))
    assert (answer.status_code, answer.json()["field"]) == (400, "code")
    assert answer.json()["words"] == "No parcel here has this code."


@pytest.mark.parametrize("code", ["", "123", "abcdefgh", "１２３４５６７８", None])
def test_what_is_no_code_is_said_at_its_field(alice_at: Client, locker: Locker, code: str | None) -> None:
    answer = ask(alice_at, locker, code)
    assert answer.status_code == 400
    assert answer.json()["code"] in {"args_invalid", "invalid"}


def test_too_many_wrong_codes_say_when_to_try_again(alice: User, alice_at: Client, locker: Locker) -> None:
    code = put_in(locker, alice)
    for _ in range(5):
        ask(alice_at, locker, wrong(code))
    answer = ask(alice_at, locker, code)
    assert answer.status_code == 429
    assert answer.json()["words"].startswith("Too many tries. Try again ")


def test_the_price_that_was_seen_is_the_price_that_is_paid(
    alice: User, alice_at: Client, locker: Locker, fill: Fill
) -> None:
    fill(alice, 1_000)
    code = put_in(locker, alice)
    lies_for(Run.objects.get(), DAY_S + 10)
    seen = ask(alice_at, locker, code).json()
    assert (seen["amount"], seen["holds_s"]) == (100, 120)

    wish = {"option": "pickup", "args": {"code": code}, "version": seen["version"]}
    answer = post(alice_at, locker.device, "pay", key="k", pin=PIN, **wish)
    assert answer.status_code == 201
    paid = Payment.objects.get()
    assert paid.amount == 100
    assert Run.objects.get(payment=paid).slot == "1"


def test_what_became_dearer_is_not_paid(alice: User, alice_at: Client, locker: Locker, fill: Fill) -> None:
    fill(alice, 1_000)
    code = put_in(locker, alice)
    lies_for(Run.objects.get(), DAY_S + 10)
    seen = ask(alice_at, locker, code).json()
    lies_for(Run.objects.get(), DAY_S + 13 * 3600)
    wish = {"option": "pickup", "args": {"code": code}, "version": seen["version"]}
    answer = post(alice_at, locker.device, "pay", key="k", pin=PIN, **wish)
    assert answer.json()["code"] == "payable_changed"
    assert not Payment.objects.exists()


def test_home_keeps_what_was_put_in_until_it_is_fetched(
    alice: User, alice_at: Client, locker: Locker
) -> None:
    code = put_in(locker, alice)
    (kept,) = alice_at.get("/").context["home"].kept
    assert kept.words == "Door 1 · waits for its code"
    assert code not in alice_at.get("/").content.decode()
    locker.plays(locker.fetch(alice, code))
    assert alice_at.get("/").context["home"].kept == []


def test_a_pick_up_asks_for_digits_and_then_for_the_price(alice_at: Client, locker: Locker) -> None:
    options = {option.id: option for option in shown(alice_at, locker.device).options}
    (code,) = options["pickup"].fields
    assert (code.kind, code.pattern, code.length) == ("digits", "[0-9]{8}", 8)
    assert options["pickup"].quoted
    page = alice_at.get(f"/q/{token(locker.device)}").content.decode()
    assert 'inputmode="numeric"' in page
