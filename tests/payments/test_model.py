"""Random programs over the whole money API, against the same money kept on paper."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from merchants import applications
from merchants.models import Merchant
from merchants.payables import counter_quote
from merchants.services import open_merchant
from outbox.errors import Refusal
from outbox.ids import uuid7
from payments import accounts, audit, charges, codes, refunds, services, shown, withdrawals
from payments.bank import outcomes
from payments.books import System
from payments.idempotency import Answer, Call
from payments.models import Account, Lane, Payment
from tests.cast import person
from tests.payments.hands import box_code, box_of, capture, claim, release
from tests.payments.model import NEXT, Deal, Paper

PROGRAMS = int(os.environ.get("SAOMA_PROGRAMS", "60"))
STEPS = 40
PRICE = 1_000
BOX_BP, SHOP_BP = 60, 80
START = 20_000
NOT_STORED = {"self_payment", "amount_too_small"}  # 400: the same call may come out otherwise later
PEOPLE = ("alice", "bob", "mei")
PAYEES = (*PEOPLE, "laundry")

Pick = TypeVar("Pick")

BANK: dict[str, Callable[[UUID], bool]] = {
    "submitted": lambda one: outcomes.submit(withdrawal_id=one),
    "cancelled": lambda one: outcomes.cancel(withdrawal_id=one, reason="asked"),
    "paid": lambda one: outcomes.pay(withdrawal_id=one),
    "failed": lambda one: outcomes.fail(withdrawal_id=one, said="no such account"),
    "returned": lambda one: outcomes.give_back(withdrawal_id=one, said="account closed"),
}

amounts = st.one_of(st.integers(1, 300), st.integers(1, 60_000))
people = st.sampled_from(PEOPLE)
payees = st.sampled_from(PAYEES)
picks = st.integers(0, 10**6)  # which of those there are


@dataclass
class Made:
    """A call that was made, and what it was answered: an answer's body, or a refusal's code."""

    act: Callable[[], Answer]
    said: object


class Programs(RuleBasedStateMachine):
    """Three people and a laundry; what they try, refused or not, comes out as on paper."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Made] = []
        # A program is undone as a whole; the services may believe that they are outermost.
        self.program = transaction.atomic()
        self.program._from_testcase = True  # type: ignore[attr-defined]  # as Django's own test case does
        self.program.__enter__()

    def teardown(self) -> None:
        try:
            audit.assert_conserved()
        finally:
            transaction.set_rollback(True)
            self.program.__exit__(None, None, None)

    @initialize()
    def open(self) -> None:
        self.users = {name: person(name, f"+86138000001{number:02}") for number, name in enumerate(PEOPLE)}
        laundry = open_merchant(owner_id=self.users["mei"].pk, name="Laundry", category="laundry")
        self.account: dict[str, Account] = {
            name: accounts.wallet_of(user.pk) for name, user in self.users.items()
        }
        self.codes = {name: codes.create(account_id=self.account[name].pk) for name in PEOPLE}
        self.codes["laundry"] = codes.create(account_id=laundry.account_id, payable="merchant")
        self.account["laundry"] = laundry.account
        box_of(laundry.account, price=PRICE, fee_bp=BOX_BP)
        self.box = box_code(laundry.account)
        self.paper = Paper(has=dict.fromkeys(self.account, 0), shops={"laundry"})
        for name in ("alice", "bob"):
            self.top_up(name, START)

    @rule(who=people, amount=amounts)
    def top_up(self, who: str, amount: int) -> None:
        self.does(who, lambda made: services.top_up(call=made, amount=amount), "")
        self.paper.top_up(who, amount)

    @rule(payer=people, payee=payees, amount=amounts)
    def pay(self, payer: str, payee: str, amount: int) -> None:
        """By printed code."""
        token = self.codes[payee].token
        if payee == "bob" and "bob's shop" in self.paper.shops:
            payee = "bob's shop"
        capped = "" if payee in self.paper.shops else "printed"
        expected = self.buys(payer, payee, amount, capped=capped)
        body = self.does(payer, lambda made: services.pay(call=made, code=token, amount=amount), expected)
        if body:
            self.paper.pay(UUID(str(body["id"])), payer, payee, amount, fee_bp=self.bp(payee), capped=capped)

    @rule(payer=people, rival=people, payee=people, amount=amounts)
    def pay_once(self, payer: str, rival: str, payee: str, amount: int) -> None:
        """By a code for one payment, which a second payer finds used."""
        code = codes.create(account_id=self.account[payee].pk, kind="dynamic", amount=amount)
        expected = self.buys(payer, payee, amount, capped="")
        body = self.does(payer, lambda made: services.pay(call=made, code=code.token), expected)
        if body:
            self.paper.pay(UUID(str(body["id"])), payer, payee, amount, fee_bp=0, capped="")
            self.does(rival, lambda made: services.pay(call=made, code=code.token), "code_used")

    @rule(payer=people)
    def hold(self, payer: str) -> None:
        expected = self.paper.refuses(payer, "laundry", PRICE, capped="", holds=True)
        body = self.does(payer, lambda made: services.pay(call=made, code=self.box.token), expected)
        if body:
            self.paper.hold(UUID(str(body["id"])), payer, "laundry", PRICE, fee_bp=BOX_BP)

    @precondition(lambda self: self.paper.deals)
    @rule(pick=picks, move=st.sampled_from(["claim", "capture", "release"]), part=st.integers(0, PRICE))
    def resolve(self, pick: int, move: str, part: int) -> None:
        payment, deal = self.deal(pick, prefer=lambda deal: deal.status == "confirmed")
        match move:
            case "claim":
                assert claim(payment) is self.paper.claim(deal)
            case "capture":
                part = min(part, deal.amount)
                assert capture(payment, part) is self.paper.resolve(deal, source="claimed", captured=part)
            case _:
                assert release(payment) is self.paper.resolve(deal, source="open", captured=0)

    @rule(payer=people, shop=picks, amount=amounts, at_most=st.none() | amounts)
    def charge(self, payer: str, shop: int, amount: int, at_most: int | None) -> None:
        """A cashier charges what a payer shows; the next finds it used, whatever came of the first."""
        name = sorted(self.paper.shops)[shop % len(self.paper.shops)]
        account = self.account[name].pk
        digits = str(shown.show(payer_id=self.users[payer].pk, max_amount=at_most)["digits"])
        refused = self.paper.refuses(payer, name, amount, capped="shown", holds=False)
        if at_most is not None and amount > at_most:
            refused = "too much"
        expected = "payment_declined" if refused else ""
        wish = charges.Wish(digits, amount)
        body = self.does(
            name, lambda made: charges.charge(call=made, wish=wish, quote=counter_quote(account)), expected
        )
        if body:
            self.paper.pay(UUID(str(body["id"])), payer, name, amount, fee_bp=SHOP_BP, capped="shown")
        self.does(
            "laundry",
            lambda made: charges.charge(call=made, wish=wish, quote=counter_quote(account)),
            "payment_code_used",
        )

    @precondition(lambda self: self.paper.deals)
    @rule(pick=picks, amount=st.none() | amounts)
    def refund(self, pick: int, amount: int | None) -> None:
        payment, deal = self.deal(
            pick, prefer=lambda deal: deal.payee in self.paper.shops and deal.captured > 0
        )
        expected = self.paper.refund(deal, amount)
        self.does(
            deal.payee,
            lambda made: refunds.refund(
                call=made,
                payment_id=payment.pk,
                payee_account_id=payment.payee_id,
                amount=amount,
                reason="spilt",
            ),
            expected,
        )

    @rule(who=payees, amount=amounts)
    def withdraw(self, who: str, amount: int) -> None:
        source = "merchant" if who in self.paper.shops else "wallet"
        body = self.does(
            "mei" if who == "laundry" else who,
            lambda made: withdrawals.withdraw(call=made, amount=amount, source=source),
            self.paper.withdraw_refuses(who, amount),
        )
        if body:
            assert body["fee"] == self.paper.withdrawal_fee(who, amount)
            self.paper.withdraw(UUID(str(body["id"])), who, amount)

    @precondition(lambda self: self.paper.leaving)
    @rule(pick=picks, verdict=st.sampled_from(list(NEXT)))
    def bank(self, pick: int, verdict: str) -> None:
        moving = [pk for pk, one in self.paper.leaving.items() if one.status in NEXT.values()]
        withdrawal = picked(moving or list(self.paper.leaving), pick)
        moved = BANK[verdict](withdrawal)
        assert moved is self.paper.bank_says(withdrawal, verdict)

    @precondition(lambda self: "bob's shop" not in self.paper.shops and "bob" not in self.paper.frozen)
    @rule()
    def upgrade(self) -> None:
        """Bob becomes a shop; his printed code pays it from now on."""
        wish = applications.apply(owner_id=self.users["bob"].pk, shop_name="Bob's", category="food")
        staff = self.users["mei"].pk
        assert applications.approve(application_id=wish.pk, staff_id=staff, reason="looks fine")
        self.account["bob's shop"] = Merchant.objects.get(pk=wish.pk).account
        self.paper.has["bob's shop"] = 0
        self.paper.shops.add("bob's shop")

    @rule(who=payees, frozen=st.booleans())
    def freeze(self, who: str, frozen: bool) -> None:
        (accounts.freeze if frozen else accounts.unfreeze)(account_id=self.account[who].pk, reason="test")
        (self.paper.frozen.add if frozen else self.paper.frozen.discard)(who)

    @precondition(lambda self: self.calls)
    @rule(pick=picks)
    def repeat(self, pick: int) -> None:
        """The same call again is the same answer again, whatever happened since."""
        made = picked([one for one in self.calls if isinstance(one.said, dict)] or self.calls, pick)
        assert outcome(made.act) == made.said

    @invariant()
    def everybody_has_what_stands_on_paper(self) -> None:
        assert {name: self.holds(account.pk) for name, account in self.account.items()} == self.paper.has
        assert self.holds(System.ESCROW) == self.paper.escrow
        assert self.holds(System.WITHDRAWAL_CLEARING) == self.paper.clearing
        assert self.holds(System.FEE_REVENUE) == self.paper.fees
        assert self.holds(System.BANK) == self.paper.in_bank

    def does(self, who: str, act: Callable[[Call], Answer], refused: str) -> dict[str, object] | None:
        """Act under a fresh key: refused as it stands on paper, or not at all."""
        made = Call(self.caller(who), str(uuid7()), b"body", "request")
        said = outcome(lambda: act(made))
        assert (said if isinstance(said, str) else "") == refused
        if refused not in NOT_STORED:
            self.calls.append(Made(lambda: act(made), said))
        return said if isinstance(said, dict) else None

    def caller(self, who: str) -> UUID:
        return self.users[who].pk if who in self.users else Merchant.objects.get(account=self.account[who]).pk

    def buys(self, payer: str, payee: str, amount: int, *, capped: str) -> str:
        if payer == payee:
            return "self_payment"
        return self.paper.refuses(payer, payee, amount, capped=capped, holds=False)

    def bp(self, payee: str) -> int:
        return SHOP_BP if payee in self.paper.shops else 0

    def deal(self, pick: int, prefer: Callable[[Deal], bool]) -> tuple[Payment, Deal]:
        """Return one of the deals that something can happen to, now and then one of the others."""
        liked = [pk for pk, deal in self.paper.deals.items() if prefer(deal)]
        pk = picked(liked if liked and pick % 5 else list(self.paper.deals), pick)
        return Payment.objects.get(pk=pk), self.paper.deals[pk]

    @staticmethod
    def holds(account_id: int) -> int:
        return sum(Lane.objects.filter(account_id=account_id).values_list("amount", flat=True))


def picked(candidates: Sequence[Pick], number: int) -> Pick:
    return candidates[number % len(candidates)]


def outcome(act: Callable[[], Answer]) -> object:
    """What a call came to: the answer's body, or the refusal's code."""
    try:
        return act().body
    except Refusal as refusal:
        return refusal.code


@pytest.mark.timeout(3600)
@pytest.mark.django_db(transaction=True)  # each program has a transaction, and so a time, of its own
def test_random_programs_come_out_as_on_paper() -> None:
    run_state_machine_as_test(
        Programs,
        settings=settings(
            max_examples=PROGRAMS,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
