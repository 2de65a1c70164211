"""The auditor is right while everything moves: it never complains of books that are right."""

import random
from collections import Counter
from contextlib import suppress
from uuid import UUID

import pytest
from django.db import transaction

from outbox.errors import Refusal
from payments import accounts, audit, audit_passes, codes, holds, refunds, stops
from payments.models import Account, AuditPass, Code, Payment
from people.models import User
from tests.payments.bank.hands import ask, sweep
from tests.payments.hands import bring, call, fill, pay, wallet
from tests.processes import fork, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_deadlock")]

PROCESSES = 3
ACTS = 60  # of each process
ROUNDS = 20


class Bustle:
    """People who do everything that moves money, at random."""

    def __init__(self, people: list[User], shop: Account, bob_code: Code, sticker: Code) -> None:
        self.people, self.shop, self.sticker = people, shop, sticker
        self.codes = [bob_code, codes.create(account_id=shop.pk, payable="merchant")]

    def run(self) -> None:
        dice = random.Random()
        acts = (self.pay, self.pay, self.start, self.refund, self.withdraw, self.top_up, self.freeze)
        for _ in range(ACTS):
            with suppress(Refusal):  # too little money, frozen, nothing left to refund: part of the day
                dice.choice(acts)(dice)

    def pay(self, dice: random.Random) -> None:
        pay(dice.choice(self.people), dice.choice(self.codes), dice.randint(1, 300))

    def start(self, dice: random.Random) -> None:
        payment = pay(dice.choice(self.people), self.sticker)
        with transaction.atomic():
            if dice.random() < 0.5:
                holds.release(payment_id=payment.pk, reason="test")
            else:
                holds.claim(payment_id=payment.pk)
        if dice.random() < 0.9:  # else it stays claimed, in escrow
            with transaction.atomic():
                holds.capture(payment_id=payment.pk, amount=dice.randint(0, payment.amount))

    def refund(self, dice: random.Random) -> None:
        ids = Payment.objects.filter(payee=self.shop, status="settled").values_list("pk", flat=True)[:20]
        if ids:
            refunds.refund(
                call=call(self.people[0]),
                payment_id=UUID(str(dice.choice(ids))),
                payee_account_id=self.shop.pk,
                amount=dice.randint(1, 50),
                reason="broken",
            )

    def withdraw(self, dice: random.Random) -> None:
        ask(dice.choice(self.people), dice.randint(1, 200))
        sweep()

    def top_up(self, dice: random.Random) -> None:
        fill(dice.choice(self.people), dice.randint(1, 500))

    def freeze(self, dice: random.Random) -> None:
        account_id = wallet(dice.choice(self.people)).pk
        accounts.freeze(account_id=account_id, reason="test")
        accounts.unfreeze(account_id=account_id, reason="test")


def test_it_is_silent_while_everything_moves(
    rich_alice: User, bob: User, shop: Account, bob_code: Code, sticker: Code
) -> None:
    bring(shop.pk, 10_000)
    fill(bob, 10_000)
    bustle = Bustle([rich_alice, bob], shop, bob_code, sticker)
    children = [fork(bustle.run) for _ in range(PROCESSES)]
    passes = 0

    while any(child.is_alive() for child in children):
        assert audit.audit() == []
        audit_passes.audit_now(full=passes % 2 == 0)
        passes += 1
    for child in children:
        child.join()

    assert [child.exitcode for child in children] == [0] * PROCESSES
    assert passes >= 2 and AuditPass.objects.count() == passes
    assert not any(AuditPass.objects.values_list("breaches", flat=True))
    assert not stops.withdrawals_are_stopped()
    assert Payment.objects.count() > ACTS // 2


def test_withdrawals_are_stopped_and_resumed_once_however_many_want_it(bob: User) -> None:
    for _ in range(ROUNDS):
        assert Counter(together(8, lambda _: stops.stop(reason="wrong"))) == {True: 1, False: 7}
        resumed = together(8, lambda _: stops.resume(user_id=bob.pk, reason="well again"))
        assert Counter(resumed) == {True: 1, False: 7}
    assert not stops.withdrawals_are_stopped()


def test_nobody_resumes_past_a_breach_that_is_found_at_that_moment(
    bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def act(number: int) -> object:
        if number:
            return audit_passes.audit_now(full=False)
        return stops.resume(user_id=bob.pk, reason="well again")

    with monkeypatch.context() as patch:
        patch.setattr(audit, "audit", lambda *, full: [audit.Breach("a", "wrong")])
        for _ in range(ROUNDS):
            stops.stop(reason="first")
            together(2, act)
            # Whoever was first: the pass is written down, and withdrawals are stopped.
            assert AuditPass.objects.exists() and stops.withdrawals_are_stopped()
            AuditPass.objects.all().delete()
