"""What the payer of a machine is told: money on one line, the machine on another, a ring of what is left.

Deciding only: facts go in, words come out. Money never speaks for the machine, nor the machine for money.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wallet import clocks, money
from wallet.facts import Facts, State, state_of

_REASONS: dict[str, Promise] = {
    "busy": gettext_lazy("Somebody else is using it"),
    "door_open": gettext_lazy("Its door is open"),
    "expired": gettext_lazy("It heard of it too late"),
    "unsupported": gettext_lazy("It does not know this program"),
    "args": gettext_lazy("It does not know this program"),
    "fault": gettext_lazy("It reports a fault"),
    "no_start": gettext_lazy("It tried, but nothing moved"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One half of the pair."""

    look: str  # its glyph: money dashed, solid, back; machine wait, run, dusk, fail, done
    words: str
    why: str
    icon: str = ""
    since: datetime | None = None  # how long ago it became so, where that matters


@dataclass(frozen=True, slots=True)
class Ring:
    """What is left. `disc`: nothing is."""

    tone: str  # wait, run, dusk, disc
    caption: str = ""
    since: datetime | None = None
    until: datetime | None = None
    art: str = ""  # running, off, or as it stands
    back: bool = False  # the coin came back


@dataclass(frozen=True, slots=True)
class Part:
    """One phase of a run on the way."""

    label: str
    look: str  # done, now, later


@dataclass(frozen=True, slots=True)
class Screen:
    """Everything the result page says about one state."""

    state: State
    title: str
    text: str
    ring: Ring
    money: Line
    machine: Line
    returned: int = 0  # minor units that came back
    parts: tuple[Part, ...] = ()

    @property
    def is_final(self) -> bool:
        """Will nothing change any more?"""
        return self.state.is_final

    @property
    def version(self) -> str:
        """An opaque word that changes exactly when the page would say something else."""
        return hashlib.blake2s(repr(self).encode(), digest_size=8).hexdigest()


def screen_of(facts: Facts) -> Screen:
    """Say what the payer should read now."""
    return _SCREENS[state_of(facts)](facts)


def _starting(facts: Facts) -> Screen:
    return Screen(
        state=State.STARTING,
        title=_("Starting %(machine)s") % {"machine": facts.name},
        text=_meanwhile(facts),
        ring=_until_repaid(facts),
        money=_set_aside(facts),
        machine=Line("wait", _("Asked to start"), _("No answer yet"), icon="power", since=facts.confirmed_at),
    )


def _answered(facts: Facts) -> Screen:
    return Screen(
        state=State.ANSWERED,
        title=_("Starting %(machine)s") % {"machine": facts.name},
        text=_meanwhile(facts),
        ring=_until_repaid(facts),
        money=_set_aside(facts),
        machine=Line("wait", _("It answered"), _("It has not started yet"), icon="power"),
    )


def _running(facts: Facts) -> Screen:
    words = _("Running · %(phase)s") % {"phase": facts.phase} if facts.phase else _("Running")
    return Screen(
        state=State.RUNNING,
        title=_("%(machine)s is running") % {"machine": _capital(facts.name)},
        text=_("Ends at %(time)s. You can close this page") % {"time": clocks.minute(facts.ends_at)}
        if facts.ends_at
        else _("You can close this page"),
        ring=Ring("run", _("left"), facts.started_at, facts.ends_at, art="running"),
        money=_paid(facts) if facts.captured else _set_aside(facts),
        machine=Line("run", words, _confirmed(facts), icon="power"),
        parts=_parts(facts),
    )


def _parts(facts: Facts) -> tuple[Part, ...]:
    if not facts.phase:
        return ()
    at = facts.phases.index(facts.phase) if facts.phase in facts.phases else len(facts.phases)
    looks = {True: "done", False: "later"}
    return tuple(
        Part(label, "now" if place == at else looks[place < at]) for place, label in enumerate(facts.phases)
    )


def _done(facts: Facts) -> Screen:
    return Screen(
        state=State.DONE,
        title=_("%(machine)s is done") % {"machine": _capital(facts.name)},
        text=_("Finished at %(time)s") % {"time": clocks.minute(facts.ended_at)} if facts.ended_at else "",
        ring=Ring("disc"),
        money=_paid(facts),
        machine=Line("done", _("Done"), _confirmed(facts), icon="check"),
    )


