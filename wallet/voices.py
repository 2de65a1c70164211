"""How each type of machine is spoken of: the one place in the wallet that knows what a type is called doing.

In the sentences `machine` is the machine inside a sentence, `Machine` at its beginning, `door` the door to
walk to, `time` an instant, `minutes` a number.
"""

from dataclasses import dataclass, replace

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from devices.machines.base import Reveal


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What people read about one type.

    Attributes:
        counts: it is worth counting down what is left of a run.
    """

    heading: Promise  # of the page where it is paid for
    go: Promise  # the button where nothing has to be paid
    comes_back: Promise
    begins: Promise
    starting: Promise
    meanwhile: Promise
    asked: Promise
    not_yet: Promise
    perhaps: Promise
    look_at_it: Promise
    is_running: Promise
    until: Promise
    while_running: Promise
    running: Promise
    confirmed: Promise
    counts: bool
    left: Promise
    ends_soon: Promise
    is_done: Promise
    finished: Promise
    done: Promise
    it_did_not: Promise
    did_not: Promise
    too_late: Promise


_A_MACHINE = Voice(
    heading=_("Start a machine"),
    go=_("Start"),
    comes_back=_("No start? The money comes back by itself"),
    begins=_("Starting"),
    starting=_("Starting %(machine)s"),
    meanwhile=_("It takes a few seconds"),
    asked=_("Asked to start"),
    not_yet=_("It has not started yet"),
    perhaps=_("Perhaps started"),
    look_at_it=_("Look at it: if it runs, all is well"),
    is_running=_("%(Machine)s is running"),
    until=_("Ends at %(time)s. You can close this page"),
    while_running=_("You can close this page"),
    running=_("Running"),
    confirmed=_("Start confirmed at %(time)s"),
    counts=True,
    left=_("left"),
    ends_soon=_("%(Machine)s is done in %(minutes)d min"),
    is_done=_("%(Machine)s is done"),
    finished=_("Finished at %(time)s"),
    done=_("Done"),
    it_did_not=_("It did not start"),
    did_not=_("Did not start"),
    too_late=_("It did not answer in time"),
)
_VOICES = {
    "bike": replace(
        _A_MACHINE,
        heading=_("Take a bike"),
        comes_back=_("No code? The money comes back by itself"),
        begins=_("Getting the code"),
        starting=_("Getting your code for %(machine)s"),
        asked=_("Asked for the code"),
        not_yet=_("No code yet"),
        is_running=_("%(Machine)s is yours"),
        until=_("Bring it back by %(time)s. You can close this page"),
        running=_("Yours"),
        confirmed=_("Code shown at %(time)s"),
        is_done=_("Your ride is over"),
        finished=_("It ended at %(time)s"),
        done=_("Ride over"),
        it_did_not=_("No code came"),
        did_not=_("No code came"),
        too_late=_("You could not have opened its lock"),
    ),
    "locker": replace(
        _A_MACHINE,
        heading=_("Open a door"),
        go=_("Open door"),
        comes_back=_("It stays shut? The money comes back by itself"),
        begins=_("Opening"),
        starting=_("Opening door %(door)s"),
        asked=_("Asked to open"),
        not_yet=_("The door has not opened yet"),
        perhaps=_("Perhaps open"),
        look_at_it=_("Look at it: if the door is open, all is well"),
        is_running=_("Door %(door)s is open"),
        until=_("Put in or take out, then shut the door"),
        while_running=_("Put in or take out, then shut the door"),
        running=_("Open"),
        confirmed=_("Opened at %(time)s"),
        counts=False,
        is_done=_("Door %(door)s is closed"),
        finished=_("Shut at %(time)s"),
        done=_("Closed"),
        it_did_not=_("It did not open"),
        did_not=_("Did not open"),
    ),
    "pulse": replace(
        _A_MACHINE,
        is_running=_("Paying %(machine)s"),
        until=_("It takes a few seconds"),
        while_running=_("It takes a few seconds"),
        running=_("Sending"),
        confirmed=_("Confirmed at %(time)s"),
        counts=False,
        is_done=_("%(Machine)s has its coins"),
        finished=_("At %(time)s. Go ahead and play"),
        done=_("Sent"),
    ),
}


@dataclass(frozen=True, slots=True)
class Telling:
    """How a code is shown to whoever may use it."""

    name: Promise
    words: Promise
    hand_on: bool  # it is for somebody else, too


_TELLINGS = {
    Reveal.CLOCK_CODE: Telling(
        _("Unlock code"), _("Type it on the lock. A new one comes every ten minutes"), hand_on=False
    ),
    Reveal.PARCEL_CODE: Telling(
        _("Pick-up code"), _("Hand it on: whoever types it here opens door %(door)s"), hand_on=True
    ),
}


def voice_of(machine_type: str) -> Voice:
    """Return how a type of machine is spoken of."""
    return _VOICES.get(machine_type, _A_MACHINE)


def telling_of(reveal: Reveal) -> Telling:
    """Return how a code is told. Raises KeyError for what reveals none."""
    return _TELLINGS[reveal]
