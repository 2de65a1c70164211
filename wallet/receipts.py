"""One payment as its payer or payee sees it, and one run that cost nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from devices.models import Run
from payments import queries
from payments.models import Account, Code, Payment, Transfer
from wallet import clocks, money, runs
from wallet.facts import Facts, State, state_of
from wallet.pair import screen_of
from wallet.screens import Screen


@dataclass(frozen=True, slots=True)
class Shown:
    """A receipt; with a `screen` while and after a machine was part of it. `amount` in minor units."""

    amount: int
    at: datetime
    headline: str = ""
    words: str = ""
    time: str = ""
    facts_list: Sequence[tuple[str, str]] = ()
    facts: Facts | None = None
    screen: Screen | None = None
    again: str = ""
    deadline: str = ""


def find(*, user_id: UUID, payment_id: UUID) -> Shown:
    """Return a payment of one's own.

    Raises:
        Http404: it is somebody else's, or nobody's.
    """
    arrived = Q(payee__owner_id=user_id, payee__kind=Account.Kind.WALLET, status=Payment.Status.SETTLED)
    mine = Q(payer__owner_id=user_id) | arrived
    payment = Payment.objects.filter(mine, pk=payment_id).select_related("payer", "payee", "code").first()
    if payment is None:
        raise Http404
    if payment.payer.owner_id != user_id:
        return _received(payment)
    facts = runs.facts_of(payment_id=payment_id, reader_id=user_id)
    return _with_machine(payment, _complete(facts, user_id)) if facts else _paid(payment)


def find_free(*, user_id: UUID, run_id: UUID) -> Shown:
    """Return a run that one opened oneself, where nothing had to be paid.

    Raises:
        Http404: it is somebody else's, or nobody's.
    """
    facts = runs.facts_of_free(run_id=run_id, reader_id=user_id)
    if facts is None:
        raise Http404
    facts = _complete(facts, user_id)
    target = Run.objects.filter(pk=run_id).values("device_id")
    code = Code.objects.filter(target__in=target, payable="machine", status=Code.Status.ACTIVE).first()
    return _of_run(facts, code)


def _complete(facts: Facts, user_id: UUID) -> Facts:
    """Add what only some states tell, and what costs a query."""
    if runs.needs_last_word(facts):
        return replace(facts, heard_at=runs.last_word(run_id=facts.run_id))
    if state_of(facts) is State.REPAID and not facts.is_free:
        return replace(facts, balance=queries.balance(user_id).available)
    return facts


def _with_machine(payment: Payment, facts: Facts) -> Shown:
    active = payment.code and payment.code.status == Code.Status.ACTIVE
    return _of_run(facts, payment.code if active else None)


def _of_run(facts: Facts, code: Code | None) -> Shown:
    return Shown(
        amount=facts.amount,
        at=facts.confirmed_at,
        facts=facts,
        screen=screen_of(facts),
        again=reverse("wallet:code", args=[code.token]) if code else "",
        deadline=clocks.second(facts.release_at) if facts.release_at else "",
    )


def _paid(payment: Payment) -> Shown:
    lines = [
        (_("Place"), payment.place),
        (_("For"), payment.memo),
        (_("Fee"), "0"),
        (_("Balance after"), _balance_after(payment)),
    ]
    return _receipt(
        payment,
        headline=_("Paid %(sum)s to %(name)s")
        % {"sum": money.text(payment.amount), "name": payment.payee_name},
        words=_("Paid to %(name)s") % {"name": payment.payee_name},
        lines=lines,
    )


def _received(payment: Payment) -> Shown:
    said = {"sum": money.text(payment.captured_amount), "name": payment.payer.name}
    shown = _receipt(
        payment,
        headline=_("Received %(sum)s from %(name)s") % said,
        words=_("Received from %(name)s") % said,
        lines=[(_("For"), payment.memo)],
    )
    return replace(shown, amount=payment.captured_amount)


def _receipt(payment: Payment, *, headline: str, words: str, lines: list[tuple[str, str]]) -> Shown:
    lines = [*lines, (_("Reference"), reference(payment.pk))]
    return Shown(
        amount=payment.amount,
        at=payment.confirmed_at,
        headline=headline,
        words=words,
        time=clocks.second(payment.confirmed_at),
        facts_list=[(name, text) for name, text in lines if text],
    )


def _balance_after(payment: Payment) -> str:
    left = Transfer.objects.filter(payment=payment, debit=payment.payer).values_list(
        "debit_balance_after", flat=True
    )
    balance = left.first()
    return money.text(balance) if balance is not None else ""


def reference(payment_id: UUID) -> str:
    """Return the last twelve digits of a payment's id, as people read them to each other."""
    digits = payment_id.hex[-12:].upper()
    return " ".join((digits[:4], digits[4:8], digits[8:]))
