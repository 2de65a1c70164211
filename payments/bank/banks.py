"""Which bank there is, and the one way to ask it."""

from collections.abc import Callable

from django.conf import settings
from django.db import connection, transaction

from payments.bank import demo
from payments.bank.port import Bank, BankSilent, Verdict

DEMO = "demo"


def paying() -> Bank | None:
    """Return the bank that pays withdrawals out when it is called; None: they leave in files (`payouts`)."""
    return demo.Demo() if settings.BANK == DEMO else None


def collecting() -> Bank:
    """Return the bank that top-ups come from. They exist in the demo alone, whichever bank pays out."""
    return demo.Demo()


def ask(call: Callable[[], Verdict]) -> Verdict | None:
    """Return what the bank says, None if it stays silent.

    Raises:
        TransactionManagementError: no lock may wait for a bank, and a roll-back would forget what it did.
    """
    blocks = connection.atomic_blocks
    if blocks and not getattr(blocks[-1], "_from_testcase", False):  # as atomic(durable=True) tells them
        raise transaction.TransactionManagementError("Ask the bank outside any transaction.")
    try:
        return call()
    except BankSilent:
        return None
