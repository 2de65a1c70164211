"""What the first page shows: the balance, the machines in use, the latest movements."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from payments import queries
from wallet import clocks, money, movements, runs
from wallet.facts import Facts, State
from wallet.movements import Row
from wallet.pair import screen_of

ROWS = 3


@dataclass(frozen=True, slots=True)
class Using:
    """A card of a machine in use."""

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


@dataclass(frozen=True, slots=True)
class Home:
    """The first page. Amounts in minor units."""

    available: int
    held: int
    held_for: Sequence[str]
    using: Sequence[Using]
    rows: Sequence[Row]

    @property
    def version(self) -> str:
        """An opaque word that changes exactly when the page would say something else."""
        return hashlib.blake2s(repr(self).encode(), digest_size=8).hexdigest()


def home(*, user_id: UUID) -> Home:
    """Return a person's first page."""
    balance = queries.balance(user_id)
    going = runs.facts_of_open(user_id=user_id)
    return Home(
        available=balance.available,
        held=balance.held,
        held_for=[facts.number for _payment, facts in going if not facts.captured],
        using=[_card(payment_id, facts) for payment_id, facts in going],
        rows=movements.latest(user_id=user_id, limit=ROWS),
    )


def _card(payment_id: UUID, facts: Facts) -> Using:
    screen = screen_of(facts)
    return Using(
        url=reverse("wallet:payment", args=[payment_id]),
        type=facts.type,
        number=facts.number,
        label=facts.label,
        tone=screen.ring.tone,
        art=screen.ring.art,
        state=_state(screen.state, screen.machine.words),
        detail=_detail(screen.state, facts),
        since=screen.ring.since,
        until=screen.ring.until,
    )


def _state(state: State, words: str) -> str:
    if state in {State.STARTING, State.ANSWERED}:
        return _("Starting")
    return _("We do not know yet") if state is State.UNKNOWN else words


def _detail(state: State, facts: Facts) -> str:
    if state is State.RUNNING and facts.ends_at:
        return _("ends %(time)s") % {"time": clocks.minute(facts.ends_at)}
    return _("%(sum)s set aside") % {"sum": money.text(facts.amount)}
