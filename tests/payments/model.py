"""Money as one would keep it on paper: what every call must answer, and what everybody must have afterwards.

No database, no locks, no SQL: plain dictionaries, small enough to be believed.
"""

from dataclasses import dataclass, field
from uuid import UUID

CAPS = {"printed": 50_000, "shown": 500_000}  # a payer a day, through printed personal codes, and to cashiers
WITHDRAWAL_BP = 10
WITHDRAWAL_MINIMUM = 10
# From where the bank's word moves a withdrawal.
NEXT = {
    "submitted": "requested",
    "cancelled": "requested",
    "paid": "submitted",
    "failed": "submitted",
    "returned": "paid",
}


def half_up(numerator: int, denominator: int) -> int:
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest >= denominator)


def fee_of(amount: int, bp: int, minimum: int = 0) -> int:
    return min(amount, max(minimum, half_up(amount * bp, 10_000)))


@dataclass
class Deal:
    """One payment on paper."""

    payer: str
    payee: str
    amount: int
    fee_bp: int
    capped: str = ""
    status: str = "settled"
    hold: str = ""
    captured: int = 0
    released: int = 0
    refunded: int = 0
    again: bool = False  # a part of it was held again, and `hold` is that hold
    reheld: int = 0
    fee: int = 0
    fee_returned: int = 0

    @property
    def waiting(self) -> int:
        """What its unresolved hold holds."""
        return self.reheld if self.again else self.amount

    @property
    def left(self) -> int:
        return self.captured - self.refunded - self.reheld

    def owed(self, given_up: int) -> int:
        """The fee's share of what the payee gave up of it."""
        return half_up(self.fee * given_up, self.captured)


@dataclass
class Leaving:
    """One withdrawal on paper."""

    account: str
    amount: int
    fee: int
    status: str = "requested"


