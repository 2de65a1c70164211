"""Two hundred rounds of each race that could make or lose money."""

from collections import Counter
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from merchants.models import Merchant
from merchants.payables import counter_quote
from merchants.services import open_merchant
from outbox.ids import uuid7
from payments import (
    accounts,
    caps,
    charges,
    codes,
    holds,
    money,
    queries,
    refunds,
    services,
    shown,
    withdrawals,
)
from payments.idempotency import Call
from payments.models import Account, CapCounter, CapRule, Code, Payment
from people.models import User
from tests.cast import person
from tests.payments.hands import (
    Box,
    call,
    fill,
    has,
    holds_money,
    pay,
    static_code,
    wallet,
)
from tests.races.contest import ROUNDS, contest

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_deadlock"),
]

PRICE = 700
RICH = ROUNDS * PRICE * 10


def pays(user: User, token: str, amount: int | None = None) -> str:
    """Pay by token; the answer's status."""
    return str(services.pay(call=call(user), code=token, amount=amount).status)


def pays_price(user: User, token: str, _: object) -> str:
    """Pay the price of this page."""
    return pays(user, token, PRICE)


def test_double_spend(alice: User, bob: User, mei_shop: Merchant) -> None:
    """Four want to spend the same money; in each round there is enough for one.

    At counters, where no cap is counted: a counter's row would keep the payers apart before they meet.
    """
    rival = open_merchant(owner_id=bob.pk, name="Rival", category="retail")
    shops = [mei_shop.account_id, rival.account_id]
    counters = [codes.create(account_id=account, payable="merchant").token for account in shops]

    def check(_: int, outcomes: list[Any]) -> None:
        assert Counter(outcomes) == {"201": 1, "insufficient_funds": 3}
        assert has(alice) == 0

    contest(
        lambda _: fill(alice, PRICE),
        [partial(pays_price, alice, token) for token in counters * 2],
        check,
    )
    assert sum(holds_money(account) for account in shops) == ROUNDS * (PRICE - 6)


def test_two_payers_of_one_dynamic_code(alice: User, bob: User, charlie: User) -> None:
    for payer in (alice, charlie):
        fill(payer, RICH)

    def check(token: str, outcomes: list[Any]) -> None:
        assert Counter(outcomes) == {"201": 1, "code_used": 1}

    contest(
        lambda _: codes.create(account_id=wallet(bob).pk, kind="dynamic", amount=PRICE).token,
        [partial(pays, alice), partial(pays, charlie)],
        check,
    )
    assert has(bob) == ROUNDS * PRICE
    assert has(alice) + has(charlie) == 2 * RICH - ROUNDS * PRICE


def test_capture_against_release(rich_alice: User, box: Box, shop: Account, sticker: Code) -> None:
    """A claimed hold is captured, an open one released; whoever is second finds nothing to do."""
    fill(rich_alice, RICH)
    price = box.terms.amount
    assert price

    def start_and_capture(payment: UUID) -> tuple[bool, bool]:
        with transaction.atomic():
            claimed = holds.claim(payment_id=payment)
        with transaction.atomic():
            return claimed, holds.capture(payment_id=payment, amount=price)

    def release(payment: UUID) -> bool:
        with transaction.atomic():
            return holds.release(payment_id=payment, reason="too late")

    winners: Counter[object] = Counter()

    def check(payment: UUID, outcomes: list[Any]) -> None:
        (claimed, captured), released = outcomes
        assert claimed == captured != released  # what was claimed is not released any more
        status = Payment.objects.get(pk=payment).status
        assert status == ("settled" if captured else "released")
        winners[status] += 1

    contest(lambda _: pay(rich_alice, sticker).pk, [start_and_capture, release], check)
    assert holds_money(shop.pk) == winners["settled"] * (price - 6)


def test_freeze_against_payment(alice: User, bob: User) -> None:
    """A payment is whole or refused; once the freeze has returned, nothing is paid any more."""
    CapRule.objects.update(cap=RICH)
    fill(alice, RICH)
    code = static_code(bob).token
    account = wallet(bob).pk

    def prepare(_: int) -> int:
        accounts.unfreeze(account_id=account, reason="next round")
        return has(bob)

    def freeze_and_look(_: int) -> int:
        accounts.freeze(account_id=account, reason="race")
        return queries.account_balance(account)

    def check(before: int, outcomes: list[Any]) -> None:
        answer, seen = outcomes
        assert answer in {"201", "payee_frozen"}
        assert has(bob) == seen == before + (PRICE if answer == "201" else 0)

    contest(prepare, [partial(pays_price, alice, code), freeze_and_look], check)
    accounts.unfreeze(account_id=account, reason="over")


