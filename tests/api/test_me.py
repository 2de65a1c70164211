"""GET me: who calls, and what he has."""

import pytest

from merchants.models import Merchant
from payments import accounts
from payments.models import CapRule, Code
from people.models import Pin, User
from tests.api.callers import Caller, Person, nothing_changes, refusal
from tests.api.machines import Machine
from tests.cast import PASSWORD


def test_it_tells_who_calls(alice: Person) -> None:
    assert alice.get("me").json() == {
        "id": str(alice.pk),
        "name": "Alice",
        "phone": alice.user.phone,
        "tier": "personal",
        "currency": "CNY",
        "balance": {"available": 0, "held": 0},
        "limits": [{"rule": "personal_static_daily", "cap": 50_000, "used": 0, "left": 50_000}],
    }


def test_the_owner_of_a_shop_is_of_the_merchant_tier(mei: Person, mei_shop: Merchant) -> None:
    assert mei.get("me").json()["tier"] == "merchant"


def test_a_limit_shows_what_is_left_of_it_today(alice: Person, bob: Person) -> None:
    alice.gets(20_000)
    alice.pay(bob.code().token, amount=12_300)

    (limit,) = alice.get("me").json()["limits"]
    assert (limit["used"], limit["left"]) == (12_300, 37_700)


def test_a_lowered_limit_leaves_nothing_and_never_less(alice: Person, bob: Person) -> None:
    alice.gets(20_000)
    alice.pay(bob.code().token, amount=12_300)
    CapRule.objects.update(cap=10_000)

    (limit,) = alice.get("me").json()["limits"]
    assert limit | {"rule": ""} == {"rule": "", "cap": 10_000, "used": 12_300, "left": 0}


def test_held_money_is_outside_the_available(alice: Person, ready_chair: Machine) -> None:
    alice.gets(5_000)
    alice.pay(ready_chair.token, option="10min")

    assert alice.get("me").json()["balance"] == {"available": 4_000, "held": 1_000}


def test_money_of_the_shop_is_not_its_owner_s(alice: Person, mei: Person, counter: Code) -> None:
    alice.gets(5_000)
    assert alice.pay(counter.token, amount=5_000).status_code == 201

    assert mei.get("me").json()["balance"] == {"available": 0, "held": 0}


def test_a_frozen_wallet_is_still_shown(alice: Person) -> None:
    alice.gets(5_000)
    accounts.freeze(account_id=alice.wallet.pk, reason="dispute")

    assert alice.get("me").json()["balance"]["available"] == 5_000


@pytest.fixture
def office(db: None) -> Caller:
    """Staff, who have no wallet."""
    return Person(User.objects.create_superuser(phone="+8613800000077", password=PASSWORD, name="Staff"))


def test_who_has_no_wallet_is_told_so(office: Caller) -> None:
    refusal(office.get("me"), 404, "no_wallet")
    refusal(office.get("me/statement"), 404, "no_wallet")
    refusal(office.post("codes", {"kind": "static"}), 404, "no_wallet")
    refusal(office.post("top-ups", {"amount": 1}, key="k"), 404, "no_wallet")
    assert office.get("codes").json()["data"] == office.get("payments").json()["data"] == []


def test_who_has_no_wallet_cannot_pay(office: Caller, bob: Person) -> None:
    code = bob.code()
    Pin.objects.create(user=User.objects.get(name="Staff"), hash="")

    with nothing_changes():
        refusal(office.pay(code.token, amount=1), 402, "insufficient_funds")
