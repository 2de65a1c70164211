"""The demo's bank: keeps its own book, does everything at once, and misbehaves when its switches say so.

Its switches are one row in the admin: it can refuse, take money back, be slow, lose an answer or a request.
"""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from outbox import clock
from payments.bank.port import BankSilent, Order, Outcome, Verdict
from payments.models import DemoBank, DemoTransfer

# The reference decides: what is known already is not done again, only counted.
_TAKE = """
INSERT INTO payments_demotransfer (reference, incoming, amount, verdict, known_from)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (reference) DO UPDATE SET asked = payments_demotransfer.asked + 1
RETURNING incoming, amount
"""


def install() -> None:
    """Store the switches, all of them off; leave them as they are if they are there."""
    if settings.DEMO:
        DemoBank.objects.get_or_create(id=1)


class Demo:
    """A bank, as `payments.bank.port.Bank` describes it."""

    def pay_out(self, order: Order) -> Verdict:
        """Pay out: at once, unless a switch says otherwise."""
        return self._take(order, incoming=False)

    def collect(self, order: Order) -> Verdict:
        """Bring money in: at once, unless a switch says otherwise."""
        return self._take(order, incoming=True)

    def look_up(self, *, reference: UUID, incoming: bool) -> Verdict:
        """Say what became of an order."""
        known = DemoTransfer.objects.filter(reference=reference, incoming=incoming).first()
        return _verdict(known) if known else Verdict(Outcome.UNKNOWN)

    def _take(self, order: Order, *, incoming: bool) -> Verdict:
        switches = DemoBank.objects.first() or DemoBank(
            fails=False, returns=False, delay_s=0, loses_answers=False, loses_requests=False
        )
        if switches.loses_requests:
            raise BankSilent
        self._write_down(order, incoming=incoming, switches=switches)
        if switches.loses_answers:
            raise BankSilent
        known = DemoTransfer.objects.get(reference=order.reference)
        verdict = _verdict(known)
        if verdict.outcome is Outcome.RETURNED:
            return Verdict(Outcome.PAID)  # what it takes back it has paid first; who looks again hears of it
        return verdict

    def _write_down(self, order: Order, *, incoming: bool, switches: DemoBank) -> None:
        returns = switches.returns and not incoming
        said = Outcome.FAILED if switches.fails else Outcome.RETURNED if returns else Outcome.PAID
        known_from = clock.now() + timedelta(seconds=switches.delay_s)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_TAKE, [order.reference, incoming, order.amount, said.value, known_from])
            if cursor.fetchone() != (incoming, order.amount):
                raise ValueError(f"reference {order.reference} stands for another order")


def _verdict(known: DemoTransfer) -> Verdict:
    if known.known_from > clock.now():
        return Verdict(Outcome.PENDING)
    outcome = Outcome(known.verdict)
    texts = {
        Outcome.FAILED: _("The bank refused it."),
        Outcome.RETURNED: _("The bank of the recipient sent it back."),
    }
    return Verdict(outcome, texts.get(outcome, ""))
