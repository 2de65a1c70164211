"""Telling Home Assistant of machines: what changed since it was told, a hundred at a time."""

from collections.abc import Callable, Iterable

from django.db.models import Q

from devices import home_assistant
from devices.machines.base import find_all
from devices.models import Device, Session

MOST = 100  # machines a pass: this must not keep commands waiting

Keep = Callable[[str, bytes], bool]  # publish as retained; True once the broker has it
NOTHING = b""  # a retained message without content is no longer retained


def discover(*, keep: Keep) -> int:
    """Tell of machines that are new or changed, and take back those that are gone; return how many.

    What the broker did not take is told in the next pass. With the setting off nothing is told or taken back.
    """
    if not home_assistant.is_on():
        return 0
    told = 0
    for device in _devices():
        wanted = home_assistant.configs(device) if _is_shown(device) else {}
        digest = home_assistant.digest(wanted) if wanted else ""
        if digest == device.session.discovery:
            continue
        messages = wanted or dict.fromkeys(home_assistant.topics_of(str(device.pk)), NOTHING)
        if not all(keep(topic, payload) for topic, payload in messages.items()):
            return told
        Session.objects.filter(pk=device.pk).update(discovery=digest)
        told += 1
        if told == MOST:
            break
    return told


def forget() -> int:
    """Let every machine be told again, to a broker that lost what it retained; return how many there were."""
    return Session.objects.exclude(discovery="").update(discovery="")


def _devices() -> Iterable[Device]:
    """Return the machines that are to be told of, or were."""
    concerned = Device.objects.filter(Q(enabled=True, account__isnull=False) | ~Q(session__discovery=""))
    return concerned.select_related("session", "place").order_by("pk").iterator(chunk_size=1000)


def _is_shown(device: Device) -> bool:
    machine = find_all().get(device.type)
    return device.enabled and device.account_id is not None and machine is not None and machine.electronic
