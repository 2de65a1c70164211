"""What staff has a machine do, each confirmed with a reason, and once more while somebody is using it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from devices.machines.base import find_all
from devices.models import Device
from devices.services import operators
from devices.services.operators import Actor, Operation, Wish
from people.confirmed import Action, Given, Reason, Text
from people.names import clean_name

OPERATE = "devices.add_operatoraction"


class Order(Reason):
    """Why, and whether it is meant although a run is open."""

    confirm = forms.BooleanField(
        label=_("Although somebody is using it"),
        required=False,
        help_text=_("Tick this after you made sure. Without it nothing happens while a run is open."),
    )

    def clean_reason(self) -> str:
        """Refuse what reorders or hides text: the machine's owner reads it too."""
        return clean_name(self.cleaned_data["reason"], longest=200)


class DoorOrder(Order):
    """An order about one of a locker's doors."""

    door = forms.CharField(label=_("Door"), required=False, max_length=16, help_text=_("Of a locker."))


def _action(op: Operation, *, verb: Text, question: Text, form: type[Reason] = Order) -> Action:
    def act(device: Device, given: Given) -> bool:
        door = given.fields.get("door")
        wish = Wish(
            op=op,
            reason=given.reason,
            args={"door": door} if door else {},
            confirm=given.fields["confirm"],
        )
        operators.operate(device_id=device.pk, actor=Actor(user_id=given.staff_id), wish=wish)
        return True

    def applies(device: Any) -> bool:
        return device.type in find_all() and op in operators.operations_of(device)

    return Action(
        name=f"operate-{op.value.replace('_', '-')}",
        verb=verb,
        question=question,
        permission=OPERATE,
        applies=applies,
        act=act,
        form=form,
    )


ACTIONS = (
    _action(
        Operation.IDENTIFY,
        verb=_("Identify"),
        question=_("It blinks or beeps, so that somebody who stands there finds it."),
    ),
    _action(Operation.QUERY, verb=_("Ask"), question=_("It says again what it is doing.")),
    _action(
        Operation.STOP,
        verb=_("Stop"),
        question=_("It breaks off what it does. The payer gets back what was not earned."),
    ),
    _action(Operation.OPEN, verb=_("Open"), question=_("It opens this door."), form=DoorOrder),
    _action(Operation.POWER_ON, verb=_("Power on"), question=_("It takes runs again.")),
    _action(
        Operation.POWER_OFF,
        verb=_("Power off"),
        question=_("It takes no runs any more. One that is under way breaks off."),
    ),
    _action(
        Operation.CLEAR,
        verb=_("Clear"),
        question=_(
            "A started run that the machine does not end counts as interrupted now, and the payer gets back "
            "what was not earned. Faults and incidents are closed. With a door: what lies behind it is over."
        ),
        form=DoorOrder,
    ),
)
