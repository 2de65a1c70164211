"""What a speaker is told, and what its owner may compare it with. Reads; `services/announce.py` does."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from django.db.models import QuerySet

from devices import keys
from devices.machines.base import find_all
from devices.machines.speaker import day_word
from devices.models import Device
from devices.protocol.commands import Op
from outbox import clock
from payments import days
from payments.money import currency

LOCALES_OF = {"CNY": "zh", "JPY": "ja"}  # what is spoken where a currency is paid; elsewhere English


def types() -> list[str]:
    """Return the slugs of the machine types that announce payments."""
    return [slug for slug, machine in find_all().items() if machine.start_op is Op.ANNOUNCE]


def is_speaker(type: str) -> bool:  # noqa: A002  # the field's own name
    """Does a machine of this type announce, and sell nothing?"""
    return type in types()


def locale_of(device: Device) -> str:
    """Return the language a speaker speaks."""
    return str(device.settings.get("locale") or LOCALES_OF.get(currency(), "en"))


def word_of(device: Device, *, day: date) -> str:
    """Return a speaker's word of a day. It changes with the key, so at once when that is rotated."""
    return day_word(keys.key_of(str(device.pk), device.key_version), day, locale_of(device))


def words_today(*, device_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return today's words of those of these machines that are speakers."""
    return _words(Device.objects.filter(pk__in=device_ids, type__in=types())) if device_ids else {}


def of_owner(*, user_id: UUID) -> list[tuple[str, str]]:
    """Return the speakers of a person and of his shops: what each is called, and its word today."""
    theirs = Device.objects.filter(account__owner_id=user_id, type__in=types(), enabled=True)
    speakers = theirs.order_by("number", "pk")
    words = _words(speakers)
    return [(str(speaker), words[speaker.pk]) for speaker in speakers]


def _words(speakers: QuerySet[Device]) -> dict[UUID, str]:
    today = days.business_day(clock.now())
    return {speaker.pk: word_of(speaker, day=today) for speaker in speakers}
