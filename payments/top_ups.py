"""Bringing money in from the bank: asked for once, posted once, whoever dies in between.

1. The order is stored under the call's key and committed, with a lease: a repeated call finds it again.
2. The bank is asked outside any transaction, under the order's id; one that may have been asked before is
   looked up first, and sent again only if the bank never heard of it.
3. What the bank said moves the order by compare-and-set and posts the money, in the transaction that stores
   the answer. A bank that is slow or silent makes the answer "requested"; the sweep goes on from there.
"""

import logging
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from outbox import clock
from payments import accounts, idempotency, ledger, money, states
from payments.bank import banks, decide
from payments.bank.port import Order, Outcome, Verdict
from payments.books import System, Transfer
from payments.errors import BankRefused, InProgress, KeyReused
from payments.idempotency import Answer, Call
from payments.ledger import Leg
from payments.models import TopUp

LEASE = timedelta(seconds=30)  # longer than any call to a bank may take
BATCH = 100
LONGEST_TEXT = 200  # of what the bank said

# How a call found its order.
_NEW, _AGAIN, _BUSY, _DONE, _OTHER = "new", "again", "busy", "done", "other"
_NOT_YET = 102  # no answer of ours: nothing is stored under the key

Status = TopUp.Status
log = logging.getLogger(__name__)


def top_up(*, call: Call, amount: int) -> Answer:
    """Bring minor units from the bank into the caller's wallet. Call it outside any transaction.

    Returns:
        201 and the top-up: "posted", or "requested" while the bank has not said that the money came.

    Raises:
        BankRefused: and stored.
        InProgress: the first call under this key is still running, or died less than `LEASE` ago.
        KeyReused, StoredRefusal: as `idempotency.run`.
    """
    begun = idempotency.run_storing(call, partial(_begin, call, amount))
    if begun.replayed:
        return begun
    found = str(begun.body["found"])
    if found == _OTHER:
        raise KeyReused
    if found == _BUSY:
        raise InProgress
    order = TopUp.objects.get(pk=str(begun.body["id"]))
    verdict = None if found == _DONE else _ask(order, asked_before=found == _AGAIN)
    return idempotency.run_storing(call, partial(_finish, call, order, verdict), waits=True)


def attend_to_due(*, at: datetime) -> int:
    """Finish what is due at an instant; return how many there were. Any number of sweeps may run at once."""
    found = list(TopUp.objects.filter(due_at__lte=at).order_by("due_at").values_list("id", flat=True)[:BATCH])
    for top_up_id in found:
        try:
            _attend(top_up_id, at=at)
        except Exception:  # one bad row must not keep the others from their money
            log.exception("Top-up %s could not be attended to", top_up_id)
    return len(found)


def _begin(call: Call, amount: int, now: datetime) -> Answer:
    """Store the order, or claim that of an earlier call. Stores no answer: nothing is decided yet."""
    wallet = accounts.wallet_of(call.caller)
    mine = TopUp(
        account=wallet, key=call.key, body_hash=call.body_hash, amount=amount, due_at=now + LEASE, tries=1
    )
    TopUp.objects.bulk_create([mine], ignore_conflicts=True)
    known = TopUp.objects.get(account=wallet, key=call.key)
    if known.pk == mine.pk:
        found = _NEW
    elif bytes(known.body_hash) != call.body_hash:
        found = _OTHER
    elif known.status != Status.REQUESTED:
        found = _DONE
    else:
        found = _AGAIN if _claim(known.pk, at=now) else _BUSY
    return Answer(_NOT_YET, {"id": str(known.pk), "found": found})


def _attend(top_up_id: UUID, *, at: datetime) -> None:
    order = _claim(top_up_id, at=max(at, clock.now()))  # the sweep may have begun long ago
    if order is not None:
        verdict = _ask(order, asked_before=True)
        with transaction.atomic():
            _settle(order, verdict)


@transaction.atomic
def _claim(top_up_id: UUID, *, at: datetime) -> TopUp | None:
    due = TopUp.objects.select_for_update(skip_locked=True, no_key=True).filter(due_at__lte=at)
    order = due.filter(pk=top_up_id).first()
    if order is not None:
        order.tries += 1
        TopUp.objects.filter(pk=order.pk).update(due_at=at + LEASE, tries=F("tries") + 1)
    return order


def _ask(order: TopUp, *, asked_before: bool) -> Verdict | None:
    """Return what the bank says; None: it stayed silent."""
    bank = banks.collecting()
    collect = partial(bank.collect, Order(reference=order.pk, amount=order.amount, currency=money.currency()))
    if not asked_before:
        return banks.ask(collect)
    verdict = banks.ask(partial(bank.look_up, reference=order.pk, incoming=True))
    if verdict is not None and verdict.outcome is Outcome.UNKNOWN:
        return banks.ask(collect)
    return verdict


def _finish(call: Call, order: TopUp, verdict: Verdict | None, now: datetime) -> Answer:
    """Do what the bank said and store the answer, in one transaction.

    Raises:
        BankRefused: the order's end is kept with it.
    """
    with transaction.atomic():
        _settle(order, verdict)
    order.refresh_from_db(fields=["status"])
    if order.status == Status.FAILED:
        raise BankRefused
    answer = Answer(201, body(order))
    idempotency.store(call, answer)
    return answer


def _settle(order: TopUp, verdict: Verdict | None) -> None:
    """Move an order to where the bank says it is; whoever is second changes nothing."""
    outcome = verdict.outcome if verdict else Outcome.PENDING
    said = verdict.text[:LONGEST_TEXT] if verdict else ""
    if outcome is Outcome.PAID:
        _post(order, said=said)
    elif outcome in {Outcome.FAILED, Outcome.RETURNED}:
        _move(order, Status.FAILED, said=said)
    else:
        claimed = TopUp.objects.filter(pk=order.pk, tries=order.tries, due_at__isnull=False)
        claimed.update(due_at=Now() + decide.back_off(order.tries))


def _post(order: TopUp, *, said: str) -> None:
    if _move(order, Status.PAID, said=said):
        legs = [Leg(Transfer.Kind.TOP_UP, System.BANK, order.account_id, order.amount)]
        ledger.post(legs, top_up_id=order.pk)


def _move(order: TopUp, to: str, *, said: str) -> bool:
    fields = {"bank_said": said, "resolved_at": Now(), "due_at": None}
    return states.move(TopUp, order.pk, source=Status.REQUESTED, to=to, **fields)


def body(order: TopUp) -> dict[str, object]:
    """Return a top-up as the contract writes it."""
    return {
        "id": str(order.pk),
        "amount": order.amount,
        "currency": money.currency(),
        "status": "posted" if order.status == Status.PAID else "requested",
    }