@dataclass
class Paper:
    """Everybody's money. Each verb returns the refusal's code, or "" and then it is done.

    Accounts stand in the order in which the ledger locks them: the first that refuses is told.
    """

    has: dict[str, int]
    shops: set[str]
    frozen: set[str] = field(default_factory=set)
    used: dict[tuple[str, str], int] = field(default_factory=dict)
    deals: dict[UUID, Deal] = field(default_factory=dict)
    leaving: dict[UUID, Leaving] = field(default_factory=dict)
    in_bank: int = 0
    fees: int = 0

    @property
    def total(self) -> int:
        """Everything that ever came in and has not left again."""
        return sum(self.has.values()) + self.escrow + self.clearing + self.fees

    @property
    def escrow(self) -> int:
        return sum(deal.waiting for deal in self.deals.values() if deal.hold in {"open", "claimed"})

    @property
    def clearing(self) -> int:
        return sum(one.amount for one in self.leaving.values() if one.status in {"requested", "submitted"})

    def held(self, who: str) -> int:
        waiting = [deal for deal in self.deals.values() if deal.payer == who and deal.status == "confirmed"]
        open_ones = [one for one in self.leaving.values() if one.account == who]
        return sum(deal.amount for deal in waiting) + sum(
            one.amount for one in open_ones if one.status in {"requested", "submitted"}
        )

    def top_up(self, who: str, amount: int) -> str:
        self.has[who] += amount
        self.in_bank -= amount
        return ""

    def refuses(self, payer: str, payee: str, amount: int, *, capped: str, holds: bool) -> str:
        """Why a payment would be refused."""
        if capped and self.used.get((payer, capped), 0) + amount > CAPS[capped]:
            return "limit_exceeded"
        of_payee = "payee_frozen" if payee in self.frozen else ""
        of_payer = "payer_frozen" if payer in self.frozen else ""
        if not of_payer and self.has[payer] < amount:
            of_payer = "insufficient_funds"
        names = list(self.has)
        if holds or names.index(payee) < names.index(payer):  # a hold only looks at its payee, first
            return of_payee or of_payer
        return of_payer or of_payee

    def pay(self, payment: UUID, payer: str, payee: str, amount: int, *, fee_bp: int, capped: str) -> None:
        """Settle at once."""
        fee = fee_of(amount, fee_bp)
        self.has[payer] -= amount
        self.has[payee] += amount - fee
        self.fees += fee
        self.deals[payment] = Deal(payer, payee, amount, fee_bp, capped, captured=amount, fee=fee)
        if capped:
            self.used[payer, capped] = self.used.get((payer, capped), 0) + amount

    def hold(self, payment: UUID, payer: str, payee: str, amount: int, *, fee_bp: int) -> None:
        self.has[payer] -= amount
        self.deals[payment] = Deal(payer, payee, amount, fee_bp, status="confirmed", hold="open")

    def claim(self, deal: Deal) -> bool:
        if deal.hold != "open":
            return False
        deal.hold = "claimed"
        return True

    def resolve(self, deal: Deal, *, source: str, captured: int) -> bool:
        """Capture (of a claimed hold) or release (of an open one)."""
        if deal.hold != source:
            return False
        if deal.again:
            self.give_out(deal, captured)
            return True
        deal.hold, deal.captured, deal.released = "resolved", captured, deal.amount - captured
        deal.status = "settled" if captured else "released"
        deal.fee = fee_of(captured, deal.fee_bp)
        self.has[deal.payee] += captured - deal.fee
        self.has[deal.payer] += deal.released
        self.fees += deal.fee
        return True

    def give_out(self, deal: Deal, captured: int) -> None:
        """What was held again: the earned part with its fee to the shop, the rest is a refund."""
        released = deal.reheld - captured
        deal.hold, deal.reheld = "resolved", 0
        deal.refunded += released
        taken = deal.fee_returned - deal.owed(deal.refunded)
        deal.fee_returned -= taken
        self.has[deal.payee] += captured - taken
        self.has[deal.payer] += released
        self.fees += taken

    def rehold(self, deal: Deal, amount: int) -> str:
        """A shop starts a machine with a settled payment."""
        if refused := self.refuses_rehold(deal, amount):
            return refused
        back = deal.owed(deal.refunded + amount) - deal.fee_returned
        if deal.payee in self.frozen:
            return "payer_frozen"
        if self.has[deal.payee] < amount - back:
            return "merchant_funds_short"
        deal.again, deal.hold, deal.reheld = True, "open", amount
        deal.fee_returned += back
        self.has[deal.payee] -= amount - back
        self.fees -= back
        return ""

    def refuses_rehold(self, deal: Deal, amount: int) -> str:
        """Why the payment itself starts nothing."""
        if deal.payee not in self.shops:
            return "not_found"
        if deal.status != "settled":
            return "payment_not_settled"
        if deal.again:
            return "payment_used"
        return "amount_too_small" if amount > deal.left else ""

    def refund(self, deal: Deal, amount: int | None) -> str:
        if deal.payee not in self.shops:
            return "payment_not_refundable"
        if deal.status != "settled":
            return "payment_in_escrow" if deal.status == "confirmed" else "payment_not_refundable"
        wanted = deal.left if amount is None else amount
        if wanted > deal.left or deal.left == 0:
            unsure = deal.reheld and wanted <= deal.left + deal.reheld
            return "payment_in_escrow" if unsure else "refund_exceeds_payment"
        back = deal.owed(deal.refunded + deal.reheld + wanted) - deal.fee_returned
        if self.has[deal.payee] < wanted - back:
            return "merchant_funds_short"
        deal.refunded += wanted
        deal.fee_returned += back
        self.has[deal.payee] -= wanted - back
        self.has[deal.payer] += wanted
        self.fees -= back
        return ""

    def withdraw_refuses(self, who: str, amount: int) -> str:
        if who not in self.shops and amount < WITHDRAWAL_MINIMUM:
            return "amount_too_small"
        if who in self.frozen:
            return "payer_frozen"
        if self.has[who] < amount + self.withdrawal_fee(who, amount):
            return "insufficient_funds"
        return ""

    def withdrawal_fee(self, who: str, amount: int) -> int:
        if who in self.shops:
            return 0
        return fee_of(amount, WITHDRAWAL_BP, WITHDRAWAL_MINIMUM)

    def withdraw(self, withdrawal: UUID, who: str, amount: int) -> None:
        fee = self.withdrawal_fee(who, amount)
        self.has[who] -= amount + fee
        self.fees += fee
        self.leaving[withdrawal] = Leaving(who, amount, fee)

    def bank_says(self, withdrawal: UUID, verdict: str) -> bool:
        """What was submitted is paid or failed, what was paid returned, what was requested cancelled."""
        one = self.leaving[withdrawal]
        if one.status != NEXT[verdict]:
            return False
        verdict = "failed" if verdict == "cancelled" else verdict
        if verdict == "submitted":
            pass
        elif verdict == "paid":
            self.in_bank += one.amount
        else:
            self.has[one.account] += one.amount + one.fee
            self.fees -= one.fee
            self.in_bank -= one.amount if verdict == "returned" else 0
        one.status = verdict
        return True
