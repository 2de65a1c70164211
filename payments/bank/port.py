"""What the money part asks of a bank. docs/bank.md says what a bank must promise."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class Outcome(StrEnum):
    """Where the bank says an order is."""

    PAID = "paid"
    FAILED = "failed"  # no money moved, and none will
    RETURNED = "returned"  # it was paid, and came back
    PENDING = "pending"  # the bank has it; nothing is decided
    UNKNOWN = "unknown"  # the bank never heard of this reference


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the bank says of one order."""

    outcome: Outcome
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Money to pay out or to collect. A bank does the same reference once, however often it is asked.

    Attributes:
        reference: ours: the id of the withdrawal or top-up.
        amount: minor units of `currency`.
        holder, number, bank: the other side's account; empty where the bank knows its customers itself.
    """

    reference: UUID
    amount: int
    currency: str
    holder: str = ""
    number: str = ""
    bank: str = ""


class BankSilent(Exception):
    """No answer came: the order may be done or not. Only `look_up` tells, never the time that passed."""


class Bank(Protocol):
    """A bank that answers calls. Every call may raise `BankSilent`; none is made inside a transaction."""

    def pay_out(self, order: Order) -> Verdict:
        """Pay an order out of our account, once for its reference."""
        ...

    def collect(self, order: Order) -> Verdict:
        """Bring an order's money into our account, once for its reference."""
        ...

    def look_up(self, *, reference: UUID, incoming: bool) -> Verdict:
        """Say where an order is; UNKNOWN alone allows to send it again, under the same reference."""
        ...
