"""Every way the machines say no."""

from django.utils.translation import gettext_lazy as _

from outbox.errors import Refusal


class MachineOffline(Refusal):
    """Nobody hears this machine now, or the machines at all: nothing may be paid for it."""

    code = "machine_offline"
    status = 409
    sentence = _("This machine is not connected at the moment. Nothing was paid.")


class MachineBusy(Refusal):
    """Somebody else's run has not ended."""

    code = "machine_busy"
    status = 409
    sentence = _("Somebody is using this machine. Nothing was paid.")


class PaymentRequired(Refusal):
    """What was to be used without a payment costs something."""

    code = "payment_required"
    status = 409
    sentence = _("This costs something: pay for it.")


class UnknownSetupCode(Refusal):
    """No machine waits for whoever holds this; which of the reasons it has, nobody is told."""

    code = "unknown_setup_code"
    status = 404
    sentence = _("We do not know this set-up code, or somebody used it already.")


class NotYourShop(Refusal):
    """A machine was to earn for a shop, or to stand at a place, of somebody else."""

    code = "not_your_shop"
    status = 404
    sentence = _("You have no such shop or place.")


class NumberTaken(Refusal):
    """Another machine of the same owner carries this number."""

    code = "number_taken"
    status = 409
    sentence = _("Another machine of yours has this number.")


class RotationUnderWay(Refusal):
    """The key before still counts, and the machine has not shown that it holds the new one."""

    code = "rotation_under_way"
    status = 409
    sentence = _("The machine got a new key a short while ago and has not used it yet. Change it at once?")


class CodeStillPays(Refusal):
    """The machine has a printed code that works."""

    code = "code_still_pays"
    status = 409
    sentence = _("This machine's code still works. Revoke it first.")


class Unclaimed(Exception):
    """A machine was asked for whom it earns although it waits for its owner: a fault in the code."""


class UnknownDevice(Refusal):
    """There is none, or it is somebody else's."""

    code = "not_found"
    status = 404
    sentence = _("There is no such machine of yours.")


class OperationUnsupported(Refusal):
    """A type of machine does not know what an operator asked for."""

    code = "operation_unsupported"
    status = 400
    sentence = _("This type of machine cannot do that.")


class MachineRunning(Refusal):
    """An operator's action would disturb whoever uses the machine."""

    code = "machine_running"
    status = 409
    sentence = _("Somebody is using this machine. Confirm that it is meant.")


class TooManyCommands(Refusal):
    """A machine keeps few commands in mind; it was told so many within the last half minute."""

    code = "too_many_commands"
    status = 409
    sentence = _("This machine was given several commands just now. Try again in half a minute.")


class UnknownType(Exception):
    """No file in devices/machines/ describes this type."""


class IllegalMove(Exception):
    """A run was to be moved along a way that the table of moves does not have: a fault in the code."""


class HoldRefused(Exception):
    """The hold of a run's payment was decided elsewhere; whoever was about to move the run must roll back."""
