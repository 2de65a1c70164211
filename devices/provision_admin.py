"""What staff does to a machine's credentials and code, each confirmed with a reason."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from devices.models import Device
from devices.services import credentials, provision
from payments.models import Code
from people.confirmed import Action, Given, Reason

CHANGE = "devices.change_device"


class HowSoon(Reason):
    """Whether the key before counts for a while."""

    at_once = forms.BooleanField(
        label=_("At once"),
        required=False,
        help_text=_(
            "The key before leaked: believe it no longer. The machine is offline until it has this one."
        ),
    )


def _rotate(device: Device, given: Given) -> str:
    made = credentials.rotate(
        device_id=device.pk,
        user_id=given.staff_id,
        reason=given.reason,
        at_once=given.fields["at_once"],
    )
    told = gettext("Put this into the machine now. Key: %(key)s · MQTT password: %(password)s")
    return told % {"key": made.key, "password": made.mqtt_password}


def _revoke(device: Device, given: Given) -> bool:
    return credentials.revoke(device_id=device.pk, user_id=given.staff_id, reason=given.reason)


def _restore(device: Device, given: Given) -> bool:
    return credentials.restore(device_id=device.pk, user_id=given.staff_id, reason=given.reason)


def _renew_code(device: Device, given: Given) -> bool:
    provision.renew_code(device_id=device.pk, user_id=given.staff_id, reason=given.reason)
    return True


def _has_no_code(device: Any) -> bool:
    if device.account_id is None:
        return False
    stuck = Code.objects.filter(target=device.pk, account_id=device.account_id, kind=Code.Kind.STATIC)
    return not stuck.filter(status=Code.Status.ACTIVE).exists()


ACTIONS = (
    Action(
        name="rotate-key",
        verb=_("New key"),
        question=_(
            "The machine gets a new key and broker password, shown once. What it signs with the key before "
            "is believed for 24 hours more."
        ),
        permission=CHANGE,
        applies=lambda device: True,
        act=_rotate,
        form=HowSoon,
    ),
    Action(
        name="revoke",
        verb=_("Shut out"),
        question=_(
            "Nobody can pay for it, it is not heard any more, and the broker refuses it within seconds."
        ),
        permission=CHANGE,
        applies=lambda device: device.enabled,
        act=_revoke,
    ),
    Action(
        name="restore",
        verb=_("Let in again"),
        question=_("It is believed again with the key it had."),
        permission=CHANGE,
        applies=lambda device: not device.enabled,
        act=_restore,
    ),
    Action(
        name="renew-code",
        verb=_("New code"),
        question=_("It gets a new code to print. Its old one stays revoked."),
        permission=CHANGE,
        applies=_has_no_code,
        act=_renew_code,
    ),
)
