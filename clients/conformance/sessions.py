"""Rules about coming online."""

import re
from typing import Any

from clients.conformance.bench import Bench, Broken, Heard, now_ms

NONCE = re.compile(r"[0-9a-f]{16}\Z")
MAX_U32 = 2**32 - 1
SYNC_WITHIN_S = 5
CLOCK_MS = 3_000


def says_hello(bench: Bench) -> None:
    """says hello: a nonce of 16 hex digits, boot, c, fw, running, more; signed"""
    body = bench.next_hello(0).body
    good: dict[str, Any] = {
        "nonce": isinstance(body.get("nonce"), str) and NONCE.match(body["nonce"]),
        "boot": type(body.get("boot")) is int and 0 <= body["boot"] <= MAX_U32,
        "c": type(body.get("c")) is int and body["c"] >= 1,
        "fw": isinstance(body.get("fw"), str),
        "running": isinstance(body.get("running"), list) and len(body["running"]) <= 4,
        "more": isinstance(body.get("more"), bool),
    }
    if wrong := [name for name, right in good.items() if not right]:
        raise Broken(f"its hello has no good {', '.join(wrong)}")


def leaves_its_presence(bench: Bench) -> None:
    """leaves its presence behind: conn is retained and names the boot and c of its hello"""
    hello = bench.next_hello(0).body
    since = bench.mark()
    bench.listen_anew("conn")
    stands = bench.wait(
        lambda: [one for one in bench.heard("conn", since) if one.retained], "nothing stands at conn"
    )
    conn = stands[-1].body
    if conn != {"on": 1, "boot": hello["boot"], "c": hello["c"]}:
        raise Broken(f"conn says {conn}")


def ignores_foreign_syncs(bench: Bench) -> None:
    """ignores a sync with another nonce, another key, another topic's signature, or none"""
    hello, since = bench.next_hello(bench.mark()), bench.mark()
    bench.sync(hello, "foreign", nonce="0" * 16)
    bench.sync(hello, "foreign", key=bytes(32))
    bench.sync(hello, "foreign", signed_as="cmd")
    bench.publish("sync", b'{"v":1}')
    bench.silence(since, _is_no_synced, "it took a sync that was not meant for it")


def says_hello_again(bench: Bench) -> None:
    """says hello again, with another nonce, when nobody answers"""
    first = bench.next_hello(bench.mark())
    second = bench.next_hello(bench.mark())
    if first.body["nonce"] == second.body["nonce"]:
        raise Broken("two hellos have the same nonce")


def refuses_a_late_sync(bench: Bench) -> None:
    """refuses a sync that comes more than 5 s after its hello"""
    hello = bench.next_hello(bench.mark())
    while newer := _within(bench, SYNC_WITHIN_S + 0.5):
        hello = newer
    since = bench.mark()
    bench.sync(hello, "late")
    bench.silence(since, _is_no_synced, "it set its clock by a sync that was five seconds old")


def takes_a_sync(bench: Bench) -> None:
    """answers a sync with `synced`, and then keeps the server's time"""
    synced = bench.open_session().body
    ahead_ms = synced.get("t", 0) - now_ms()
    if abs(ahead_ms) > CLOCK_MS:
        raise Broken(f"its clock differs by {ahead_ms} ms")


def takes_a_sync_once(bench: Bench) -> None:
    """takes each sync once: the same nonce again opens no other session"""
    bench.ensure_session()
    since = bench.mark()
    hello = bench.heard("hello")[-1]
    bench.publish("sync", bench.syncs[-1])
    bench.sync(hello, "second")
    bench.silence(since, _is_no_synced, "it took a second sync for one hello")


def tells_its_state(bench: Bench) -> None:
    """tells its state when it has a session"""
    bench.ensure_session()
    bench.wait(lambda: any("status" in one.body for one in bench.heard("state")), "nothing came at state")


def _is_no_synced(one: Heard) -> bool:
    return one.body.get("ev") != "synced"


def _within(bench: Bench, seconds: float) -> Heard | None:
    """The next hello if it comes within that time."""
    since = bench.mark()
    try:
        found: Heard = bench.wait(lambda: bench.heard("hello", since), "", seconds)[-1]
    except Broken:
        return None
    return found


RULES = (
    says_hello,
    leaves_its_presence,
    ignores_foreign_syncs,
    says_hello_again,
    refuses_a_late_sync,
    takes_a_sync,
    takes_a_sync_once,
    tells_its_state,
)
