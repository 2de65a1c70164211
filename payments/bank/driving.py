"""Bringing withdrawals to their end, whatever the bank answers and whoever dies in between.

1. Claim: one committed transaction takes a due row nobody else is at and moves its `due_at` behind a lease. A
   process that dies from here on has lost nothing: the row falls due again.
2. REQUESTED becomes SUBMITTED, committed, before the bank hears of it.
3. The bank is asked outside any transaction, under the row's id. A row that was SUBMITTED before is looked up
   first, because its answer may have been lost; only one that the bank never heard of is sent again.
4. What the bank said is applied by compare-and-set. Silence and "pending" change nothing: the row waits
   longer each time, up to five minutes, for ever. Time decides nothing.
"""

import logging
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import F

from outbox import clock
from payments import money
from payments.bank import banks, decide, outcomes
from payments.bank.port import Bank, Order, Outcome, Verdict
from payments.models import Withdrawal

LEASE = timedelta(seconds=30)  # longer than any call to a bank may take
BATCH = 100

Status = Withdrawal.Status
log = logging.getLogger(__name__)


def attend_to_due(*, at: datetime) -> int:
    """Attend to what is due at an instant; return how many there were. Any number of sweeps may run."""
    if banks.paying() is None:
        return 0
    due = Withdrawal.objects.filter(due_at__lte=at).order_by("due_at").values_list("id", flat=True)[:BATCH]
    found = list(due)
    for withdrawal_id in found:
        try:
            attend(withdrawal_id=withdrawal_id, at=at)
        except Exception:  # one bad row must not keep the others from their money
            log.exception("Withdrawal %s could not be attended to", withdrawal_id)
    return len(found)


def attend(*, withdrawal_id: UUID, at: datetime) -> None:
    """Ask the bank about one withdrawal if it is due and nobody else is at it."""
    bank = banks.paying()
    at = max(at, clock.now())  # the sweep may have begun long ago: a lease counts from now
    mine = _claim(withdrawal_id, at=at) if bank else None
    if bank is None or mine is None:
        return
    verdict = _ask(bank, mine)
    if verdict is None or verdict.outcome is Outcome.PENDING:
        _wait(mine, until=at + decide.back_off(mine.tries))
        return
    moved = outcomes.apply(withdrawal_id=mine.pk, verdict=verdict)
    if moved is None:
        log.critical("The bank says %s of withdrawal %s, which is %s", verdict, mine.pk, mine.status)
    if mine.status == Status.PAID and mine.resolved_at is not None and not moved:
        _wait(mine, until=decide.next_look(paid_at=mine.resolved_at, at=at))


@transaction.atomic
def _claim(withdrawal_id: UUID, *, at: datetime) -> Withdrawal | None:
    due = Withdrawal.objects.select_for_update(skip_locked=True, no_key=True).filter(due_at__lte=at)
    mine = due.filter(pk=withdrawal_id).first()
    if mine is not None:
        mine.tries += 1
        Withdrawal.objects.filter(pk=mine.pk).update(due_at=at + LEASE, tries=F("tries") + 1)
    return mine


def _ask(bank: Bank, mine: Withdrawal) -> Verdict | None:
    """Return what the bank says; None: it stayed silent, or was not asked."""
    send = partial(bank.pay_out, _order(mine))
    if mine.status == Status.REQUESTED:
        return banks.ask(send) if outcomes.submit(withdrawal_id=mine.pk) else None
    verdict = banks.ask(partial(bank.look_up, reference=mine.pk, incoming=False))
    lost = verdict is not None and verdict.outcome is Outcome.UNKNOWN and mine.status == Status.SUBMITTED
    return banks.ask(send) if lost else verdict


def _order(withdrawal: Withdrawal) -> Order:
    return Order(
        reference=withdrawal.pk,
        amount=withdrawal.amount,
        currency=money.currency(),
        holder=withdrawal.holder,
        number=withdrawal.number,
        bank=withdrawal.bank,
    )


def _wait(mine: Withdrawal, *, until: datetime | None) -> None:
    """Give the claim back; `tries` is the fence: whoever claimed later keeps his own. What ended stays so."""
    claimed = Withdrawal.objects.filter(pk=mine.pk, tries=mine.tries, due_at__isnull=False)
    claimed.update(due_at=until)
