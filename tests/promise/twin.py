"""The real services on a real PostgreSQL, and beside them the rows in memory, called in step and compared.

The database's clock is the world's: functions named like PostgreSQL's stand before them in the search path.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection

from devices import queries
from devices.errors import MachineBusy, MachineOffline
from devices.gateway.beat import beat
from devices.gateway.intake import Intake
from devices.gateway.line import Incoming
from devices.models import Command, Device, Incident, Run, Session
from devices.protocol.commands import Op
from devices.protocol.envelope import Body, decode
from devices.protocol.topics import Topic
from devices.schedule import Ears
from devices.services import drive, operate
from devices.services.drive import Outgoing
from devices.sight import Sight
from outbox.ids import uuid7
from payments.models import Hold, Payment
from people.models import User
from tests.devices.paying import pay_for, run_of
from tests.promise.rows import Rows
from tests.promise.server import Order, Server

CLOCK = """
CREATE SCHEMA IF NOT EXISTS worldly;
CREATE OR REPLACE FUNCTION worldly.now() RETURNS timestamptz STABLE LANGUAGE sql
    AS $$ SELECT current_setting('worldly.now')::timestamptz $$;
CREATE OR REPLACE FUNCTION worldly.statement_timestamp() RETURNS timestamptz STABLE LANGUAGE sql
    AS $$ SELECT current_setting('worldly.now')::timestamptz $$;
SET LOCAL search_path = worldly, public, pg_catalog;
"""
T = TypeVar("T")
QUIET = (Topic.TEL, Topic.STATE)  # what no run depends on


@contextmanager
def world_clock(at: datetime) -> Iterator[None]:
    """Until the end of the block the database's clock shows what it is told. Inside a transaction alone."""
    with connection.cursor() as cursor:
        _set_clock(at)
        cursor.execute(CLOCK)
        yield
        cursor.execute("SET LOCAL search_path = public")


