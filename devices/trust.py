"""Under which versions of its key a machine is believed: its own, and for a while the one before."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now

from devices.models import Device

Versions = tuple[int, ...]  # the newest first

OLD_KEY_COUNTS = Q(old_key_until__gt=Now())


def believed(device_ids: Iterable[UUID]) -> dict[UUID, Versions]:
    """Return the versions under which each of these machines is believed; one that is shut out has none."""
    known = Device.objects.filter(pk__in=device_ids, enabled=True)
    rows = known.annotate(old_counts=OLD_KEY_COUNTS).values_list("pk", "key_version", "old_counts")
    return {pk: (version, version - 1) if old_counts else (version,) for pk, version, old_counts in rows}
