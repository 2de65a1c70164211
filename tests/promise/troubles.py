"""What can go wrong around a payment. Each trouble is one line of a world's history."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

from devices.gateway.line import Incoming
from devices.protocol.topics import Topic
from devices.services.drive import Outgoing
from tests.promise.agenda import Agenda
from tests.promise.device import Device
from tests.promise.network import Network, Weather
from tests.promise.processes import Gateway, Service, Worker

SHORT_MS, LONG_MS = 2_000, 40_000
OUTAGES_MS = (SHORT_MS, 20_000, LONG_MS, 100_000, 200_000)
LONGEST_MS = 700_000  # longer than our own outage may delay a release


class Troubles:
    """Makes trouble for one world, as its seed says."""

    def __init__(
        self,
        agenda: Agenda,
        random: Random,
        *,
        device: Device,
        network: Network,
        gateway: Gateway,
        worker: Worker,
        service: Service,
        only: tuple[str, ...] = (),
    ) -> None:
        self.agenda, self.random = agenda, random
        self.device, self.network, self.gateway, self.worker = device, network, gateway, worker
        self.service = service
        self.dead = False  # the machine never comes back
        self._kinds = [one for one in self._all_kinds() if not only or one[1].__name__ in only]

    def _all_kinds(self) -> list[tuple[int, Callable[[], None]]]:
        """How often each is chosen, relative to the others."""
        return [
            (6, self.power_cut_at_an_action),
            (4, self.brown_out),
            (2, self.power_cut),
            (1, self.death),
            (3, self.reset),
            (3, self.half_open),
            (3, self.unreachable),
            (3, self.slow_uplink),
            (2, self.slow_downlink),
            (2, self.broker_restart),
            (3, self.gateway_outage),
            (2, self.worker_outage),
            (1, self.server_restart),
            (1, self.worker_without_broker),
            (4, self.hang),
            (4, self.refusal),
            (1, self.dead_motor),
            (1, self.break_down),
            (1, self.operator_stop),
            (4, self.replay_to_the_machine),
            (2, self.replay_to_the_server),
        ]

    def strike(self) -> None:
        """Any one of them."""
        if self.dead:
            return
        weights, kinds = zip(*self._kinds, strict=True)
        (kind,) = self.random.choices(kinds, weights)
        self.agenda.note("trouble", kind.__name__)
        kind()

    def heal(self) -> None:
        """From now on all goes well, but what is broken for good stays broken."""
        self.network.weather = Weather()
        self.network.reachable = True
        self.network.uplink_held_until = self.network.downlink_held_until = 0
        self.gateway.crashes = self.worker.crashes = self.worker.lag_ms = 0
        self.worker.connected = True
        self.gateway.revive()
        self.worker.revive()
        self.device.cut_after, self.device.browns_out, self.device.hang_ms = None, False, 0
        self._be_well()
        if not self.dead:
            self.device.power_on()

    # The machine

    def power_cut_at_an_action(self) -> None:
        self.device.cut_after = self.random.randrange(12)
        self.device.off_ms = self._outage()

    def brown_out(self) -> None:
        """The motor draws the voltage down, and the controller starts again."""
        self.device.browns_out = True
        self.device.off_ms = self.random.choice((100, 1_000, SHORT_MS))

    def power_cut(self) -> None:
        self.device.power_off()
        self.agenda.after(self._outage(), self._power_on)

    def _power_on(self) -> None:
        if not self.dead:
            self.device.power_on()

    def death(self) -> None:
        self.dead = self.random.random() < 0.5
        self.power_cut()

    def hang(self) -> None:
        """After its next verdict, or right now."""
        ms = self.random.choice((200, SHORT_MS, 31_000, 65_000, 100_000))
        if self.random.random() < 0.7:
            self.device.hang_ms = ms
        else:
            self.device.freeze(ms)

    def refusal(self) -> None:
        """For a while; and somebody says again what it has just refused."""
        self.device.body.refuses = self.random.choice(("door_open", "fault"))
        ms = self.random.choice((500, 1_500, 3_000, LONG_MS))
        self.agenda.after(ms, self._be_well)
        self.agenda.after(ms + self.random.randrange(1, 10_000), self._say_again)

    def dead_motor(self) -> None:
        self.device.body.dead_motor = True
        self.agenda.after(LONG_MS, self._be_well)

    def break_down(self) -> None:
        self.device.body.breaks_after_s = self.random.randrange(1, 300)
        self.agenda.after(LONG_MS, self._be_well)

    def _be_well(self) -> None:
        body = self.device.body
        body.refuses, body.dead_motor, body.breaks_after_s = "", False, None

    # The network

    def reset(self) -> None:
        self.network.drop()

    def half_open(self) -> None:
        self.network.go_half_open(self.random.choice((5_000, 30_000, 90_000, 150_000)))

    def unreachable(self) -> None:
        self.network.reachable = False
        (self.network.drop if self.random.random() < 0.5 else self.network.lose_line)()
        self.agenda.after(self._outage(), self._reachable)

    def slow_uplink(self) -> None:
        self.network.uplink_held_until = self.agenda.now + self._outage()

    def slow_downlink(self) -> None:
        self.network.downlink_held_until = self.agenda.now + self._outage()

    def _reachable(self) -> None:
        self.network.reachable = True

    def broker_restart(self) -> None:
        self.network.restart_broker()

    # The server

    def gateway_outage(self) -> None:
        self.gateway.die(LONGEST_MS if self.random.random() < 0.1 else self._outage())

    def worker_outage(self) -> None:
        self.worker.die(self._outage())

    def server_restart(self) -> None:
        ms = self.random.randrange(500, 10_000)
        self.gateway.die(ms)
        self.worker.die(ms)

    def worker_without_broker(self) -> None:
        self.worker.connected = False
        self.agenda.after(self._outage(), self._connected)

    def _connected(self) -> None:
        self.worker.connected = True

    def operator_stop(self) -> None:
        self.service.stop(at=self.agenda.instant)
        self.worker.look()

    # Somebody who recorded everything

    def replay_to_the_machine(self) -> None:
        """One recorded message, or a recorded sync and behind it what was said to the machine since."""
        if not self.network.heard:
            return
        chosen = self.random.choice(self.network.heard)
        if self.random.random() < 0.4:
            self.network.hand_over(chosen)
            return
        syncs = [one for one in self.network.heard if _is(one, Topic.SYNC)]
        if syncs:
            self.play_back(self.random.choice(syncs))

    def _say_again(self) -> None:
        if self.network.heard:
            self.network.hand_over(self.network.heard[-1])

    def play_back(self, sync: Outgoing) -> None:
        self.network.hand_over(sync)
        since = self.network.heard[self.network.heard.index(sync) + 1 :]
        for place, command in enumerate([one for one in since if _is(one, Topic.CMD)][:12]):
            self.agenda.after(400 + 5 * place, partial(self.network.hand_over, command))

    def play_everything_back(self) -> None:
        """Each of the last sessions, one after the other."""
        syncs = [one for one in self.network.heard if _is(one, Topic.SYNC)][-6:]
        for place, sync in enumerate(syncs):
            self.agenda.after(2_000 * place, partial(self.play_back, sync))

    def replay_to_the_server(self) -> None:
        said: list[Any] = self.network.said
        if said:
            chosen: Incoming = self.random.choice(said)
            self.network.replay(chosen)

    def _outage(self) -> int:
        return self.random.choice(OUTAGES_MS)


def _is(outgoing: Outgoing, topic: Topic) -> bool:
    return outgoing.topic.endswith(f"/{topic}")
