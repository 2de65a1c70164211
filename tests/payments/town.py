"""The town of the random programs: three people, a laundry, and their money on paper."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from merchants.models import Merchant
from merchants.services import open_merchant
from outbox.errors import Refusal
from outbox.ids import uuid7
from payments import accounts, audit, codes, services
from payments.books import System
from payments.idempotency import Answer, Call
from payments.models import Account, Lane, Payment
from tests.cast import person
from tests.conftest import RUNS
from tests.payments.hands import box_code, box_of
from tests.payments.model import Deal, Paper

PRICE = 1_000
BOX_BP, SHOP_BP = 60, 80
START = 20_000
NOT_STORED = {"self_payment", "amount_too_small"}  # the same call may come out otherwise later
PEOPLE = ("alice", "bob", "mei")

Pick = TypeVar("Pick")


@dataclass
class Made:
    """A call that was made, and what it was answered: an answer's body, or a refusal's code."""

    act: Callable[[], Answer]
    said: object


class Town(RuleBasedStateMachine):
    """Three people and a laundry, and the same money on paper."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Made] = []
        # A program is undone as a whole; the services may believe that they are outermost.
        self.program = transaction.atomic()
        self.program._from_testcase = True  # type: ignore[attr-defined]  # as Django's own test case does
        self.program.__enter__()

    def teardown(self) -> None:
        try:
            audit.assert_conserved(besides=RUNS)  # what is held again here starts no machine
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
            self.brings(name, START)

    def brings(self, who: str, amount: int) -> None:
        self.does(who, lambda made: services.top_up(call=made, amount=amount), "")
        self.paper.top_up(who, amount)

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
