"""Waking a queue's workers: a hint over Redis that may be lost, because the rows are the work.

A payment must answer while Redis is gone. So a wake-up has its own connection with short time limits, is
tried once, and after a failure nobody tries for five seconds: the beat's sweep finds what was not announced.
"""

import logging
import threading
import time
from dataclasses import dataclass

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from kombu import Connection, Producer

SOCKET_TIMEOUT_S = 0.2
CIRCUIT_OPEN_S = 5.0
EXPIRES_S = 60  # what sleeps longer than this in a queue has been swept sixty times

logger = logging.getLogger(__name__)


class _Line:
    """A way to the broker, opened when it is first used."""

    def __init__(self) -> None:
        self.connection = Connection(
            settings.CELERY_BROKER_URL,
            connect_timeout=SOCKET_TIMEOUT_S,
            transport_options={
                "socket_timeout": SOCKET_TIMEOUT_S,
                "socket_connect_timeout": SOCKET_TIMEOUT_S,
                "max_retries": 0,  # `retry=False` is about publishing alone; kombu connects again by itself
            },
        )
        self.producer = Producer(self.connection, auto_declare=False)


class _Local(threading.local):
    """One line per thread: kombu's connections are not to be shared."""

    line: _Line | None = None


class _Circuit:
    """When this process may speak to the broker again."""

    open_until = 0.0


_local = _Local()
_circuit = _Circuit()


@dataclass(frozen=True, slots=True)
class _Message:
    """One wake-up; equal ones of a transaction are sent once."""

    task: str
    queue: str
    arguments: tuple[tuple[str, object], ...]

    def __call__(self) -> None:
        if time.monotonic() < _circuit.open_until:
            return
        try:
            self._send()
        except Exception as error:  # noqa: BLE001 - the broker's client has a dozen unrelated ways to fail
            _circuit.open_until = time.monotonic() + CIRCUIT_OPEN_S
            _hang_up()
            logger.warning("Broker out of reach, no wake-ups for %.0f s: %r", CIRCUIT_OPEN_S, error)

    def _send(self) -> None:
        current_app.send_task(
            self.task,
            kwargs=dict(self.arguments),
            queue=self.queue,
            producer=_connected().producer,
            retry=False,
            expires=EXPIRES_S,
            ignore_result=True,
        )


def wake(task: str, *, queue: str, **arguments: object) -> None:
    """Send a task to a queue when the running transaction commits, at once outside one.

    Never raises, never waits half a second. The task may be lost or come twice: it looks for due rows itself,
    and takes `**_`.
    """
    message = _Message(task, queue, tuple(sorted(arguments.items())))
    if not any(message == entry[1] for entry in connection.run_on_commit):
        transaction.on_commit(message, robust=True)


def warm_up() -> None:
    """Load the broker's client before the first payment has to wait 0.3 s for it. Does not connect."""
    _ = _connected().connection.transport, current_app.amqp.send_task_message


def _connected() -> _Line:
    if _local.line is None:
        _local.line = _Line()
    return _local.line


def _hang_up() -> None:
    line, _local.line = _local.line, None
    if line is not None:
        line.connection.release()
