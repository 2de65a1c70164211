"""Changing, withdrawing and giving back what a machine is believed by; each with its reason, written down."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from devices.errors import RotationUnderWay
from devices.models import Device, OperatorAction, Session
from devices.services.provision import Credentials, credentials
from devices.trust import OLD_KEY_COUNTS

OVERLAP = timedelta(hours=24)  # long enough for a visit; in a leak one does not wait


def rotate(*, device_id: UUID, user_id: UUID, reason: str, at_once: bool = False) -> Credentials:
    """Give a machine a new key and broker password; return them, nobody says them again.

    What it signs with the key before is believed for 24 hours, so that what it said until the new one is in
    it is not lost. Commands are signed with the key it last came online with.

    Args:
        at_once: the key before leaked: nothing signed with it counts from now on, and the machine is offline
            until it comes with the new one.

    Raises:
        RotationUnderWay: it has not come online with its last new key yet; another one would shut out the
            key it still holds. Not raised with `at_once`.
    """
    with transaction.atomic():
        # The session first, as a hello takes it before what hangs on the machine: else they could deadlock.
        Session.objects.select_for_update(no_key=True).get(pk=device_id)
        device = Device.objects.select_for_update(no_key=True).get(pk=device_id)
        if not at_once and _awaits_new_key(device):
            raise RotationUnderWay
        Device.objects.filter(pk=device.pk).update(
            key_version=F("key_version") + 1, old_key_until=None if at_once else Now() + OVERLAP
        )
        if at_once:
            Session.objects.filter(pk=device.pk).update(gone_at=Now())
        device.refresh_from_db()
        _note(device, "rotate_key", user_id, reason, version=device.key_version, at_once=at_once)
    return credentials(device)


def revoke(*, device_id: UUID, user_id: UUID, reason: str) -> bool:
    """Shut a machine out: nobody can pay for it, it is not heard, the broker refuses it. False: it was so.

    A run that is under way ends by its deadline, as for a machine that fell silent.
    """
    return _switch(device_id, user_id, reason, op="revoke", enabled=False)


def restore(*, device_id: UUID, user_id: UUID, reason: str) -> bool:
    """Let a machine that was shut out in again, with the key it had; False: it was in already."""
    return _switch(device_id, user_id, reason, op="restore", enabled=True)


def _awaits_new_key(device: Device) -> bool:
    overlapping = Device.objects.filter(
        OLD_KEY_COUNTS, pk=device.pk, session__key_version__lt=F("key_version")
    )
    return overlapping.exists()


def _switch(device_id: UUID, user_id: UUID, reason: str, *, op: str, enabled: bool) -> bool:
    with transaction.atomic():
        if not Device.objects.filter(pk=device_id, enabled=not enabled).update(enabled=enabled):
            return False
        _note(Device.objects.get(pk=device_id), op, user_id, reason)
        return True


def _note(device: Device, op: str, user_id: UUID, reason: str, **args: object) -> None:
    OperatorAction.objects.create(device=device, op=op, reason=reason, user_id=user_id, args=args)