def _set_clock(at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('worldly.now', %s, true)", [at.isoformat()])


class Real:
    """One machine's server, as it runs in production, without processes and broker."""

    def __init__(self, *, device: Device, payer: User) -> None:
        self.device, self._payer = device, payer
        self._intake = Intake(still_ours=lambda: True)

    def online(self) -> bool:
        sight = Sight.of(self.device.pk)
        return sight is not None and sight.online

    def pay(self, order: Order) -> UUID | None:
        try:
            return run_of(pay_for(self.device, self._payer, option=order.option, args=order.args)).pk
        except (MachineOffline, MachineBusy):
            return None

    def stop(self, *, expires_at: datetime, at: datetime) -> UUID:
        made = Command(
            id=uuid7(),
            device=self.device,
            op=Op.STOP,
            args={},
            expires_at=expires_at,
            due_at=at,
            created_at=at,
        )
        made.save(force_insert=True)
        return made.pk

    def attend(self, command_id: UUID, *, ears: Ears, connected: bool, at: datetime) -> Outgoing | None:
        outgoing = drive.attend(command_id=command_id, ears=ears, connected=connected, at=at)
        return outgoing or operate.attend(command_id=command_id, connected=connected, at=at)

    def take(self, incoming: Incoming) -> list[Outgoing]:
        answers = self._intake.store([incoming])
        self._intake.flush()
        return answers


class Twin:
    """A server for a world. Both must say the same, and afterwards hold the same."""

    def __init__(self, real: Real, model: Server) -> None:
        self.real, self.model = real, model
        self.calls = 0

    # The real one invents ids and sessions; the other takes them over.

    @staticmethod
    def nothing_new() -> Any:
        raise AssertionError("the rows in memory make what the real ones do not")

    def online(self, *, at: datetime) -> bool:
        _set_clock(at)
        return _same(self.real.online(), self.model.online(at=at))

    def pay(self, order: Order, *, at: datetime) -> UUID | None:
        _set_clock(at)
        run_id = self.real.pay(order)
        self.model.new_id = lambda: run_id if run_id else self.nothing_new()
        return self._compared(run_id, self.model.pay(order, at=at))

    def stop(self, *, at: datetime) -> None:
        _set_clock(at)
        self.model.new_id = uuid7
        self.model.stop(at=at)
        made = list(self.model.rows.commands.values())[-1]
        del self.model.rows.commands[made.id]
        made.id = self.real.stop(expires_at=made.expires_at, at=at)
        self.model.rows.commands[made.id] = made
        self.compare()

    def next_due(self) -> datetime | None:
        return self.model.next_due()

    def due(self, *, at: datetime) -> list[UUID]:
        _set_clock(at)
        real, model = list(drive.due_commands(at=at)), self.model.due(at=at)
        assert sorted(real) == sorted(model)
        return model

    def ears(self, *, at: datetime) -> Ears:
        _set_clock(at)
        return _same(queries.ears(at=at), self.model.ears(at=at))

    def attend(self, command_id: UUID, *, ears: Ears, connected: bool, at: datetime) -> Outgoing | None:
        """`at` may lie a little in the past, as in a sweep that takes its time."""
        real = self.real.attend(command_id, ears=ears, connected=connected, at=at)
        model = self.model.attend(command_id, ears=ears, connected=connected, at=at)
        _same(_body(real), _body(model))
        return self._compared(model, model)

    def take(self, incoming: Incoming, *, at: datetime) -> list[Outgoing]:
        _set_clock(at)
        real = self.real.take(incoming)
        self.model.hearing.new_sess = lambda: _body(real[0])["sess"] if real else self.nothing_new()
        model = self.model.take(incoming, at=at)
        _same([_body(one) for one in real], [_body(one) for one in model])
        if not incoming.topic.endswith(QUIET):
            self.compare()
        return model

    def beat(self, *, at: datetime) -> None:
        _set_clock(at)
        beat(holder="world")
        self.model.beat(at=at)

    def acknowledged(self, outgoing: Outgoing, *, at: datetime) -> None:
        self.model.acknowledged(outgoing, at=at)

    # Comparing

    def _compared(self, real: T, model: T) -> T:
        _same(real, model)
        self.compare()
        return model

    def compare(self) -> None:
        """Runs with their money, commands, the session and the incidents."""
        self.calls += 1
        rows, device = self.model.rows, self.real.device
        _same(_real_runs(device), _model_runs(rows))
        _same(_real_commands(device), _model_commands(rows))
        _same(_real_session(device), {name: getattr(rows.session, name) for name in SESSION})
        _same(set(Incident.objects.filter(device=device).values_list("run_id", "kind")), rows.incidents)


RUN = (
    *("status", "slot", "price", "planned_s", "release_at", "started_at", "ends_at", "ends_by", "ended_at"),
    *("phase", "earned", "failure", "assumed"),
)
COMMAND = ("op", "args", "status", "expires_at", "due_at", "attempt")
SESSION = (
    *("sess", "boot", "c", "offer_sess", "offer_boot", "offer_c"),
    *("synced_at", "gone_at", "last_seen_at"),
)


def _real_runs(device: Device) -> dict[UUID, Any]:
    found = Run.objects.filter(device=device)
    holds = dict(Hold.objects.filter(payment__in=found.values("payment")).values_list("payment", "status"))
    return {
        run.pk: ([getattr(run, name) for name in RUN], holds[run.payment_id] if run.payment_id else "")
        for run in found
    }


def _model_runs(rows: Rows) -> dict[UUID, Any]:
    return {
        run.id: ([getattr(run, name) for name in RUN], rows.holds[run.id].status)
        for run in rows.runs.values()
    }


def _real_commands(device: Device) -> dict[UUID, Any]:
    found = Command.objects.filter(device=device)
    return {command.pk: [getattr(command, name) for name in COMMAND] for command in found}


def _model_commands(rows: Rows) -> dict[UUID, Any]:
    return {command.id: [getattr(command, name) for name in COMMAND] for command in rows.commands.values()}


def _real_session(device: Device) -> dict[str, Any]:
    session = Session.objects.get(pk=device.pk)
    return {name: getattr(session, name) for name in SESSION}


def money_of(device: Device) -> dict[UUID, tuple[int, int]]:
    """What was captured and released of each run's payment."""
    runs = dict(Run.objects.filter(device=device).values_list("payment_id", "pk"))
    found = Payment.objects.filter(pk__in=runs).values_list("pk", "captured_amount", "released_amount")
    return {runs[pk]: (captured, released) for pk, captured, released in found}


def _body(outgoing: Outgoing | None) -> Body:
    """What a message says; the database may order the arguments in its own way."""
    return {"topic": outgoing.topic} | decode(outgoing.payload.rpartition(b".")[0]) if outgoing else {}


def _same(real: T, model: T) -> T:
    """Return what both say."""
    if real != model and isinstance(real, dict) and isinstance(model, dict):
        differing = [name for name in real.keys() | model.keys() if real.get(name) != model.get(name)]
        raise AssertionError({name: (real.get(name), model.get(name)) for name in differing})
    assert real == model, f"real {real}, in memory {model}"
    return model
