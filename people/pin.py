"""The PIN: six digits, the second step inside a session before money moves.

The first check of a session runs the slow hash and lets the session remember a keyed hash of the PIN; later
checks compare that, in one round trip and without a write. Both count failures under the payer's lock; see
sql/pin_check.sql.
"""

from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db import connection, transaction

from outbox.clock import now
from people.errors import PinLocked, WeakPin, WrongPin
from people.models import Pin, Session
from people.tokens import peppered, session_mac, token_hash

LENGTH = 6
_NO_FAILURE: dict[str, Any] = {"failures": 0, "locks": 0, "locked_until": None}
_REMEMBERED_IN_BROWSER = timedelta(days=14)  # as long as a browser stays signed in


def check(*, user_id: UUID, session_token: str, pin: str) -> None:
    """Return if the PIN is right.

    Call it outside any transaction: a roll-back would forget the failure.

    Args:
        session_token: the raw token of the caller's session, from `people.authentication.session_token`.

    Raises:
        WrongPin: and the failure is counted.
        PinLocked: this was the fifth failure, or the lock still holds; nothing was compared then.
    """
    _refuse_inside_transaction()
    hashed, mac = token_hash(session_token), session_mac(token=session_token, pin=pin)
    verdict, retry_after_s = _one_row("SELECT * FROM pin_check(%s, %s, %s)", user_id, hashed, mac)
    if verdict == "unknown":
        verdict, retry_after_s = _check_slowly(user_id, pin, token_hash=hashed, mac=mac)
    if verdict == "locked":
        raise PinLocked(retry_after_s=retry_after_s)
    if verdict == "wrong":
        raise WrongPin


def change(*, user_id: UUID, pin: str) -> None:
    """Store a new PIN; every session must prove it again, and earlier failures are forgotten.

    Raises:
        WeakPin: others would try it first.
    """
    refuse_weak(pin)
    hashed = make_password(peppered(pin))
    with transaction.atomic():
        _lock(user_id)
        fresh = {"hash": hashed, **_NO_FAILURE, "changed_at": now()}
        Pin.objects.update_or_create(user_id=user_id, defaults=fresh)
        Session.objects.filter(user_id=user_id).update(pin_mac=None)


def unlock(*, user_id: UUID) -> bool:
    """Forget a payer's wrong PINs; False if there were none."""
    with transaction.atomic():
        _lock(user_id)
        failed = Pin.objects.filter(user_id=user_id, failures__gt=0)
        return failed.update(**_NO_FAILURE) == 1


def refuse_weak(pin: str) -> None:
    """Refuse what a thief tries first: fewer than three different digits, and runs like 123456 or 321098.

    Raises:
        WeakPin: see above.
    """
    digits = [int(digit) for digit in pin]
    steps = {(later - earlier) % 10 for earlier, later in pairwise(digits)}
    if len(set(digits)) < 3 or steps in ({1}, {9}):
        raise WeakPin


def _check_slowly(user_id: UUID, pin: str, *, token_hash: bytes, mac: bytes) -> tuple[str, int | None]:
    """Compare with the stored hash, under the payer's lock, and let the session remember a right PIN."""
    with transaction.atomic():
        _lock(user_id)
        stored = Pin.objects.filter(user_id=user_id).first()
        if stored is None:
            return "wrong", None
        moment = _one_row("SELECT clock_timestamp()")[0]
        if stored.locked_until is not None and stored.locked_until > moment:
            return "locked", max(1, round((stored.locked_until - moment).total_seconds()))
        if not check_password(peppered(pin), stored.hash):
            (retry_after_s,) = _one_row("SELECT pin_count_failure(%s)", user_id)
            return ("wrong", None) if retry_after_s is None else ("locked", retry_after_s)
        Pin.objects.filter(user_id=user_id, failures__gt=0).update(**_NO_FAILURE)
        _remember(user_id, token_hash=token_hash, mac=mac)
        return "ok", None


def _remember(user_id: UUID, *, token_hash: bytes, mac: bytes) -> None:
    """Keep the proof in the session's row; a browser's session gets its row here."""
    session, made = Session.objects.get_or_create(
        token_hash=token_hash,
        user_id=user_id,
        defaults={
            "kind": Session.Kind.BROWSER,
            "pin_mac": mac,
            "expires_at": now() + _REMEMBERED_IN_BROWSER,
        },
    )
    if not made:
        Session.objects.filter(pk=session.pk).update(pin_mac=mac)


def _lock(user_id: UUID) -> None:
    _one_row("SELECT pin_lock(%s)", user_id)


def _one_row(sql: str, *parameters: UUID | bytes) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row: tuple[Any, ...] = cursor.fetchone()
    return row


def _refuse_inside_transaction() -> None:
    blocks = connection.atomic_blocks
    if blocks and not getattr(
        blocks[-1], "_from_testcase", False
    ):  # as Django's own atomic(durable=True) tells a test's block
        raise transaction.TransactionManagementError("Check the PIN outside any transaction.")
