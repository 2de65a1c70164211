"""Who gets money in escrow when several decide at the same time: one of them, once."""

from collections import Counter
from functools import partial

import pytest
from django.db import transaction

from payments import holds
from payments.books import System
from payments.models import Account, Code, Payment
from people.models import User
from tests.payments.hands import capture, claim, holds_money, pay, release, state
from tests.processes import together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_deadlock")]

ROUNDS = 15


def test_a_start_against_a_release(rich_alice: User, sticker: Code, shop: Account) -> None:
    outcomes = Counter[str]()
    for number in range(ROUNDS):
        payment = pay(rich_alice, sticker)
        acts = [partial(_start, payment), partial(release, payment)]
        won = together(2, lambda n, acts=acts[:: 1 if number % 2 else -1]: acts[n]())  # type: ignore[misc]

        assert sorted(map(str, won)) == ["False", "True"]
        assert state(payment) in {("settled", "resolved"), ("released", "resolved")}
        outcomes[payment.status] += 1
    assert holds_money(shop.pk) + holds_money(System.FEE_REVENUE) == 1000 * outcomes["settled"]
    assert holds_money(System.ESCROW) == 0


def _start(payment: Payment) -> bool:
    """Claim and, a moment later, capture; what was claimed can be captured, whoever else wants it."""
    claimed = claim(payment)
    assert capture(payment, 1000) == claimed
    return claimed


def test_a_start_that_captures_at_once_against_a_release(rich_alice: User, sticker: Code) -> None:
    for number in range(ROUNDS):
        payment = pay(rich_alice, sticker)
        acts = [partial(_start_at_once, payment), partial(release, payment)]
        won = together(2, lambda n, acts=acts[:: 1 if number % 2 else -1]: acts[n]())  # type: ignore[misc]
        assert sorted(map(str, won)) == ["False", "True"]


def _start_at_once(payment: Payment) -> bool:
    with transaction.atomic():
        return holds.claim(payment_id=payment.pk) and holds.capture(payment_id=payment.pk, amount=1000)


def test_two_captures_and_a_release_of_one_hold(rich_alice: User, sticker: Code) -> None:
    for _ in range(ROUNDS):
        payment = pay(rich_alice, sticker)
        claim(payment)
        acts = [lambda p=payment: capture(p, 300), lambda p=payment: capture(p, 1000)]
        won = together(3, lambda n, acts=acts, p=payment: [*acts, lambda: release(p)][n]())  # type: ignore[misc]

        assert sorted(map(str, won)) == ["False", "False", "True"]
        state(payment)
        assert payment.captured_amount in {300, 1000}
