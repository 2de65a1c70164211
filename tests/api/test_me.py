"""GET me: who calls, and what he has."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from merchants.models import Merchant
from outbox import clock
from payments import accounts
from payments.models import CapRule, Code
from people.models import Pin, User
from tests.api.callers import Caller, Person, nothing_changes, refusal
from tests.api.machines import Machine
from tests.cast import PASSWORD


def limit(tier: str, code_kind: str, risk_class: str, cap: int, *, rule: str = "") -> dict[str, object]:
    """Return a limit of which nothing is used, until the deployment's next midnight."""
    today = clock.now().astimezone(ZoneInfo("Asia/Shanghai")).date()
    midnight = datetime.combine(today + timedelta(days=1), time.min, tzinfo=ZoneInfo("Asia/Shanghai"))
    return {
        "rule": rule or f"{tier}_{code_kind}_{risk_class.lower()}_daily",
        "tier": tier,
        "code_kind": code_kind,
        "risk_class": risk_class,
        "cap": cap,
        "used": 0,
        "left": cap,
        "resets_at": midnight.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    }


def test_it_tells_who_calls(alice: Person) -> None:
    assert alice.get("me").json() == {
        "id": str(alice.pk),
        "name": "Alice",
        "phone": alice.user.phone,
        "tier": "personal",
        "currency": "CNY",
        "balance": {"available": 0, "held": 0},
        "limits": [
            limit("personal", "static", "A", 50_000, rule="personal_static_daily"),
            limit("merchant", "static", "B", 500_000),
            limit("merchant", "static", "C", 100_000),
            limit("merchant", "static", "D", 50_000),
            limit("merchant", "payer_shown", "A", 500_000, rule="payer_shown_daily"),
        ],
    }


def test_the_owner_of_a_shop_is_of_the_merchant_tier(mei: Person, mei_shop: Merchant) -> None:
    assert mei.get("me").json()["tier"] == "merchant"


def test_a_limit_shows_what_is_left_of_it_today(alice: Person, bob: Person) -> None:
    alice.gets(20_000)
    alice.pay(bob.code().token, amount=12_300)

    first, *others = alice.get("me").json()["limits"]
    assert (first["used"], first["left"]) == (12_300, 37_700)
    assert {other["used"] for other in others} == {0}


def test_a_lowered_limit_leaves_nothing_and_never_less(alice: Person, bob: Person) -> None:
    alice.gets(20_000)
    alice.pay(bob.code().token, amount=12_300)
    CapRule.objects.update(cap=10_000)

    first = alice.get("me").json()["limits"][0]
    assert (first["cap"], first["used"], first["left"]) == (10_000, 12_300, 0)
    refusal(alice.pay(bob.code().token, amount=1), 403, "limit_exceeded")


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