def test_limit_counters(bob: User) -> None:
    """Three payments of one payer against a cap that two of them fill exactly."""
    CapRule.objects.filter(name=caps.PERSONAL_STATIC).update(cap=2 * PRICE)
    code = static_code(bob).token

    def prepare(number: int) -> UUID:
        payer = person(f"Payer {number}", f"+8613600{number:06}")
        fill(payer, RICH)
        return payer.pk

    def act(payer: UUID) -> str:
        return pays(User.objects.get(pk=payer), code, PRICE)

    def check(payer: UUID, outcomes: list[Any]) -> None:
        assert Counter(outcomes) == {"201": 2, "limit_exceeded": 1}
        used = CapCounter.objects.get(payer__owner=payer, rule_id=caps.PERSONAL_STATIC).used
        assert used == 2 * PRICE

    contest(prepare, [act] * 3, check)
    assert has(bob) == ROUNDS * 2 * PRICE


def gives_back(shop: Merchant, payment: UUID, amount: int | None) -> str:
    """Refund under the shop's key; the answer's status."""
    answer = refunds.refund(
        call=called(shop.pk),
        payment_id=payment,
        payee_account_id=shop.account_id,
        amount=amount,
        reason="race",
    )
    return str(answer.status)


def called(caller: UUID) -> Call:
    return Call(caller, str(uuid7()), b"body", "request")


def test_double_refund(alice: User, mei_shop: Merchant) -> None:
    """Two parts that do not fit together, and the rest: what was captured comes back, with its fee, once."""
    fill(alice, PRICE)
    code = codes.create(account_id=mei_shop.account_id, payable="merchant")

    def check(payment: UUID, outcomes: list[Any]) -> None:
        found = Payment.objects.get(pk=payment)
        assert found.refunded_amount <= PRICE
        assert Counter(outcomes)["201"] >= 1
        if found.refunded_amount < PRICE:
            gives_back(mei_shop, payment, None)
        found.refresh_from_db()
        assert (found.refunded_amount, found.fee_returned, found.fee) == (PRICE, 6, 6)
        assert (has(alice), holds_money(mei_shop.account_id)) == (PRICE, 0)

    contest(
        lambda _: pay(alice, code, PRICE).pk,
        [
            lambda payment: gives_back(mei_shop, payment, 400),
            lambda payment: gives_back(mei_shop, payment, 301),
            lambda payment: gives_back(mei_shop, payment, None),
        ],
        check,
    )


def charges_shown(shop: Merchant, digits: str) -> str:
    """Charge what a payer showed; the answer's status."""
    wish, quote = charges.Wish(digits, PRICE), counter_quote(shop.account_id)
    return str(charges.charge(call=called(shop.pk), wish=wish, quote=quote).status)


def test_one_payer_shown_code_charged_twice(alice: User, bob: User, mei_shop: Merchant) -> None:
    CapRule.objects.update(cap=RICH)
    fill(alice, RICH)
    rival = open_merchant(owner_id=bob.pk, name="Rival", category="retail")

    def check(_: str, outcomes: list[Any]) -> None:
        assert Counter(outcomes) == {"201": 1, "payment_code_used": 1}

    contest(
        lambda _: str(shown.show(payer_id=alice.pk)["digits"]),
        [partial(charges_shown, mei_shop), partial(charges_shown, rival)],
        check,
    )
    assert has(alice) == RICH - ROUNDS * PRICE


def withdraws(owner: User, source: str, amount: int, _: object) -> str:
    """Take money out; the answer's status."""
    answer = withdrawals.withdraw(call=called(owner.pk), amount=amount, source=source)
    return str(answer.status)


def test_withdrawal_against_payment(alice: User, bob: User) -> None:
    """The wallet holds the price and the fee of its withdrawal: one of the two is refused."""
    CapRule.objects.update(cap=RICH)
    code = static_code(bob).token
    fee = money.fee(PRICE, bp=10, minimum=10)

    def prepare(_: int) -> int:
        fill(alice, PRICE + fee - has(alice))
        return has(bob)

    def check(before: int, outcomes: list[Any]) -> None:
        assert sorted(outcomes) == ["201", "insufficient_funds"]
        paid = outcomes[0] == "201"
        assert (has(alice), has(bob) - before) == ((fee, PRICE) if paid else (0, 0))

    contest(prepare, [partial(pays_price, alice, code), partial(withdraws, alice, "wallet", PRICE)], check)


def test_refund_against_withdrawal(alice: User, mei: User, mei_shop: Merchant) -> None:
    """The shop has what one payment left it: it is given back or taken out, never both."""
    fill(alice, RICH)
    code = codes.create(account_id=mei_shop.account_id, payable="merchant")
    net = PRICE - 6

    def check(payment: UUID, outcomes: list[Any]) -> None:
        refunded, withdrawn = outcomes
        assert {refunded, withdrawn} in ({"201", "insufficient_funds"}, {"merchant_funds_short", "201"})
        assert holds_money(mei_shop.account_id) == 0
        assert Payment.objects.get(pk=payment).refunded_amount == (PRICE if refunded == "201" else 0)

    contest(
        lambda _: pay(alice, code, PRICE).pk,
        [lambda payment: gives_back(mei_shop, payment, None), partial(withdraws, mei, "merchant", net)],
        check,
    )
