"""Refunds, charges and upgrades at once, in several processes: each is whole, none happens twice."""

from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db.models import Sum

from merchants import applications
from merchants.models import Merchant
from merchants.services import open_merchant
from outbox.ids import uuid7
from payments import money, services
from payments.models import Account, CapRule, Code, Payment, PaymentCode, Refund, Transfer
from people.models import User
from tests.cast import person
from tests.payments.hands import call, fill, has, holds_money, pay, static_code, wallet
from tests.payments.till import charge, counter_code, refund, show
from tests.races.contest import contest
from tests.races.rounds import ROUNDS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_deadlock")]

PRICE = 1_000
race = partial(contest, rounds=ROUNDS)


@pytest.fixture
def alice(alice: User) -> User:
    """Alice, with money for every round."""
    fill(alice, ROUNDS * PRICE * 10)
    return alice


@pytest.fixture
def rival(charlie: User) -> Account:
    """Another shop."""
    return open_merchant(owner_id=charlie.pk, name="Rival", category="laundry").account


def gives_back(amount: int | None, payment_id: UUID) -> int:
    return refund(Payment.objects.get(pk=payment_id), amount).status


def is_whole(payment_id: UUID) -> Payment:
    """Return a payment after a look at everything that its refunds wrote."""
    payment = Payment.objects.get(pk=payment_id)
    parts = Refund.objects.filter(payment=payment).aggregate(
        amount=Sum("amount", default=0), fee=Sum("fee_returned", default=0)
    )
    posted = {
        kind: Transfer.objects.filter(payment=payment, kind=kind).aggregate(sum=Sum("amount", default=0))[
            "sum"
        ]
        for kind in ("refund", "fee_return")
    }
    refunded, returned = payment.refunded_amount, payment.fee_returned
    assert refunded <= payment.captured_amount
    assert returned == money.fee_returned(payment.fee, refunded=refunded, captured=payment.captured_amount)
    assert (parts["amount"], parts["fee"]) == (posted["refund"], posted["fee_return"]) == (refunded, returned)
    return payment


class TestRefunds:
    """What is given back is given back once."""

    @pytest.fixture
    def counter(self, shop: Account) -> Code:
        return counter_code(shop)

    def test_two_refunds_that_do_not_fit_together(self, alice: User, counter: Code) -> None:
        def check(payment_id: UUID, outcomes: list[object]) -> None:
            assert sorted(map(str, outcomes)) == ["201", *["refund_exceeds_payment"] * 3]
            assert is_whole(payment_id).refunded_amount == 600

        race(lambda _: pay(alice, counter, PRICE).pk, [partial(gives_back, 600)] * 4, check)

    def test_refunds_that_fill_a_payment_to_the_last_unit(self, alice: User, counter: Code) -> None:
        def check(payment_id: UUID, outcomes: list[object]) -> None:
            assert outcomes.count(201) == 3
            assert is_whole(payment_id).refunded_amount == 999

        race(lambda _: pay(alice, counter, PRICE).pk, [partial(gives_back, 333)] * 5, check)

    def test_the_rest_against_parts_of_it(self, alice: User, counter: Code) -> None:
        parts = [None, None, 300, 500]

        def check(payment_id: UUID, outcomes: list[object]) -> None:
            assert outcomes[:2].count(201) == 1
            assert is_whole(payment_id).refunded_amount == PRICE

        race(lambda _: pay(alice, counter, PRICE).pk, [partial(gives_back, part) for part in parts], check)
        assert holds_money(counter.account_id) == 0

    def test_one_key_refunds_once(self, alice: User, counter: Code) -> None:
        def again(subject: tuple[UUID, str]) -> object:
            payment_id, key = subject
            return refund(Payment.objects.get(pk=payment_id), 100, key=key).body["id"]

        def check(subject: tuple[UUID, str], outcomes: list[object]) -> None:
            (made,) = Refund.objects.filter(payment_id=subject[0])
            assert set(outcomes) <= {str(made.pk), "idempotency_in_progress"} and str(made.pk) in outcomes

        race(lambda _: (pay(alice, counter, PRICE).pk, str(uuid7())), [again] * 3, check)


