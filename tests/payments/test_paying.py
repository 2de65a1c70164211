"""Paying people and shops, and every way it is refused."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError
from django.test import override_settings

from merchants.models import Merchant
from outbox import registry
from outbox.errors import Refusal
from outbox.models import Delivery
from payments import accounts, codes, confirming, days, payloads, queries
from payments.books import System
from payments.errors import (
    AmountMismatch,
    AmountRequired,
    CodeExpired,
    CodeRevoked,
    CodeUsed,
    InsufficientFunds,
    LimitExceeded,
    OptionUnknown,
    PayableChanged,
    PayeeFrozen,
    PayerFrozen,
    SelfPayment,
    UnknownCode,
)
from payments.models import Account, CapCounter, Code, Payment, Transfer
from people.models import User
from tests.payments.conftest import RICH
from tests.payments.hands import dynamic_code, fill, has, holds_money, legs, pay, static_code, wallet

pytestmark = pytest.mark.django_db


@pytest.fixture
def counter(mei_shop: Merchant) -> Code:
    return codes.create(account_id=mei_shop.account_id, payable="merchant")


def test_a_person_gets_the_whole_amount(rich_alice: User, bob: User, bob_code: Code) -> None:
    payment = pay(rich_alice, bob_code, 1234)

    assert (has(rich_alice), has(bob)) == (RICH - 1234, 1234)
    assert legs(payment) == [("payment", wallet(rich_alice).pk, wallet(bob).pk, 1234)]
    assert (payment.status, payment.captured_amount, payment.fee) == ("settled", 1234, 0)
    assert holds_money(System.FEE_REVENUE) == 0


def test_a_shop_pays_the_fee_and_the_payer_does_not_see_it(
    rich_alice: User, mei: User, shop: Account, counter: Code
) -> None:
    payment = pay(rich_alice, counter, 8400)

    assert has(rich_alice) == RICH - 8400
    assert (holds_money(shop.pk), holds_money(System.FEE_REVENUE)) == (8400 - 67, 67)  # 0.8 %, half up
    assert legs(payment) == [
        ("payment", wallet(rich_alice).pk, shop.pk, 8400),
        ("fee", shop.pk, System.FEE_REVENUE, 67),
    ]
    assert "fee" not in queries.payment(user_id=rich_alice.pk, payment_id=payment.pk)
    assert queries.payment(user_id=mei.pk, payment_id=payment.pk)["fee"] == 67


def test_a_fee_of_less_than_half_a_fen_is_none(rich_alice: User, shop: Account, counter: Code) -> None:
    payment = pay(rich_alice, counter, 62)  # 0.8 % of 0.62

    assert (payment.fee, holds_money(shop.pk)) == (0, 62)
    assert [kind for kind, *_ in legs(payment)] == ["payment"]


def test_the_payment_keeps_what_was_shown(rich_alice: User, bob: User, bob_code: Code) -> None:
    shown = codes.scan(payload=payloads.payload_of(bob_code.token), payer_id=rich_alice.pk)
    payment = pay(rich_alice, bob_code, 5, version=shown["version"])
    accounts.rename(account_id=wallet(bob).pk, name="Robert")

    assert payment.payee_name == "Bob"
    with pytest.raises(PayableChanged):
        pay(rich_alice, bob_code, 5, version=shown["version"])


def test_a_fixed_amount_needs_none_and_takes_no_other(rich_alice: User, bob: User) -> None:
    code = static_code(bob, amount=700)

    assert pay(rich_alice, code).amount == 700
    assert pay(rich_alice, code, 700).amount == 700
    with pytest.raises(AmountMismatch):
        pay(rich_alice, code, 701)


def test_a_single_use_code_pays_once(rich_alice: User, bob: User) -> None:
    code = dynamic_code(bob, amount=700, memo="Tea")

    assert pay(rich_alice, code).memo == "Tea"
    code.refresh_from_db()
    assert code.status == "used"
    with pytest.raises(CodeUsed):
        pay(rich_alice, code)
    assert has(bob) == 700


def test_a_refused_payment_leaves_a_single_use_code_alive(alice: User, bob: User) -> None:
    code = dynamic_code(bob, amount=700)
    with pytest.raises(InsufficientFunds):
        pay(alice, code)
    code.refresh_from_db()
    assert code.status == "active"


@pytest.mark.parametrize(
    ("status", "refusal"), [("used", CodeUsed), ("revoked", CodeRevoked), ("expired", CodeExpired)]
)
def test_an_ended_code_pays_nobody(rich_alice: User, bob: User, status: str, refusal: type[Refusal]) -> None:
    code = dynamic_code(bob, amount=1)
    Code.objects.filter(pk=code.pk).update(status=status)
    with pytest.raises(refusal):
        pay(rich_alice, code)


def test_a_code_past_its_time_pays_nobody_even_before_it_is_marked(rich_alice: User, bob: User) -> None:
    code = dynamic_code(bob, amount=1)
    Code.objects.filter(pk=code.pk).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(CodeExpired):
        pay(rich_alice, code)


def test_a_code_that_ended_after_the_quote_pays_nobody(
    rich_alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = dynamic_code(bob, amount=1)
    monkeypatch.setattr(codes, "refuse_inactive", lambda found: codes.revoke(code_id=code.pk))
    with pytest.raises(CodeRevoked):
        pay(rich_alice, code)
    assert not Payment.objects.exists()


def test_what_cannot_be_paid_moves_nothing(rich_alice: User, bob: User, bob_code: Code) -> None:
    own = static_code(rich_alice)
    revoked = static_code(bob)
    codes.revoke(code_id=revoked.pk)
    refused = [
        (bob_code, {"amount": RICH + 1}, LimitExceeded),
        (bob_code, {}, AmountRequired),
        (bob_code, {"amount": 1, "option": "10min"}, OptionUnknown),
        (bob_code, {"amount": 1, "version": "stale"}, PayableChanged),
        (own, {"amount": 1}, SelfPayment),
        (revoked, {"amount": 1}, CodeRevoked),
        (Code(token="0" * 26), {"amount": 1}, UnknownCode),
        (Code(token="nonsense"), {"amount": 1}, UnknownCode),
    ]
    for code, wish, refusal in refused:
        with pytest.raises(refusal):
            pay(rich_alice, code, **wish)  # type: ignore[arg-type]

    assert has(rich_alice) == RICH
    assert not Payment.objects.exists() and Transfer.objects.count() == 1  # the top-up
    assert not CapCounter.objects.exclude(used=0).exists()


def test_a_frozen_wallet_neither_pays_nor_is_paid(rich_alice: User, bob: User, bob_code: Code) -> None:
    accounts.freeze(account_id=wallet(bob).pk, reason="test")
    with pytest.raises(PayeeFrozen):
        pay(rich_alice, bob_code, 1)
    fill(bob, 10)
    with pytest.raises(PayerFrozen):
        pay(bob, static_code(rich_alice), 1)

    accounts.unfreeze(account_id=wallet(bob).pk, reason="test")
    assert pay(rich_alice, bob_code, 1).status == "settled"


def test_a_frozen_shop_is_not_paid(rich_alice: User, shop: Account, counter: Code) -> None:
    accounts.freeze(account_id=shop.pk, reason="test")
    with pytest.raises(PayeeFrozen):
        pay(rich_alice, counter, 100)


def test_staff_without_a_wallet_cannot_pay(bob_code: Code) -> None:
    staff = User.objects.create(name="Staff", phone="+8613800000099", is_staff=True)
    with pytest.raises(InsufficientFunds):
        pay(staff, bob_code, 1)


class TestCaps:
    """500.00 a payer a day through printed personal codes."""

    def test_the_cap_counts_all_payees_and_to_the_last_fen(
        self, rich_alice: User, bob: User, charlie: User
    ) -> None:
        pay(rich_alice, static_code(bob), 30_000)
        pay(rich_alice, static_code(charlie), 20_000)
        with pytest.raises(LimitExceeded, match=r"500\.00 CNY"):
            pay(rich_alice, static_code(bob), 1)

        limit, *_others = queries.limits(rich_alice.pk)
        assert (limit.cap, limit.used, limit.left) == (50_000, 50_000, 0)

    def test_other_codes_are_not_counted(self, rich_alice: User, bob: User, counter: Code) -> None:
        pay(rich_alice, dynamic_code(bob, amount=50_001))
        pay(rich_alice, counter, 40_000)

        assert {limit.used for limit in queries.limits(rich_alice.pk)} == {0}

    @pytest.mark.parametrize(
        ("utc", "day"),
        [("2026-11-20T15:59:59", "2026-11-20"), ("2026-11-20T16:00:00", "2026-11-21")],
    )
    def test_the_day_is_the_deployment_s_own(self, utc: str, day: str) -> None:
        with override_settings(BUSINESS_TIME_ZONE="Asia/Shanghai"):
            assert str(days.business_day(datetime.fromisoformat(utc).replace(tzinfo=UTC))) == day


def test_a_fact_is_told_to_those_who_listen(
    rich_alice: User, bob_code: Code, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_subscriptions", defaultdict(dict))
    pay(rich_alice, bob_code, 1)
    assert not Delivery.objects.exists()

    @registry.on("payments.payment.settled", queue="webhooks")
    def hear(**_: object) -> None: ...

    payment = pay(rich_alice, bob_code, 1)
    (delivery,) = Delivery.objects.all()
    assert (delivery.fact, delivery.queue) == ("payments.payment.settled", "webhooks")
    assert delivery.handler.endswith("hear") and delivery.payload == {"payment_id": str(payment.pk)}


class Undone(Exception):
    """What the driver says of a deadlock's victim."""

    sqlstate = "40P01"


@pytest.mark.parametrize(("failures", "pays"), [(2, True), (3, False)])
def test_what_the_database_undid_is_tried_three_times(
    rich_alice: User, bob_code: Code, monkeypatch: pytest.MonkeyPatch, failures: int, pays: bool
) -> None:
    confirm, left = confirming.confirm, iter(range(failures))

    def unlucky(*args: object) -> list[str]:
        if next(left, None) is not None:
            raise OperationalError from Undone()
        return confirm(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(confirming, "confirm", unlucky)
    if pays:
        assert pay(rich_alice, bob_code, 1).amount == 1
    else:
        with pytest.raises(OperationalError):
            pay(rich_alice, bob_code, 1)
        assert not Payment.objects.exists()
