"""What lies behind the doors of lockers: put in and fetched with the runs that open the doors."""

import hmac
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from devices import keys
from devices.errors import MachineBusy
from devices.models import Parcel
from payments.errors import ArgsInvalid
from people import throttle

CODE_DIGITS = 8
WINDOW_S = 3600
TRIES_A_PAYER = 5  # wrong codes at one locker within the window
TRIES_A_LOCKER = 50  # of everybody; with a hundred parcels a guesser finds one in two hundred years

_WAITS = Q(ended_at__isnull=True)


def code_of(*, device_id: UUID, run_id: UUID) -> str:
    """Return the code that fetches what a run put in: derived, never stored."""
    digest = hmac.digest(_key(device_id), b"code|" + run_id.bytes, sha256)
    return str(int.from_bytes(digest[:8], "big") % 10**CODE_DIGITS).zfill(CODE_DIGITS)


def find(*, device_id: UUID, code: str, payer_id: UUID | None) -> Parcel:
    """Return the parcel that a code fetches. A wrong one is counted; call outside transactions.

    Args:
        payer_id: the user who typed it; None: a shop's server, whose customers share the locker's tries.

    Raises:
        ArgsInvalid: no parcel here has this code.
        MachineBusy: its door has not closed yet.
        TooManyTries: nothing was looked up.
    """
    tries = _tries(device_id, payer_id)
    throttle.take(tries, window_s=WINDOW_S)
    parcel = Parcel.objects.filter(_WAITS, device_id=device_id, code_hash=_hash(device_id, code)).first()
    if parcel is None:
        raise ArgsInvalid(errors={"args.code": [_("No parcel here has this code.")]})
    throttle.give_back(tries)
    if parcel.stored_at is None:
        raise MachineBusy
    return parcel


def doors_taken(*, device_id: UUID) -> list[str]:
    """Return the doors with something behind them."""
    return list(Parcel.objects.filter(_WAITS, device_id=device_id).values_list("door", flat=True))


def put_in(*, device_id: UUID, door: str, run_id: UUID) -> bool:
    """Expect a parcel behind a door that a run opens; False if something is there already.

    Two codes of one locker are equal once in a million parcels; then this run is refused like a taken door,
    and the next one has another code.
    """
    code_hash = _hash(device_id, code_of(device_id=device_id, run_id=run_id))
    parcel = Parcel(device_id=device_id, door=door, deposit_id=run_id, code_hash=code_hash)
    Parcel.objects.bulk_create([parcel], ignore_conflicts=True)
    return Parcel.objects.filter(pk=parcel.pk).exists()


def fetch(*, parcel_id: UUID, run_id: UUID) -> bool:
    """Let a run fetch a parcel; False if another one does or did."""
    waiting = Parcel.objects.filter(_WAITS, pk=parcel_id, stored_at__isnull=False, fetched_by=None)
    return waiting.update(fetched_by=run_id) == 1


def follow(*, run_id: UUID, opened: bool, at: datetime) -> None:
    """Let what a run put in or fetched follow its end, in the same transaction.

    Args:
        opened: its door was seen to open. Then something was put in, or taken out, for all we know.
    """
    put = Parcel.objects.filter(_WAITS, deposit=run_id, stored_at__isnull=True)
    fetched = Parcel.objects.filter(_WAITS, fetched_by=run_id)
    if opened:
        put.update(stored_at=at)
        fetched.update(ended_at=at)
    else:
        put.update(ended_at=at)
        fetched.update(fetched_by=None)


def keep_shut(*, run_id: UUID, at: datetime) -> None:
    """Count a door as taken that opened for a deposit after its run was over: something may lie behind it.

    Else it would open for the next courier. The operator looks and clears it. Nothing changes where the door
    was given to somebody else meanwhile.
    """
    given_up = Parcel.objects.filter(deposit=run_id, stored_at__isnull=True, ended_at__isnull=False)
    others = Parcel.objects.filter(_WAITS, device_id=OuterRef("device_id"), door=OuterRef("door"))
    # Whoever takes the door at this very moment is stopped by the index, or stops us.
    with suppress(IntegrityError), transaction.atomic():
        given_up.filter(~Exists(others)).update(stored_at=at, ended_at=None)


def _tries(device_id: UUID, payer_id: UUID | None) -> dict[str, int]:
    """Return what a try counts for, the payer's own first: who is out of tries uses up nobody else's."""
    own = {} if payer_id is None else {f"locker {device_id} {payer_id}": TRIES_A_PAYER}
    return own | {f"locker {device_id}": TRIES_A_LOCKER}


def _hash(device_id: UUID, code: str) -> str:
    """Return what is stored of a code: without the key nobody can try all of them against it."""
    return hmac.digest(_key(device_id), b"hash|" + code.encode(), sha256).hex()


def _key(device_id: UUID) -> bytes:
    """Return the server's own key for a locker's codes: no machine knows it, and none is rotated with it."""
    return keys.key_of(f"{device_id} parcels")
