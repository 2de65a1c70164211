"""Coming online: hello, sync, synced; the server's clock; replayed and late syncs."""

import pytest

from devices.protocol.commands import Op
from devices.protocol.envelope import sign
from devices.protocol.sessions import Hello
from devices.protocol.topics import Topic
from tests.simulator.stage import DEVICE, KEY, SERVER_MS, SESS, Stage


def test_a_machine_says_it_is_there_then_hello() -> None:
    stage = Stage()

    stage.connect()

    assert [topic for topic, _ in stage.sent] == [Topic.CONN, Topic.HELLO]
    assert stage.last(Topic.CONN) == {"on": True, "boot": 1, "c": 1}
    hello = Hello.parse(stage.last(Topic.HELLO))
    assert (hello.boot, hello.c, hello.running, hello.more, hello.sess) == (1, 1, (), False, "")


def test_a_sync_is_answered_with_its_session() -> None:
    stage = Stage().online()

    [synced] = stage.events()
    assert (synced["ev"], synced["sess"], synced["id"], synced["n"]) == ("synced", SESS, None, 1)
    assert stage.count(Topic.STATE) == 1


def test_connections_are_counted_within_a_boot() -> None:
    stage = Stage().online()
    assert stage.core

    stage.core.disconnected()
    stage.connect()

    assert stage.last(Topic.CONN) == {"on": True, "boot": 1, "c": 2}


def test_without_an_answer_hello_comes_again_ever_more_slowly() -> None:
    stage = Stage()
    stage.connect()
    times: list[float] = []
    while len(times) < 7:
        before = stage.count(Topic.HELLO)
        stage.advance(1)
        if stage.count(Topic.HELLO) > before:
            times.append(stage.now)

    assert times == [2, 6, 14, 30, 62, 122, 182]


def test_every_hello_has_its_own_nonce() -> None:
    stage = Stage()
    stage.connect()
    stage.advance(30)

    nonces = {body["nonce"] for topic, body in stage.sent if topic is Topic.HELLO}
    assert len(nonces) == stage.count(Topic.HELLO)


def test_a_sync_counts_once() -> None:
    stage = Stage().online()

    stage.sync()

    assert stage.names() == ["synced"]


def test_a_sync_for_an_earlier_hello_is_refused() -> None:
    stage = Stage()
    stage.connect()
    earlier = stage.last(Topic.HELLO)["nonce"]
    stage.advance(2)

    stage.sync(nonce=earlier)

    assert stage.names() == []


def test_a_sync_of_an_earlier_power_up_is_refused() -> None:
    stage = Stage()
    stage.connect()
    earlier = stage.last(Topic.HELLO)["nonce"]
    stage.lose_power()
    stage.boot()
    stage.connect()

    stage.sync(nonce=earlier)

    assert stage.names() == []


@pytest.mark.parametrize(("after_s", "accepted"), [(4.9, True), (5.1, False)])
def test_a_sync_is_good_for_five_seconds(after_s: float, accepted: bool) -> None:
    stage = Stage()
    stage.connect()
    stage.advance(14)  # the next hello is 16 s away

    stage.advance(after_s)
    stage.sync()

    assert stage.names() == (["synced"] if accepted else [])


def test_the_clock_is_never_behind_however_slow_the_answer_was() -> None:
    stage = Stage()
    stage.connect()
    stage.advance(14)
    asked_ms = stage.server_ms

    stage.advance(4)
    stage.sync(now_ms=asked_ms + 3000)  # read a second ago, and on the way since

    assert stage.core
    assert stage.core.session.now_ms(stage.ms) >= stage.server_ms


def test_each_hour_the_session_is_kept_and_the_clock_set_again() -> None:
    stage = Stage().online()

    stage.advance(3600)
    assert stage.last(Topic.HELLO)["sess"] == SESS
    stage.sync(now_ms=SERVER_MS + 3_605_000)  # our crystal lost five seconds

    assert stage.events()[-1]["sess"] == SESS
    assert stage.core
    assert stage.core.session.now_ms(stage.ms) == SERVER_MS + 3_605_001  # a millisecond for what was rounded


def test_a_lost_connection_ends_the_session() -> None:
    stage = Stage().online()
    command = stage.command()
    assert stage.core

    stage.core.disconnected()
    stage.connect()
    stage.give(command)

    assert stage.starts == []


def test_a_sync_signed_for_another_topic_is_dropped() -> None:
    stage = Stage()
    stage.connect()
    body = {"v": 1, "nonce": stage.last(Topic.HELLO)["nonce"], "now_ms": 1, "sess": SESS, "keepalive_s": 30}

    stage.deliver_raw(Topic.SYNC, sign(body, key=KEY, device_id=DEVICE, topic=Topic.CMD))

    assert stage.names() == []
    assert stage.core
    assert stage.core.dropped["bad_tag"] == 1


def test_a_running_machine_says_so_in_its_hello() -> None:
    stage = Stage().online()
    run = stage.start()
    stage.advance(60)
    assert stage.core

    stage.core.disconnected()
    stage.connect()

    assert stage.last(Topic.HELLO)["running"] == [str(run.id)]


def test_what_happened_without_a_connection_is_told_after_the_next_sync() -> None:
    stage = Stage().online()
    run = stage.start()
    stage.advance(60)
    assert stage.core
    confirm_all(stage)
    stage.core.disconnected()
    told = len(stage.sent)

    stage.advance(600)
    assert len(stage.sent) == told
    stage.online("another")

    assert stage.names()[-2:] == ["synced", "finished"]
    assert stage.events(run.id)[-1]["t"] < stage.events()[-2]["t"]


def test_what_the_broker_did_not_confirm_is_told_again() -> None:
    stage = Stage().online()
    run = stage.start()
    stage.advance(1)
    assert stage.core
    stage.core.disconnected()

    stage.online()

    accepted, started, *again = stage.events(run.id)
    assert again == [accepted, started]


def test_telemetry_comes_every_half_minute_while_online() -> None:
    stage = Stage()
    stage.connect()
    stage.advance(62)
    assert stage.count(Topic.TEL) == 0
    stage.sync()

    stage.advance(91)

    assert stage.count(Topic.TEL) == 3


def test_an_operators_query_is_answered_with_the_state() -> None:
    stage = Stage("washer").online()
    states = stage.count(Topic.STATE)

    query = stage.start(op=Op.QUERY, args={})

    assert stage.names(query.id) == ["accepted"]
    assert stage.count(Topic.STATE) == states + 1
    assert stage.last(Topic.STATE) == {"v": 1, "status": "idle", "door": "closed"}


def confirm_all(stage: Stage) -> None:
    assert stage.core
    for event in stage.events():
        stage.core.confirmed(event["n"])
