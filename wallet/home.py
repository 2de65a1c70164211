"""What the first page shows: balance, machines in use and what they have to say, latest movements."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from devices.states import OPEN
from outbox import clock
from payments import queries
from wallet import clocks, money, movements, runs
from wallet.facts import Facts, State
from wallet.movements import Row
from wallet.pair import said, screen_of
from wallet.voices import voice_of

ROWS = 3
TOLD_FOR = timedelta(minutes=15)  # so long after its end it is said that a machine is done


@dataclass(frozen=True, slots=True)
class Using:
    """A card of a machine in use."""

    id: str
    url: str
    type: str
    number: str
    label: str
    tone: str
    art: str
    state: str
    detail: str
    since: datetime | None
    until: datetime | None
    soon: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """What a machine has to say to who is not looking at it; `key` names it when it is put away."""

    key: str
    url: str
    words: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that waits behind a door for whoever has its code."""

    url: str
    type: str
    number: str
    label: str
    words: str


@dataclass(frozen=True, slots=True)
class Home:
    """The first page. Amounts in minor units."""

    available: int
    held: int
    held_for: Sequence[str]
    notices: Sequence[Notice]
    using: Sequence[Using]
    kept: Sequence[Kept]
    rows: Sequence[Row]

    @property
    def version(self) -> str:
        """An opaque word that changes exactly when the page would say something else."""
        return hashlib.blake2s(repr(self).encode(), digest_size=8).hexdigest()


def home(*, user_id: UUID, put_away: Collection[str] = ()) -> Home:
    """Return a person's first page.

    Args:
        put_away: keys of notices that were read.
    """
    balance = queries.balance(user_id)
    recent = runs.facts_of_recent(user_id=user_id, since=clock.now() - TOLD_FOR)
    going = [(url, facts) for url, facts in recent if facts.run in OPEN]
    told = [notice for notice in _notices(recent) if notice.key not in put_away]
    return Home(
        available=balance.available,
        held=balance.held,
        held_for=[facts.number for _url, facts in going if not facts.captured and not facts.is_free],
        notices=told,
        using=[_card(url, facts) for url, facts in going],
        kept=[_kept(url, facts) for url, facts in runs.facts_of_kept(user_id=user_id)],
        rows=movements.latest(user_id=user_id, limit=ROWS),
    )


def _notices(of_runs: Iterable[tuple[str, Facts]]) -> Iterator[Notice]:
    """Say that it will be done soon, or is done, of machines that one walks away from."""
    for url, facts in of_runs:
        voice, minutes = voice_of(facts.type), facts.ends_in_min
        if minutes:
            words = said(voice.ends_soon, facts, minutes=minutes)
            yield Notice(f"soon-{facts.run_id.hex}", url, words)
        elif facts.ended_at and facts.warn_s:
            yield Notice(f"done-{facts.run_id.hex}", url, said(voice.is_done, facts))


def _card(url: str, facts: Facts) -> Using:
    screen = screen_of(facts)
    return Using(
        id=facts.run_id.hex,
        url=url,
        type=facts.type,
        number=facts.number,
        label=facts.label,
        tone=screen.ring.tone,
        art=screen.ring.art,
        state=_state(screen.state, facts, screen.machine.words),
        detail=_detail(screen.state, facts),
        since=screen.ring.since,
        until=screen.ring.until,
        soon=screen.soon,
    )


def _kept(url: str, facts: Facts) -> Kept:
    words = _("Door %(door)s · waits for its code") % {"door": facts.door}
    return Kept(url, facts.type, facts.number, facts.label, words)


def _state(state: State, facts: Facts, words: str) -> str:
    if state in {State.STARTING, State.ANSWERED}:
        return str(voice_of(facts.type).begins)
    return _("We do not know yet") if state is State.UNKNOWN else words


def _detail(state: State, facts: Facts) -> str:
    if facts.door:
        return _("door %(door)s") % {"door": facts.door}
    if state is State.RUNNING and facts.ends_at:
        return _("ends %(time)s") % {"time": clocks.minute(facts.ends_at)}
    return _("%(sum)s set aside") % {"sum": money.text(facts.amount)} if facts.amount else ""
