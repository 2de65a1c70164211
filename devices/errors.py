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


class UnknownType(Exception):
    """No file in devices/machines/ describes this type."""


class IllegalMove(Exception):
    """A run was to be moved along a way that the table of moves does not have: a fault in the code."""


class HoldRefused(Exception):
    """The hold of a run's payment was decided elsewhere; whoever was about to move the run must roll back."""
