"""What a core says to what it is told, step by step, for whoever writes one in another language.

`python -m clients.vectors > clients/vectors.json` writes them anew. Each step calls one method of a core with
one power-up's ids, key and random bytes, and names the actions it must answer with. Messages stand there as
their bodies: the order of the fields is the sender's.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from clients.micropython import core as language
from clients.micropython.core import Core
from clients.micropython.wire import encode, sign

KEY = bytes(range(32))
DEVICE = "0193f4a2-7c1e-7b3a-9d55-0a1b2c3d4e5f"
SERVER_MS = 1_795_160_000_000
NONCE = bytes(range(8)).hex()  # random(n) gives 0, 1, 2 ..: every nonce of the vectors is this one
REFUSALS = {"dance": "unsupported", "start": ""}  # of the hardware, by operation; anything else it can do

Step = dict[str, Any]
Story = Iterator[tuple[int, Step]]
TICK: Step = {"call": "tick"}


class Hardware:
    """Refuses as the vectors say."""

    firmware, door, rssi = "vectors 1", "closed", -58

    def refusal(self, op: str, args: dict[str, Any]) -> str:
        return "args" if op == "start" and "dur_s" not in args else REFUSALS.get(op, "")


def run(name: str) -> str:
    """An id that is easy to see."""
    return f"0193f4a2-9a00-7000-8000-{name:0>12}"


def sync(now_ms: int = SERVER_MS, nonce: str = NONCE, sess: str = "9f3c21", topic: str = "sync") -> Step:
    body = {"v": 1, "nonce": nonce, "now_ms": now_ms, "sess": sess, "keepalive_s": 30}
    return _message("sync", body, signed_as=topic)


def command(name: str, op: str = "start", *, exp_ms: int = 30_000, sess: str = "9f3c21", **more: Any) -> Step:
    args = more.get("a", {"dur_s": 600} if op in ("start", "query") else {})
    body = {
        "v": more.get("v", 1),
        "id": run(name),
        "sess": sess,
        "t": SERVER_MS,
        "exp": SERVER_MS + exp_ms,
        "op": op,
    }
    return _message("cmd", body | {"a": args}, key=more.get("key", KEY))


def report(what: str, name: str, **details: Any) -> Step:
    return {"call": "report", "report": [what, run(name) if name else "", details]}


def _message(topic: str, body: Step, *, signed_as: str = "", key: bytes = KEY) -> Step:
    text = encode(body).encode()
    return {
        "call": "received",
        "topic": topic,
        "message": sign(text, key, DEVICE, signed_as or topic).decode(),
    }


def story() -> Story:
    """When (monotonic ms) what is told to the core."""
    yield from _coming_online()
    yield from _commands()
    yield from _endings()
    yield from _power_cut()


def _coming_online() -> Story:
    yield 0, {"call": "boot", "boot": 1}
    yield 0, {"call": "connecting"}
    yield 0, {"call": "connected"}
    yield 0, TICK
    yield 10, command("0")  # before any session
    yield 20, sync(nonce="f" * 16)
    yield 30, sync(topic="cmd")
    yield 40, sync()
    yield 40, TICK
    yield 50, sync()  # a second time


def _commands() -> Story:
    yield 60, command("1")
    yield 61, TICK
    yield 70, report("started", "1", evidence="current_a:3.1", left_s=600)
    yield 80, command("1")  # again
    yield 90, command("1", op="query", sess="other", exp_ms=0)
    yield 100, command("2")  # busy
    yield 110, command("3", sess="other")
    yield 120, command("4", exp_ms=0)
    yield 130, command("5", op="dance")
    yield 140, command("6", a={})
    yield 150, command("7", key=KEY[::-1])
    yield 160, command("8", v=2)
    yield 170, command("9", op="query")  # never heard of
    yield 180, command("9")
    yield 190, command("10", op="query", a={})
    yield 200, command("11", op="identify")


def _endings() -> Story:
    yield 30_000, report("left", "1", left_s=570)
    yield 60_000, command("12", op="stop", exp_ms=90_000, a={"run": run("99")})
    yield 60_010, command("13", op="stop", exp_ms=90_000)
    yield 60_020, report("interrupted", "1", code="stopped", left_s=540)
    yield 60_030, command("14", exp_ms=90_000)
    yield 60_031, TICK
    yield 110_030, TICK  # no evidence by its expiry and 20 s
    yield 120_000, command("15", exp_ms=150_000)
    yield 150_000, TICK  # too late for its relay
    yield 160_000, command("16", exp_ms=190_000)
    yield 160_001, TICK
    yield 160_300, report("started", "16", evidence="洗", left_s=600)


def _power_cut() -> Story:
    yield 170_000, {"call": "boot", "boot": 2}
    yield 170_000, {"call": "connecting"}
    yield 170_000, {"call": "connected"}
    yield 170_000, TICK
    yield 170_100, sync(now_ms=SERVER_MS + 170_050, sess="a1")
    yield 170_200, command("16", exp_ms=190_000, sess="a1")
    yield 170_300, report("fault", "", code="motor")
    yield 170_300, TICK
    yield 170_400, {"call": "disconnected"}


class Player:
    """Tells a core the story, and writes down what it answers."""

    def __init__(self) -> None:
        self.core: Core
        self._stored: dict[str, Step] = {}

    def play(self, now: int, step: Step) -> list[Any]:
        call = step["call"]
        if call == "boot":
            records = list(self._stored.values())
            self.core = Core(
                device_id=DEVICE,
                key=KEY,
                hardware=Hardware(),
                random=lambda n: bytes(range(n)),
                boot=step["boot"],
                records=records,
            )
            return []
        answer = getattr(self.core, call)(*self._arguments(now, step))
        return (
            [json.loads(answer)]
            if isinstance(answer, bytes)
            else [self._readable(one) for one in answer or []]
        )

    def _arguments(self, now: int, step: Step) -> tuple[Any, ...]:
        if step["call"] in ("connecting", "disconnected"):
            return ()
        if step["call"] == "received":
            return step["topic"], step["message"].encode(), now
        return (tuple(step["report"]), now) if step["call"] == "report" else (now,)

    def _readable(self, action: tuple[Any, ...]) -> list[Any]:
        if action[0] == language.PUT:
            self._stored[action[1]["id"]] = action[1]
            events = [json.loads(event) for event in action[1]["events"]]
            return ["put", action[1] | {"events": events}]
        if action[0] == language.SEND:
            text = action[2] if action[1] == "conn" else action[2].rpartition(b".")[0]
            return ["send", action[1], json.loads(text), action[3]]
        return list(action)


def vectors() -> list[Step]:
    """Every step with the actions it must be answered with."""
    player = Player()
    return [{"now": now, **step, "actions": player.play(now, step)} for now, step in story()]


if __name__ == "__main__":
    steps = ",\n".join(json.dumps(step, ensure_ascii=False) for step in vectors())
    sys.stdout.write(f"[\n{steps}\n]\n")