def _unknown(facts: Facts) -> Screen:
    silent = _("%(machine)s has gone quiet.") % {"machine": _capital(facts.name)}
    return Screen(
        state=State.UNKNOWN,
        title=_("We do not know yet"),
        text=f"{silent} {_('Look at it: if it runs, all is well')}",
        ring=Ring("dusk", _("until repaid"), facts.confirmed_at, facts.release_at),
        money=Line("dashed", _still(facts), _("Nobody has it yet")),
        machine=Line("dusk", _("Perhaps started"), _last_word(facts), icon="ask"),
    )


def _unheard(facts: Facts) -> Screen:
    return Screen(
        state=State.UNHEARD,
        title=_("We cannot hear the machines now"),
        text=_("Your money is safe. We wait until we can ask %(machine)s again") % {"machine": facts.name},
        ring=Ring("dusk"),
        money=Line("dashed", _still(facts), _("Nobody has it yet")),
        machine=Line("dusk", _("We cannot hear it"), _last_word(facts), icon="ask"),
    )


def _repaid(facts: Facts) -> Screen:
    known = facts.balance is not None
    back = _("Available now %(sum)s") % {"sum": money.text(facts.balance or 0)} if known else ""
    return Screen(
        state=State.REPAID,
        title=_("It did not start. %(sum)s is back") % {"sum": money.text(facts.amount)},
        text=_("Try again, or take another machine"),
        ring=Ring("disc", art="off", back=True),
        money=Line("back", _("%(sum)s is back") % {"sum": money.text(facts.amount)}, back),
        machine=Line("fail", _("Did not start"), _reason(facts), icon="stop"),
        returned=facts.released,
    )


def _stopped(facts: Facts) -> Screen:
    sums = {"back": money.text(facts.released), "all": money.text(facts.amount)}
    return Screen(
        state=State.STOPPED,
        title=_("It stopped early. %(back)s is back") % sums if facts.released else _("It stopped early"),
        text=_("You paid %(sum)s for the time it ran") % {"sum": money.text(facts.captured)},
        ring=Ring("disc", art="off", back=bool(facts.released)),
        money=Line("back", _("%(back)s of %(all)s is back") % sums, "") if facts.released else _paid(facts),
        machine=Line("fail", _("Stopped early"), _ended(facts), icon="stop"),
        returned=facts.released,
    )


_SCREENS = {
    State.STARTING: _starting,
    State.ANSWERED: _answered,
    State.RUNNING: _running,
    State.DONE: _done,
    State.UNKNOWN: _unknown,
    State.UNHEARD: _unheard,
    State.REPAID: _repaid,
    State.STOPPED: _stopped,
}


def _meanwhile(facts: Facts) -> str:
    return _("Shut the door if it is still open") if facts.has_door else _("It takes a few seconds")


def _until_repaid(facts: Facts) -> Ring:
    return Ring("wait", _("until repaid"), facts.confirmed_at, facts.release_at)


def _set_aside(facts: Facts) -> Line:
    why = _("Not theirs yet") if facts.by_person else _("Not the shop’s yet")
    return Line("dashed", _("%(sum)s set aside") % {"sum": money.text(facts.amount)}, why)


def _still(facts: Facts) -> str:
    return _("%(sum)s still set aside") % {"sum": money.text(facts.amount)}


def _paid(facts: Facts) -> Line:
    words = _("%(sum)s paid") % {"sum": money.text(facts.captured)}
    return Line("solid", words, f"{facts.payee} · {clocks.minute(facts.settled_at or facts.confirmed_at)}")


def _confirmed(facts: Facts) -> str:
    if facts.started_at is None:
        return ""
    return _("Start confirmed at %(time)s") % {"time": clocks.second(facts.started_at)}


def _last_word(facts: Facts) -> str:
    if facts.heard_at is None:
        return _("No word from it yet")
    return _("Last word from it: %(time)s") % {"time": clocks.second(facts.heard_at)}


def _reason(facts: Facts) -> str:
    return str(_REASONS.get(facts.failure, _("It did not answer in time")))


def _ended(facts: Facts) -> str:
    if facts.failure in _REASONS:
        return str(_REASONS[facts.failure])
    return _("It told us at %(time)s") % {"time": clocks.second(facts.ended_at)} if facts.ended_at else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
