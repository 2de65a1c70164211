"""The client on a line: it gets in with the right password alone, and finds back by itself."""

import os

import pytest

from clients.conformance.bench import Bench, Setup
from clients.conformance.commands import answers_a_query
from clients.micropython import client as module
from clients.micropython.mqtt import MAX_PACKET, Line, _bounds
from devices.protocol.keys import mqtt_password
from embedded.nats import Nats
from tests.clients.conftest import DEVICE, KEY, Appliance

WILL = b'{"on":0,"boot":1,"c":1}'


def test_a_wrong_password_does_not_get_in(nats: Nats) -> None:
    line = Line(("127.0.0.1", nats.port), DEVICE, "wrong", WILL, 0)

    with pytest.raises(OSError, match=r"let us in|hung up|reset"):
        all(line.read(now, 50) is not None for now in range(100))
    line.close()


def test_a_broker_that_is_not_there_is_an_oserror_and_leaves_no_socket() -> None:
    with pytest.raises(OSError):  # noqa: PT011  # whatever the system says
        Line(("127.0.0.1", 1), DEVICE, mqtt_password(KEY), WILL, 0)


def test_a_broker_that_falls_silent_is_given_up(nats: Nats) -> None:
    line = Line(("127.0.0.1", nats.port), DEVICE, mqtt_password(KEY), WILL, 0)
    while ("connected", 0) not in line.read(0, 50):
        pass

    with pytest.raises(OSError, match="silent"):
        line.read(1_000_000, 0)
    line.close()


@pytest.mark.parametrize(
    ("buffer", "bounds"),
    [
        (b"", (0, 1)),
        (b"\x30", (0, 2)),
        (b"\x30\x02", (2, 4)),
        (b"\x30\x80", (0, 3)),
        (b"\x30\x80\x02", (3, 259)),
    ],
)
def test_a_packet_is_whole_when_its_length_says_so(buffer: bytes, bounds: tuple[int, int]) -> None:
    assert _bounds(buffer) == bounds


def test_a_packet_longer_than_any_of_ours_ends_the_line() -> None:
    with pytest.raises(OSError, match="too much"):
        _bounds(b"\x30\xff\xff\x7f" + bytes(MAX_PACKET))


def test_it_finds_back_to_a_broker_that_was_away(nats: Nats, setup: Setup, appliance: Appliance) -> None:
    with Bench(setup) as bench:
        answers_a_query(bench)
    nats.kill()
    nats.start()

    with Bench(setup) as bench:
        answers_a_query(bench)


def test_a_clock_goes_on_where_the_ticks_of_the_board_begin_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([2**30 - 10, 2**30 - 5, 5])
    monkeypatch.setattr(module, "_ticks", lambda: next(ticks))

    class Nothing:
        def records(self) -> list[object]:
            return []

    client = module.Client(
        device_id=DEVICE, key=KEY, hardware=object(), store=Nothing(), connect=lambda will, now: os
    )

    assert [client._clock(), client._clock()] == [5, 15]
