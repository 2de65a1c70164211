"""The gateway: listens, stores, acknowledges. Whatever breaks, it lets go of everything and begins again."""

import logging
import os
import random
import socket
import threading
import time

from django.conf import settings
from django.db import InterfaceError, OperationalError

from devices.gateway.beat import beat
from devices.gateway.intake import Intake
from devices.gateway.line import Line, LineLost
from devices.gateway.lock import ActiveLock

log = logging.getLogger(__name__)

BEATS = 5  # so many fit into the silence that counts as an outage
WAIT_S = 0.5  # how long an idle gateway sleeps: a request to stop is heard within it
STANDBY_S = 1.0  # how often a waiting gateway tries the lock
SHORTEST_BREAK_S = 0.5
LONGEST_BREAK_S = 5.0


class Gateway:
    """One process; of any number of them one is active at a time and the others wait."""

    def __init__(self) -> None:
        self._holder = f"{socket.gethostname()[:60]}:{os.getpid()}"
        self._stop = threading.Event()
        self._lock = ActiveLock()
        self._failures = 0

    def stop(self) -> None:
        """Ask `run` to return soon. What is unacknowledged then comes again to the next one."""
        self._stop.set()

    def run(self) -> None:
        """Listen until `stop`: survives the loss of the database and of the broker."""
        log.info("Gateway %s stands by", self._holder)
        while not self._stop.is_set():
            try:
                if self._lock.take():
                    self._listen()
                else:
                    self._stop.wait(STANDBY_S)
            except (OperationalError, InterfaceError, LineLost) as error:
                self._rest(error)
            except Exception as error:  # a fault of ours: to stop listening for ever would be the larger one
                log.exception("The gateway failed")
                self._rest(error)
        self._lock.drop()

    def _listen(self) -> None:
        """Be the active gateway until asked to stop, or until something breaks."""
        line = Line()
        try:
            line.open()
            log.info("Gateway %s listens", self._holder)
            self._take_in(line)
        finally:
            line.close()

    def _take_in(self, line: Line) -> None:
        intake = Intake(still_ours=self._lock.is_held)
        next_beat = time.monotonic()
        while not self._stop.is_set():
            if time.monotonic() >= next_beat:
                beat(holder=self._holder)
                intake.flush()
                next_beat = time.monotonic() + settings.GATEWAY_SILENT_S / BEATS
                self._failures = 0
            if batch := line.read(wait_s=WAIT_S):
                for answer in intake.store(batch):
                    line.say(answer.topic, answer.payload)
                line.acknowledge(batch)

    def _rest(self, error: Exception) -> None:
        """Let go of the lock and wait longer after each failure, unevenly: gateways shall not keep step."""
        self._lock.drop()
        longest = min(LONGEST_BREAK_S, SHORTEST_BREAK_S * 2**self._failures)
        self._failures += 1
        pause_s = random.uniform(longest / 2, longest)  # noqa: S311  # no secret
        log.warning("Gateway %s begins again in %.1f s: %s", self._holder, pause_s, error)
        self._stop.wait(pause_s)
