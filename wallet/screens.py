"""The pieces that a page about a machine is made of."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.crypto import salted_hmac

from wallet.facts import State


@dataclass(frozen=True, slots=True)
class Line:
    """One half of the pair."""

    look: str  # its glyph: money dashed, solid, back, none; machine wait, run, dusk, fail, done
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
class Secret:
    """A code that opens something, in groups as people read it aloud."""

    name: str
    words: str
    groups: tuple[str, ...]
    hand_on: bool  # it is for somebody else, too

    @property
    def whole(self) -> str:
        """The code as it is typed."""
        return "".join(self.groups)


@dataclass(frozen=True, slots=True)
class Screen:
    """Everything the page of a run says about one state."""

    state: State
    title: str
    text: str
    ring: Ring
    money: Line
    machine: Line
    returned: int = 0  # minor units that came back
    parts: tuple[Part, ...] = ()
    secret: Secret | None = None
    soon: bool = False  # it is about to be done

    @property
    def is_final(self) -> bool:
        """Will nothing change any more?"""
        return self.state.is_final

    @property
    def moment(self) -> str:
        """A word that changes when something happened that is worth saying aloud."""
        return f"{self.state}-soon" if self.soon else self.state

    @property
    def version(self) -> str:
        """An opaque word that changes exactly when the page would say something else.

        Keyed, because it stands in addresses and a code is among what it stands for.
        """
        return salted_hmac("wallet.screen", repr(self)).hexdigest()[:16]
