"""A person's money as rows, newest first: one for each thing that happened, whatever transfers it took."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _

from payments.models import Payment, Transfer, Withdrawal
from payments.statements.lines import Entry, statement
from wallet import clocks, money, runs
from wallet.facts import Facts, State, state_of
from wallet.runs import Shown
from wallet.voices import voice_of

PAGE = 40  # transfers a page is made of


@dataclass(frozen=True, slots=True)
class _Word:
    words: str
    tone: str = ""


_TO_THE_BANK = {
    Withdrawal.Status.REQUESTED: _Word(gettext_noop("On its way"), "wait"),
    Withdrawal.Status.SUBMITTED: _Word(gettext_noop("On its way"), "wait"),
    Withdrawal.Status.PAID: _Word(gettext_noop("Withdrawn")),
    Withdrawal.Status.FAILED: _Word(gettext_noop("Did not arrive"), "fail"),
    Withdrawal.Status.RETURNED: _Word(gettext_noop("Sent back by the bank"), "fail"),
}
# These stand in the row of what had left, or came back, together with them.
_IN_ANOTHER_ROW = frozenset(
    {Transfer.Kind.RELEASE, Transfer.Kind.WITHDRAWAL_FEE, Transfer.Kind.WITHDRAWAL_FEE_RETURN}
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the history. `net` in minor units: what it did to the wallet in the end."""

    at: datetime
    url: str
    name: str
    state: str
    detail: str
    net: int
    machine: Shown | None = None
    tone: str = ""
    art_state: str = ""
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """The rows of one day. `net` is None while a part of the day stands on another page."""

    heading: str
    net: int | None
    rows: Sequence[Row]
    continued: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Whole days, and where the older ones begin."""

    days: Sequence[Day]
    before: int | None
    last: date | None


def latest(*, user_id: UUID, limit: int) -> list[Row]:
    """Return the newest rows."""
    return _rows(statement(user_id=user_id, limit=2 * limit))[:limit]  # a row takes two transfers at most


def page(*, user_id: UUID, before: int | None, after_day: date | None, today: date) -> Page:
    """Return a page of history.

    Args:
        before: the wallet's version to go back from; None: from now.
        after_day: the day with which the page before ended, if it was cut through.
    """
    found = statement(user_id=user_id, before=before, limit=PAGE + 1)
    more = len(found) > PAGE
    entries, cut = _whole_days(found[:PAGE]) if more else (found, None)
    days = groupby(_rows(entries), key=lambda row: _day(row.at))
    return Page(
        days=[
            _one_day(list(rows), day, today=today, cut=day in {cut, after_day}, continued=day == after_day)
            for day, rows in days
        ],
        before=entries[-1].version if more else None,
        last=cut,
    )


def _whole_days(entries: Sequence[Entry]) -> tuple[Sequence[Entry], date | None]:
    """Leave the last day to the next page, where it comes whole. A single day is cut through and returned."""
    last = _day(entries[-1].created_at)
    earlier = [entry for entry in entries if _day(entry.created_at) != last]
    return (earlier, None) if earlier else (entries, last)


def _one_day(rows: Sequence[Row], day: date, *, today: date, cut: bool, continued: bool) -> Day:
    net = sum(row.net for row in rows) if not cut else None
    return Day(clocks.day(day, today=today), net, rows, continued)


def _rows(entries: Iterable[Entry]) -> list[Row]:
    """Make rows of entries; what came back stands in the row of what had left."""
    entries = [entry for entry in entries if entry.kind not in _IN_ANOTHER_ROW]
    known = Payment.objects.in_bulk({entry.payment_id for entry in entries if entry.payment_id})
    withdrawn = Withdrawal.objects.in_bulk({entry.withdrawal_id for entry in entries if entry.withdrawal_id})
    bought = runs.facts_of_payments(payment_ids=[one.pk for one in known.values() if one.kind == "machine"])
    rows = []
    for entry in entries:
        if entry.payment_id:
            rows.append(_row(entry, known[entry.payment_id], bought.get(entry.payment_id)))
        elif entry.withdrawal_id:
            rows.append(_withdrawal(entry, withdrawn[entry.withdrawal_id]))
        else:
            rows.append(_top_up(entry))
    return rows


def _row(entry: Entry, payment: Payment, facts: Facts | None) -> Row:
    at, url, time = (
        entry.created_at,
        reverse("wallet:payment", args=[payment.pk]),
        clocks.minute(entry.created_at),
    )
    if entry.amount > 0:
        word = _("Refunded") if entry.kind == Transfer.Kind.REFUND else _("Received")
        return Row(at, url, entry.counterparty, word, time, entry.amount)
    net = payment.released_amount - payment.amount  # a refund has a row of its own
    if facts is None:
        return Row(at, url, payment.payee_name, _("Paid"), time, net)
    state = state_of(facts)
    stands = _word_of(state, facts)
    repaid = payment.released_amount
    back = _("%(sum)s repaid") % {"sum": money.text(repaid)} if repaid else ""
    return Row(
        at=at,
        url=url,
        name=facts.label,
        state=stands.words,
        detail=back or time,
        net=net,
        machine=Shown(facts.type, facts.number, facts.label),
        tone=stands.tone,
        art_state="off" if state is State.REPAID else "",
    )


def _word_of(state: State, facts: Facts) -> _Word:
    """Return how a row says where a run stands."""
    voice = voice_of(facts.type)
    match state:
        case State.STARTING | State.ANSWERED:
            return _Word(str(voice.begins), "wait")
        case State.RUNNING:
            return _Word(str(voice.running), "run")
        case State.DONE:
            return _Word(str(voice.done))
        case State.REPAID:
            return _Word(str(voice.did_not), "fail")
        case State.STOPPED:
            return _Word(_("Ended early"))
    return _Word(_("Not known yet"), "dusk")


def _withdrawal(entry: Entry, withdrawal: Withdrawal) -> Row:
    """Make one row of what left together, one of what came back together: the amount and its fee."""
    at, time, whole = entry.created_at, clocks.minute(entry.created_at), withdrawal.amount + withdrawal.fee
    if entry.amount > 0:
        return Row(at, "", _("From the bank"), _("Came back"), time, whole, icon="undo")
    word = _TO_THE_BANK[Withdrawal.Status(withdrawal.status)]
    fee = _("fee %(sum)s") % {"sum": money.text(withdrawal.fee)}
    detail = f"{time} · {fee}" if withdrawal.fee else time
    return Row(at, "", _("To the bank"), gettext(word.words), detail, -whole, tone=word.tone, icon="bank")


def _top_up(entry: Entry) -> Row:
    return Row(
        entry.created_at,
        "",
        _("Top up"),
        _("Added"),
        clocks.minute(entry.created_at),
        entry.amount,
        icon="plus",
    )


def _day(at: datetime) -> date:
    return timezone.localtime(at).date()
