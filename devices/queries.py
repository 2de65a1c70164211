"""Reading about machines and runs. What leaves here is ready for JSON."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now

from devices import presence, speakers, unlocking
from devices.models import IS_OPEN, Fault, GatewayBeat, Run
from devices.schedule import LONGEST_PATIENCE_S, Ears
from devices.sight import Sight
from devices.states import AWAITED, RunStatus
from outbox.clock import now
from payments.answers import instant
from payments.models import Account, Payment

MAY_STILL_START = AWAITED | {RunStatus.PAID}

_BEAT = GatewayBeat.objects.filter(pk=1)


def ears(*, at: datetime | None = None) -> Ears:
    """Return how well the gateway hears the machines, now or at the instant `at`."""
    beat = _BEAT.annotate(at=Now()).first()
    if beat is None:
        return presence.ears(None, None, at=at or now())
    return presence.ears(beat.beat_at, beat.hearing_since, at=at or beat.at)


def gateway_is_up() -> bool:
    """Do we hear the machines at all?"""
    return ears().up


def devices(*, device_ids: Sequence[UUID]) -> list[dict[str, object]]:
    """Return machines as their owner sees them, in the order given."""
    sights = Sight.of_many(device_ids)
    open_runs = with_ears(Run.objects.filter(IS_OPEN, device_id__in=device_ids)).order_by("id")
    running = {run.device_id: view(run) for run in open_runs}
    announcing = [sight.device_id for sight in sights.values() if speakers.is_speaker(sight.type)]
    words = speakers.words_today(device_ids=announcing)
    lasting = Fault.objects.filter(device__in=device_ids, cleared_at=None).order_by("pk")
    faults = [(fault.device_id, fault.code) for fault in lasting]
    return [
        {
            "id": str(device_id),
            "number": sights[device_id].number,
            "name": sights[device_id].name,
            "type": sights[device_id].type,
            "place": sights[device_id].place,
            "online": sights[device_id].online,
            "busy": sights[device_id].is_busy(),
            "run": running.get(device_id),
            "options": sights[device_id].options,
            "faults": [code for of_device, code in faults if of_device == device_id],
            "day_word": words.get(device_id),
        }
        for device_id in device_ids
    ]


def with_ears(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Add to runs what their view needs besides: the device, the payer, the gateway's beat, the time."""
    return runs.select_related("device").annotate(
        at=Now(),
        beat_at=Subquery(_BEAT.values("beat_at")),
        hearing_since=Subquery(_BEAT.values("hearing_since")),
        # Not by a join: inside the transaction of a payment the run is there before it.
        paid_by=Subquery(Payment.objects.filter(pk=OuterRef("payment_id")).values("payer__owner_id")),
    )


def of_person(user_id: UUID) -> QuerySet[Run]:
    """Return the runs that a person paid for, or opened where nothing had to be paid."""
    # Each by its index: a condition on either of two tables would read everybody's runs. And his accounts
    # first: the database knows how much one account paid, but not how much one owner did.
    own = list(Account.objects.filter(owner_id=user_id).values_list("pk", flat=True))
    paid = Run.objects.filter(payment__payer__in=own).values("pk")
    opened = Run.objects.filter(opened_by=user_id).values("pk")
    return Run.objects.filter(pk__in=paid.union(opened, all=True))


def is_of_person(user_id: UUID) -> Q:
    """Return the condition under which a run that is known by its id is one of `of_person`."""
    return Q(payment__payer__owner_id=user_id) | Q(opened_by=user_id)


def unlock_code(run: Any, *, reader_id: UUID | None) -> str | None:
    """Return the code that a run out of `with_ears` shows to a reader: only to who paid for or opened it."""
    if reader_id is None or reader_id not in {run.paid_by, run.opened_by_id}:
        return None
    return unlocking.code_of(run)


def view(run: Any, *, reader_id: UUID | None = None) -> dict[str, object]:
    """Return the contract's run, given one out of `with_ears`.

    Args:
        reader_id: the user who will read it; None: a merchant's server.
    """
    device = run.device
    started = run.status == RunStatus.STARTED
    return {
        "id": str(run.pk),
        "status": run.status,
        "machine": {"id": str(device.pk), "number": device.number, "name": device.name, "type": device.type},
        "option": run.option,
        "ends_at": instant(run.ends_at) if started else None,
        "release_at": instant(release_at(run)),
        "unlock_code": unlock_code(run, reader_id=reader_id),
        "failure": run.failure or None,
    }


def release_by(run: Any) -> datetime | None:
    """Return by when the money is back if the machine does not start; None: it did start, or it is back."""
    if run.status not in MAY_STILL_START:
        return None
    release: datetime = run.release_at
    return release + timedelta(seconds=LONGEST_PATIENCE_S)


def release_at(run: Any) -> datetime | None:
    """Return when the money goes back unless the machine speaks; None: never, or we cannot hear it speak."""
    if run.status not in AWAITED:
        return None
    hears = presence.ears(run.beat_at, run.hearing_since, at=run.at)
    if not hears.up:
        return None
    listened: datetime = run.hearing_since + timedelta(seconds=settings.GATEWAY_RETURN_S)
    release: datetime = run.release_at
    return max(release, listened)
