"""Reads a person's paid runs and turns them into the facts the pages speak from."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.utils.translation import gettext

from devices import presence, queries
from devices.machines.base import Phase, find_all
from devices.models import Event, Run
from devices.states import OPEN, RunStatus
from payments.models import Account
from wallet.facts import Facts, State, state_of

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


def facts_of(*, payment_id: UUID) -> Facts | None:
    """Return the facts of the run that a payment bought; None: it bought none."""
    run = _with_payment(Run.objects.filter(payment_id=payment_id)).first()
    return _facts(run) if run else None


def facts_of_open(*, user_id: UUID) -> list[tuple[UUID, Facts]]:
    """Return the runs a person has going, newest first, each with its payment's id."""
    runs = Run.objects.filter(payment__payer__owner_id=user_id, status__in=sorted(OPEN)).order_by("-id")
    return [(run.payment_id, _facts(run)) for run in _with_payment(runs)]


def facts_of_payments(*, payment_ids: Collection[UUID]) -> dict[UUID, Facts]:
    """Return the facts of runs by the payments that bought them."""
    runs = _with_payment(Run.objects.filter(payment_id__in=payment_ids))
    return {run.payment_id: _facts(run) for run in runs}


def last_word(*, run_id: UUID) -> datetime | None:
    """Return when a machine last said something about a run."""
    at: datetime | None = Event.objects.filter(command=run_id).aggregate(at=Max("received_at"))["at"]
    return at


def needs_last_word(facts: Facts) -> bool:
    """Does the page tell when the machine was last heard?"""
    return state_of(facts) in _UNHEARD


def _with_payment(runs: Any) -> Any:
    return queries.with_ears(runs).select_related("device", "payment", "payment__payee")


def _facts(run: Any) -> Facts:
    payment, device = run.payment, run.device
    return Facts(
        amount=payment.amount,
        captured=payment.captured_amount,
        released=payment.released_amount,
        payee=payment.payee_name,
        by_person=payment.payee.kind == Account.Kind.WALLET,
        type=device.type,
        label=label_of(device.type),
        number=device.number,
        run=run.status,
        run_id=run.pk,
        confirmed_at=payment.confirmed_at,
        settled_at=payment.resolved_at,
        started_at=run.started_at,
        ends_at=run.ends_at,
        ended_at=run.ended_at,
        release_at=run.release_at if run.status == RunStatus.PAID else queries.release_at(run),
        failure=run.failure,
        has_door=device.type in find_all() and find_all()[device.type].has_door,
        phases=_watchable(device.type),
        phase=_phase(device.type, run.phase),
        reachable=presence.gateway_is_up(run.beat_at, at=run.at),
    )


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
