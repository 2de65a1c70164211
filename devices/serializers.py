"""Machines and runs as the API shows them: for the document, the answers are made by queries."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from devices.services.operators import Operation
from devices.states import CommandStatus, RunStatus
from merchants.serializers import ReasonField
from payments.serializers import ObjectField
from people.fields import Text

ID_LENGTH = 36  # of a UUID in its usual form


class IdField(serializers.UUIDField):
    """An id as text: stock UUIDField takes numbers and other ways of writing one, too."""

    def to_internal_value(self, data: Any) -> UUID:
        """Refuse what is not 36 characters of text."""
        if not isinstance(data, str) or len(data) != ID_LENGTH:
            self.fail("invalid", value=data)
        return UUID(str(super().to_internal_value(data)))


@extend_schema_field({"type": "boolean"})
class TickField(serializers.Field[bool, Any, bool, Any]):
    """True or false and nothing else: stock BooleanField takes "yes" and 1."""

    default_error_messages = {"form": _("Give true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        """Refuse what JSON did not write as a boolean."""
        if not isinstance(data, bool):
            self.fail("form")
        return bool(data)

    def to_representation(self, value: bool) -> bool:
        """Return it as it is."""
        return value


class RunMachine(serializers.Serializer[Any]):
    """Which machine a run is on."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    name = serializers.CharField()
    type = serializers.CharField()


class RunView(serializers.Serializer[Any]):
    """One use of a machine."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=RunStatus.values)
    machine = RunMachine()
    option = serializers.CharField()
    ends_at = serializers.DateTimeField(allow_null=True)
    release_at = serializers.DateTimeField(allow_null=True)
    unlock_code = serializers.CharField(allow_null=True)
    failure = serializers.CharField(allow_null=True)


class NewRun(serializers.Serializer[None]):
    """A machine to use for nothing."""

    code = Text(max_length=512)
    option = Text(required=False, allow_null=True, max_length=64)
    args = ObjectField(required=False, allow_null=True)
    version = Text(required=False, allow_null=True, max_length=64)


class OptionView(serializers.Serializer[Any]):
    """Something a machine sells."""

    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the contract's name; a field has one too
    amount = serializers.IntegerField(
        help_text="Of the whole, of one unit (`per`), or of one step (`quoted`)."
    )
    details = serializers.CharField(allow_blank=True)
    per = serializers.CharField(allow_null=True, help_text="The argument that the amount is multiplied with.")
    quoted = serializers.BooleanField(help_text="Only scanning with option and args tells the price.")
    args_schema = ObjectField(help_text="JSON Schema of what `args` may hold with this option.")


class DeviceView(serializers.Serializer[Any]):
    """A merchant's machine."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    name = serializers.CharField()
    type = serializers.CharField()
    place = serializers.CharField(allow_blank=True)
    online = serializers.BooleanField()
    busy = serializers.BooleanField()
    run = RunView(allow_null=True)
    options = OptionView(many=True)
    faults = serializers.ListField(child=serializers.CharField())
    day_word = serializers.CharField(allow_null=True)


class NewTrigger(serializers.Serializer[None]):
    """Which payment starts the machine, and with what."""

    payment = IdField(help_text="A settled payment to the calling shop that no run was bought with.")
    option = Text(required=False, allow_null=True, max_length=64, help_text="Needed where several are sold.")
    args = ObjectField(required=False, allow_null=True)


class NewOperation(serializers.Serializer[None]):
    """What to do to a machine, and why."""

    op = serializers.ChoiceField(choices=[op.value for op in Operation])
    reason = ReasonField(max_length=200)
    args = ObjectField(required=False, allow_null=True, help_text="`door` of a locker to open.")
    confirm = TickField(required=False, help_text="Although somebody is using the machine.")


class OperationView(serializers.Serializer[Any]):
    """What was done or ordered."""

    id = serializers.UUIDField()
    op = serializers.CharField(help_text="Also claim, rotate_key, revoke, restore and the like, in lists.")
    status = serializers.ChoiceField(CommandStatus.values, help_text="How far the machine got with it.")


class ActionView(OperationView):
    """What was done to a machine, by whom and why."""

    args = ObjectField()
    reason = serializers.CharField()
    by = serializers.CharField(help_text="The name of the key, or of the person.")
    run = serializers.UUIDField(allow_null=True, help_text="What was under way.")
    created_at = serializers.DateTimeField()