class TestCharges:
    """A code that a payer shows is good for one charge."""

    def test_two_shops_and_one_code(self, alice: User, shop: Account, rival: Account) -> None:
        def take(of: Account, digits: str) -> int:
            return charge(of, digits, PRICE).status

        def check(digits: str, outcomes: list[object]) -> None:
            assert sorted(map(str, outcomes)) == ["201", *["payment_code_used"] * 3]

        before = has(alice)
        race(lambda _: show(alice), [partial(take, of) for of in (shop, rival, shop, rival)], check)
        assert Payment.objects.count() == ROUNDS
        assert has(alice) == before - ROUNDS * PRICE

    def test_a_declined_charge_leaves_nothing_for_the_other(
        self, bob: User, shop: Account, rival: Account
    ) -> None:
        def take(of: Account, digits: str) -> int:
            return charge(of, digits, PRICE).status

        def check(digits: str, outcomes: list[object]) -> None:
            assert sorted(map(str, outcomes)) == ["payment_code_used", "payment_declined"]

        race(lambda _: show(bob), [partial(take, shop), partial(take, rival)], check)
        assert not Payment.objects.exists()

    def test_codes_that_are_asked_for_at_once(self, alice: User) -> None:
        def check(number: int, outcomes: list[object]) -> None:
            assert len(set(map(str, outcomes))) == 3
            assert PaymentCode.objects.filter(status="active").count() == 1
            assert PaymentCode.objects.count() == 3 * (number + 1)

        race(lambda number: number, [lambda _: show(alice)] * 3, check)

    def test_a_new_code_against_a_charge_of_the_old_one(self, alice: User, shop: Account) -> None:
        def check(digits: str, outcomes: list[object]) -> None:
            charged, _ = outcomes
            ends = list(PaymentCode.objects.order_by("-pk").values_list("status", flat=True)[:2])
            assert ends[0] == "active"
            assert (charged, ends[1]) in {(201, "used"), ("payment_code_used", "revoked")}

        race(
            lambda _: show(alice),
            [lambda digits: charge(shop, digits, 1).status, lambda _: show(alice)],
            check,
        )


class TestUpgrades:
    """A person becomes a shop while payers scan his sticker."""

    PAYMENTS = 8

    def test_every_payment_through_the_sticker_is_whole(self, alice: User, bob: User, mei: User) -> None:
        fill(bob, ROUNDS * PRICE * 10)
        CapRule.objects.update(cap=10**12)

        def prepare(number: int) -> tuple[UUID, UUID, str]:
            owner = person(f"Owner {number}", f"+861390000{number:04}")
            waiting = applications.apply(owner_id=owner.pk, shop_name=f"Shop {number}", category="arcade")
            return owner.pk, waiting.pk, static_code(owner).token

        def scan(payer: User, subject: tuple[UUID, UUID, str]) -> list[str]:
            answers = [
                services.pay(call=call(payer), code=subject[2], amount=100) for _ in range(self.PAYMENTS)
            ]
            return [str(answer.body["kind"]) for answer in answers]

        def approve(subject: tuple[UUID, UUID, str]) -> bool:
            return applications.approve(application_id=subject[1], staff_id=mei.pk, reason="seen")

        def check(subject: tuple[UUID, UUID, str], outcomes: list[Any]) -> None:
            owner, shop = User.objects.get(pk=subject[0]), Merchant.objects.get(pk=subject[1])
            for kinds in outcomes[:2]:  # once the shop, never the person again
                assert len(kinds) == self.PAYMENTS and kinds == sorted(kinds, reverse=True)
            assert outcomes[2] is True
            self.adds_up(owner, shop.account_id)
            assert Code.objects.get(token=subject[2]).account_id == shop.account_id

        race(prepare, [partial(scan, alice), partial(scan, bob), approve], check)

    def adds_up(self, owner: User, account_id: int) -> None:
        """Look at every payment to a person and to his shop, and at what both hold."""
        paid = Payment.objects.filter(payee__in=[wallet(owner).pk, account_id])
        assert paid.count() == 2 * self.PAYMENTS
        for payment in paid:
            to_the_shop = payment.payee_id == account_id
            assert (payment.kind, payment.fee) == (("merchant", 1) if to_the_shop else ("person", 0))
        fees = sum(payment.fee for payment in paid)
        assert has(owner) + holds_money(account_id) == 2 * self.PAYMENTS * 100 - fees

    def test_an_application_is_decided_once(self, bob: User, mei: User) -> None:
        def prepare(number: int) -> UUID:
            return applications.apply(owner_id=bob.pk, shop_name=f"Shop {number}", category="arcade").pk

        def approve(application_id: UUID) -> bool:
            return applications.approve(application_id=application_id, staff_id=mei.pk, reason="seen")

        def refuse(application_id: UUID) -> bool:
            return applications.refuse(application_id=application_id, staff_id=mei.pk, reason="no")

        def check(application_id: UUID, outcomes: list[object]) -> None:
            assert outcomes.count(True) == 1
            assert Merchant.objects.filter(pk=application_id).exists() is (True in outcomes[:2])

        race(prepare, [approve, approve, refuse], check)
