"""Random programs over the whole money API, against the same money kept on paper."""

import os
from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
    run_state_machine_as_test,
)

from merchants import applications
from merchants.models import Merchant
from merchants.payables import counter_quote
from payments import accounts, charges, codes, refunds, services, shown, withdrawals
from payments.bank import outcomes
from payments.models import Payment
from tests.payments.hands import capture, claim, release
from tests.payments.model import NEXT, Deal
from tests.payments.till import rehold
from tests.payments.town import BOX_BP, PEOPLE, PRICE, SHOP_BP, Town, outcome, picked

PROGRAMS = int(os.environ.get("SAOMA_PROGRAMS", "60"))
STEPS = 40
PAYEES = (*PEOPLE, "laundry")

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


class Programs(Town):
    """What they try, refused or not, comes out as on paper."""

    @rule(who=people, amount=amounts)
    def top_up(self, who: str, amount: int) -> None:
        self.brings(who, amount)

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
        payment, deal = self.deal(pick, prefer=lambda deal: deal.hold in {"open", "claimed"})
        self.moves(payment, deal, move, part)

    def moves(self, payment: Payment, deal: Deal, move: str, part: int) -> None:
        match move:
            case "claim":
                assert claim(payment) is self.paper.claim(deal)
            case "capture":
                part = min(part, deal.waiting)
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
        waiting = pick % 2 and any(deal.reheld for deal in self.paper.deals.values())
        payment, deal = self.deal(
            pick,
            prefer=lambda deal: (
                deal.reheld > 0 if waiting else deal.payee in self.paper.shops and deal.captured > 0
            ),
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

    @precondition(lambda self: self.paper.deals)
    @rule(
        pick=picks,
        amount=amounts,
        then=st.sampled_from([[], ["claim"], ["claim", "capture"], ["release"]]),
        part=st.integers(0, 60_000),
    )
    def rehold(self, pick: int, amount: int, then: list[str], part: int) -> None:
        """A shop starts a machine with a payment; what becomes of it is seen at once, or by `resolve`."""
        payment, deal = self.deal(pick, prefer=lambda deal: deal.payee in self.paper.shops and deal.left > 0)
        amount = amount if pick % 3 else max(1, min(amount, deal.left))
        expected = self.paper.rehold(deal, amount)
        self.does(deal.payee, lambda made: rehold(made, payment, amount), expected)
        for move in [] if expected else then:
            self.moves(payment, deal, move, part)

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
