"""Reads the runs that a person paid for, or opened, and turns them into the facts the pages speak from."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, Q
from django.urls import reverse
from django.utils.translation import gettext

from devices import presence, queries
from devices.machines.base import Machine, Phase, Reveal, find_all
from devices.models import IS_OPEN, Event, Run
from devices.states import OPEN, RunStatus
from payments.models import Account, Payment
from wallet.facts import Facts, State, state_of

MOST_KEPT = 20  # parcels shown at a time: a courier has his own list
SHORTEST = 0.05  # of a run: a shorter phase is over before anybody reads its name
_UNHEARD = frozenset({State.UNKNOWN, State.UNHEARD})


@dataclass(frozen=True, slots=True)
class Shown:
    """A machine as rows and cards show it."""

    type: str
    number: str
    label: str


def label_of(machine_type: str) -> str:
    """Return what people call a type of machine; a type that is gone keeps its slug."""
    machine = find_all().get(machine_type)
    return gettext(machine.label) if machine else machine_type


def facts_of(*, payment_id: UUID, reader_id: UUID) -> Facts | None:
    """Return the facts of the run that a payment bought; None: it bought none."""
    run = _whole(Run.objects.filter(payment_id=payment_id)).first()
    return _facts(run, reader_id=reader_id) if run else None


def facts_of_free(*, run_id: UUID, reader_id: UUID) -> Facts | None:
    """Return the facts of a run that somebody opened without paying; None: it is not his."""
    run = _whole(Run.objects.filter(pk=run_id, payment=None, opened_by=reader_id)).first()
    return _facts(run, reader_id=reader_id) if run else None


def facts_of_recent(*, user_id: UUID, since: datetime) -> list[tuple[str, Facts]]:
    """Return a person's runs that go on or finished since an instant, newest first, with their addresses."""
    recent = queries.of_person(user_id).filter(IS_OPEN | Q(status=RunStatus.FINISHED, ended_at__gt=since))
    return [(url_of(run), _facts(run)) for run in _whole(recent).order_by("-id")]


def facts_of_kept(*, user_id: UUID) -> list[tuple[str, Facts]]:
    """Return the runs by which a person put something in that nobody has fetched, newest first."""
    waiting = queries.of_person(user_id).filter(parcel__stored_at__isnull=False, parcel__ended_at=None)
    return [(url_of(run), _facts(run)) for run in _whole(waiting).order_by("-id")[:MOST_KEPT]]


def facts_of_payments(*, payment_ids: Collection[UUID]) -> dict[UUID, Facts]:
    """Return the facts of runs by the payments that bought them."""
    runs = _whole(Run.objects.filter(payment_id__in=payment_ids))
    return {run.payment_id: _facts(run) for run in runs}


def url_of(run: Run) -> str:
    """Return where a run is shown: on its payment's page, or on its own."""
    if run.payment_id is not None:
        return reverse("wallet:payment", args=[run.payment_id])
    return reverse("wallet:run", args=[run.pk])


def last_word(*, run_id: UUID) -> datetime | None:
    """Return when a machine last said something about a run."""
    at: datetime | None = Event.objects.filter(command=run_id).aggregate(at=Max("received_at"))["at"]
    return at


def needs_last_word(facts: Facts) -> bool:
    """Does the page tell when the machine was last heard?"""
    return state_of(facts) in _UNHEARD


def _whole(runs: Any) -> Any:
    return queries.with_ears(runs).select_related("device__account", "payment__payee")


def _facts(run: Any, *, reader_id: UUID | None = None) -> Facts:
    device, payee = run.device, run.payment.payee if run.payment else run.device.account
    machine = find_all().get(device.type)
    return Facts(
        **_money_of(run),
        payee=run.payment.payee_name if run.payment else payee.name,
        by_person=payee.kind == Account.Kind.WALLET,
        type=device.type,
        label=label_of(device.type),
        number=device.number,
        run=run.status,
        run_id=run.pk,
        confirmed_at=run.created_at,
        at=run.at,
        door=run.slot,
        warn_s=machine.warn_s if machine else 0,
        reveals=_reveals(machine, run.option),
        unlock_code=queries.unlock_code(run, reader_id=reader_id) or "",
        started_at=run.started_at,
        ends_at=run.ends_at,
        ended_at=run.ended_at,
        release_at=run.release_at if run.status == RunStatus.PAID else queries.release_at(run),
        failure=run.failure,
        has_door=machine.has_door if machine else False,
        phases=_watchable(device.type),
        phase=_phase(device.type, run.phase),
        reachable=presence.gateway_is_up(run.beat_at, at=run.at),
    )


def _money_of(run: Any) -> dict[str, Any]:
    """Return what became of a run's money. A shop's server may have started it for an older payment."""
    payment: Payment | None = run.payment
    if payment is not None and payment.kind == "machine":
        return {
            "amount": payment.amount,
            "captured": payment.captured_amount,
            "released": payment.released_amount,
            "settled_at": payment.resolved_at,
        }
    earned = run.earned or 0
    back = 0 if run.status in OPEN else run.price - earned
    return {"amount": run.price, "captured": earned, "released": back, "settled_at": run.started_at}


def _reveals(machine: Machine | None, option_id: str) -> Reveal:
    found = [option.reveals for option in machine.options if option.id == option_id] if machine else []
    return next(iter(found), Reveal.NOTHING)


def _phase(machine_type: str, phase_id: str) -> str:
    return next((gettext(phase.label) for phase in _phases(machine_type) if phase.id == phase_id), "")


def _watchable(machine_type: str) -> tuple[str, ...]:
    phases = _phases(machine_type)
    whole = sum(phase.share for phase in phases)
    return tuple(gettext(phase.label) for phase in phases if phase.share >= SHORTEST * whole)


def _phases(machine_type: str) -> tuple[Phase, ...]:
    """Return what a run passes through; nothing where one name would only repeat "running"."""
    machine = find_all().get(machine_type)
    return machine.phases if machine and len(machine.phases) > 1 else ()
