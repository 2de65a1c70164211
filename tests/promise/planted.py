"""Faults to plant: each leaves out one thing that the promise rests on."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from clients.micropython.core import Core
from devices.decide import Verdict, decide
from devices.protocol.envelope import decode
from devices.protocol.events import Event, EventName
from devices.protocol.topics import Topic
from devices.schedule import Ears
from devices.services.drive import Outgoing
from devices.states import NEXT, RunStatus
from tests.promise.books import Books
from tests.promise.device import Store
from tests.promise.rows import Run
from tests.promise.server import Server

# The machine


class NoDedupe(Core):
    """Every command is a new one."""

    def known(self, command_id: str) -> Any:
        return None


class Amnesia(Store):
    """Dedupe in memory alone: nothing survives a power cut."""

    def cut(self) -> None:
        self._records = {}


class LateStore(Store):
    """The newest write is still on its way to the flash when the relay moves."""

    def __init__(self, records: Iterable[Any] = ()) -> None:
        super().__init__(records)
        self._before: dict[str, Any] = {}

    def put(self, record: Any) -> None:
        self._before = dict(self._records)
        super().put(record)

    def cut(self) -> None:
        self._records = self._before


class ForgetsRejections(Core):
    """What it refused is not worth a write."""

    def keep(self, record: Any) -> Any:
        if json.loads(record["events"][-1])["ev"] == "rejected":
            return []
        return super().keep(record)


class NoExpiryAtTheRelay(Core):
    """It looks at the expiry when the command arrives, and not again before the relay moves."""

    def may_move(self, run: Any, now: int) -> bool:
        return True


class NoExpiry(NoExpiryAtTheRelay):
    """It does not look at the expiry at all."""

    def expired(self, exp: int, now: int) -> bool:
        return False


class AnySync(Core):
    """It takes each sync it gets, the second time too, and late."""

    def accepts(self, sync: Any, now: int) -> bool:
        return True


# The server


class NoGrace(Server):
    """It gives the money back at the very expiry."""

    @property
    def grace_s(self) -> float:
        return 0


class Impatient(Server):
    """It takes a machine's silence for an answer, even while nobody listens."""

    def ears(self, *, at: datetime) -> Ears:
        return Ears(up=True, hearing_s=3600, return_s=30)


class BelievesTheBroker(Server):
    """That the broker has the command counts as that the machine has started."""

    def acknowledged(self, outgoing: Outgoing, *, at: datetime) -> None:
        if not outgoing.topic.endswith(f"/{Topic.CMD}"):
            return
        run = self.rows.runs.get(UUID(decode(outgoing.payload.rpartition(b".")[0])["id"]))
        if run and RunStatus.STARTED in NEXT[run.status]:
            event = Event(id=run.id, boot=0, n=0, ev=EventName.STARTED, t=0, left_s=run.planned_s)
            self.books.carry_out(run, decide(run.facts, event, self.machine), at=at)


class PaysTwice(Server):
    """A start that is heard of after the release is paid for all the same."""

    def __init__(self, *, books: Books, **details: Any) -> None:
        super().__init__(books=_Debiting(books.rows, books.machine, books.judge, books.now), **details)


class _Debiting(Books):
    def carry_out(self, run: Run, verdict: Verdict, *, at: datetime, sending: bool = False) -> None:
        super().carry_out(run, verdict, at=at, sending=sending)
        if verdict.trouble:
            self.judge.money_moved(run.id, captured=run.price, released=0, now=self.now())
