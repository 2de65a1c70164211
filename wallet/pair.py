"""What the payer of a machine is told: money on one line, the machine on another, a ring of what is left.

Deciding only: facts go in, words come out. Money never speaks for the machine, nor the machine for money.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wallet import clocks, money, money_line
from wallet.facts import Facts, State, state_of
from wallet.screens import Line, Part, Ring, Screen, Secret
from wallet.voices import Voice, telling_of, voice_of

GROUP = 4  # digits people keep in their heads at a time

_REASONS: dict[str, Promise] = {
    "busy": gettext_lazy("Somebody else is using it"),
    "door_open": gettext_lazy("Its door is open"),
    "expired": gettext_lazy("It heard of it too late"),
    "unsupported": gettext_lazy("It does not know this program"),
    "args": gettext_lazy("It does not know this program"),
    "fault": gettext_lazy("It reports a fault"),
    "no_start": gettext_lazy("It tried, but nothing moved"),
}


def screen_of(facts: Facts) -> Screen:
    """Say what the payer should read now."""
    return _SCREENS[state_of(facts)](facts, voice_of(facts.type))


def said(words: Promise, facts: Facts, **more: object) -> str:
    """Fill a sentence of a voice in."""
    capital = facts.name[:1].upper() + facts.name[1:]
    return str(words) % {"machine": facts.name, "Machine": capital, "door": facts.door, **more}


def _starting(facts: Facts, voice: Voice) -> Screen:
    asked = Line("wait", str(voice.asked), _("No answer yet"), icon="power", since=facts.confirmed_at)
    return _on_its_way(State.STARTING, facts, voice, asked)


def _answered(facts: Facts, voice: Voice) -> Screen:
    line = Line("wait", _("It answered"), str(voice.not_yet), icon="power")
    return _on_its_way(State.ANSWERED, facts, voice, line)


def _on_its_way(state: State, facts: Facts, voice: Voice, line: Line) -> Screen:
    shut = _("Shut the door if it is still open") if facts.has_door else ""
    return Screen(
        state=state,
        title=said(voice.starting, facts),
        text=shut or str(voice.meanwhile),
        ring=Ring("wait", _until_what(facts), facts.confirmed_at, facts.release_at),
        money=money_line.waiting(facts),
        machine=line,
    )


def _running(facts: Facts, voice: Voice) -> Screen:
    words = f"{voice.running} · {facts.phase}" if facts.phase else str(voice.running)
    ends = clocks.minute(facts.ends_at) if facts.ends_at else ""
    minutes = facts.ends_in_min
    since, until = (facts.started_at, facts.ends_at) if voice.counts else (None, None)
    return Screen(
        state=State.RUNNING,
        title=said(voice.ends_soon, facts, minutes=minutes) if minutes else said(voice.is_running, facts),
        text=said(voice.until, facts, time=ends) if ends else str(voice.while_running),
        ring=Ring("run", str(voice.left), since, until, art="running"),
        money=money_line.waiting(facts),
        machine=Line("run", words, _confirmed(facts, voice), icon="power"),
        parts=_parts(facts),
        secret=_secret(facts),
        soon=minutes is not None,
    )


def _parts(facts: Facts) -> tuple[Part, ...]:
    if not facts.phase:
        return ()
    at = facts.phases.index(facts.phase) if facts.phase in facts.phases else len(facts.phases)
    looks = {True: "done", False: "later"}
    return tuple(
        Part(label, "now" if place == at else looks[place < at]) for place, label in enumerate(facts.phases)
    )


def _done(facts: Facts, voice: Voice) -> Screen:
    ended = facts.ended_at
    return Screen(
        state=State.DONE,
        title=said(voice.is_done, facts),
        text=said(voice.finished, facts, time=clocks.minute(ended)) if ended else "",
        ring=Ring("disc"),
        money=money_line.paid(facts),
        machine=Line("done", str(voice.done), _confirmed(facts, voice), icon="check"),
        secret=_secret(facts),
    )


def _unknown(facts: Facts, voice: Voice) -> Screen:
    silent = said(gettext_lazy("%(Machine)s has gone quiet."), facts)
    return Screen(
        state=State.UNKNOWN,
        title=_("We do not know yet"),
        text=f"{silent} {voice.look_at_it}",
        ring=Ring("dusk", _until_what(facts), facts.confirmed_at, facts.release_at),
        money=money_line.unsure(facts),
        machine=Line("dusk", str(voice.perhaps), _last_word(facts), icon="ask"),
    )


def _unheard(facts: Facts, voice: Voice) -> Screen:
    waits = _("We wait until we can ask %(machine)s again") % {"machine": facts.name}
    safe = _("Your money is safe. We wait until we can ask %(machine)s again") % {"machine": facts.name}
    return Screen(
        state=State.UNHEARD,
        title=_("We cannot hear the machines now"),
        text=waits if facts.is_free else safe,
        ring=Ring("dusk"),
        money=money_line.unsure(facts),
        machine=Line("dusk", _("We cannot hear it"), _last_word(facts), icon="ask"),
    )


def _repaid(facts: Facts, voice: Voice) -> Screen:
    sums = {"it_did_not": voice.it_did_not, "sum": money.text(facts.amount)}
    return Screen(
        state=State.REPAID,
        title=str(voice.it_did_not) if facts.is_free else _("%(it_did_not)s. %(sum)s is back") % sums,
        text=_("Try again, or take another machine"),
        ring=Ring("disc", art="off", back=not facts.is_free),
        money=money_line.back(facts),
        machine=Line("fail", str(voice.did_not), _reason(facts, voice), icon="stop"),
        returned=facts.released,
    )


def _stopped(facts: Facts, voice: Voice) -> Screen:
    sums = {"back": money.text(facts.released), "sum": money.text(facts.captured)}
    return Screen(
        state=State.STOPPED,
        title=_("It stopped early. %(back)s is back") % sums if facts.released else _("It stopped early"),
        text="" if facts.is_free else _("You paid %(sum)s for the time it ran") % sums,
        ring=Ring("disc", art="off", back=bool(facts.released)),
        money=money_line.partly_back(facts),
        machine=Line("fail", _("Stopped early"), _ended(facts), icon="stop"),
        returned=facts.released,
        secret=_secret(facts),
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


def _secret(facts: Facts) -> Secret | None:
    """Show a code in groups of equal length: 3 and 3, or 4 and 4."""
    code = facts.unlock_code
    if not code:
        return None
    telling = telling_of(facts.reveals)
    size = GROUP if len(code) % GROUP == 0 else 3
    groups = tuple(code[at : at + size] for at in range(0, len(code), size))
    return Secret(str(telling.name), said(telling.words, facts), groups, telling.hand_on)


def _until_what(facts: Facts) -> str:
    return _("until we give up") if facts.is_free else _("until repaid")


def _confirmed(facts: Facts, voice: Voice) -> str:
    if facts.started_at is None:
        return ""
    return said(voice.confirmed, facts, time=clocks.second(facts.started_at))


def _last_word(facts: Facts) -> str:
    if facts.heard_at is None:
        return _("No word from it yet")
    return _("Last word from it: %(time)s") % {"time": clocks.second(facts.heard_at)}


def _reason(facts: Facts, voice: Voice) -> str:
    return str(_REASONS.get(facts.failure, voice.too_late))


def _ended(facts: Facts) -> str:
    if facts.failure in _REASONS:
        return str(_REASONS[facts.failure])
    return _("It told us at %(time)s") % {"time": clocks.second(facts.ended_at)} if facts.ended_at else ""
