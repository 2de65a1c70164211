"""The core of a machine: what the device contract asks of it, and nothing else.

No input, no output, no clock: messages, reports of the hardware and the time (monotonic ms) come in, actions
go out, to be done in order, each finished before the next. Between any two of them the power may fail: a core
that boots from what was stored until then keeps every promise.

Actions: (PUT, record) (FORGET, id) (SEND, topic, message, n) (START, id, op, args) (OPERATE, op, args), whose
op `stop` ends the run in its argument `run`. Reports: (what, id, details): started {evidence, left_s},
progress {code, evidence, left_s}, left {left_s}, finished {}, failed and interrupted {code, left_s}; with an
empty id, of the machine itself: fault {code}, looks {}.
"""

from .session import Session
from .wire import Refused, check, encode, sign, verify

PUT, FORGET, SEND, START, OPERATE = "put", "forget", "send", "start", "operate"
STARTING, RUNNING, CLOSED = "starting", "running", "closed"
RUNS = ("start", "announce")  # operations that take time and move something
EVIDENCE_WITHIN_MS = 20_000  # after the expiry
TELEMETRY_MS = 30_000
CAPACITY = 64  # commands remembered; at least 32, for the server keeps at most 8 unexpired
MAX_UNCONFIRMED = 64  # beyond, the oldest events are only sent again when the server asks
MAX_EVIDENCE = 60  # characters: no event is longer than a message may be


class Core:
    """One power-up of one machine. The hardware answers `refusal(op, args)`; read is what it has of firmware,
    status, door, rssi, heap, slot (the argument by which runs stand side by side), room (runs in a slot)."""

    def __init__(
        self, *, device_id: str, key: bytes, hardware: "Any", random: "Any", boot: int, records: "Any" = ()
    ) -> None:
        self.device_id, self.key, self.hardware = device_id, key, hardware
        self.session, self.records = Session(random), {record["id"]: record for record in records}
        self.dropped: dict[str, int] = {}  # messages ignored in silence, by reason
        self.open: list[str] = []  # the runs of this power-up
        self._boot, self._connections, self._n = boot, 0, 0
        self._cut_short = [run for run in self.records.values() if run["status"] != CLOSED]  # never restarted
        self._to_move: list[str] = []  # open runs that are accepted, the relay is still to move
        self._evidence_by: dict[str, int] = {}  # open runs whose relay moved, until a sensor shows it
        self._unconfirmed: list[tuple] = []  # (n, JSON)
        self._online, self._stale, self._fault, self._told_fault = False, False, "ok", "ok"
        self._telemetry_due: int | None = None

    def connecting(self) -> bytes:
        """A connection is about to be tried: the payload of its last will."""
        self._connections += 1
        return self._presence(0)

    def connected(self, now: int) -> list:
        """Connected and subscribed."""
        self.session.connected(now)
        return [(SEND, "conn", self._presence(1), 0)]

    def disconnected(self) -> None:
        self.session.disconnected()
        self._online, self._telemetry_due = False, None

    def confirmed(self, n: int) -> None:
        """The broker took our event number n."""
        self._unconfirmed = [event for event in self._unconfirmed if event[0] != n]

    def due(self) -> int | None:
        """When `tick` has something to do; None when only a message or a report can change anything."""
        if self._to_move or (self._stale and self._online):
            return 0
        times = [self.session.hello_due, self._telemetry_due] + list(self._evidence_by.values())
        return min([time for time in times if time is not None], default=None)

    def tick(self, now: int) -> list:
        """Do what is due; the relay first, then what we say of ourselves."""
        actions = []
        for run_id in list(self._to_move):
            actions += self._move(self.records[run_id], now)
        for run_id in [run_id for run_id in self._evidence_by if self._evidence_by[run_id] <= now]:
            no_start = {"code": "no_start", "ran": False}
            actions += [_switch_off(run_id)] + self._close(self.records[run_id], now, "failed", no_start)
        return actions + self._talk(now)

    def received(self, topic: str, message: bytes, now: int) -> list:
        """Obey a message, answer it, or drop it in silence."""
        try:
            body = verify(message, self.key, self.device_id, topic)
            return self._sync(body, now) if topic == "sync" else self._command(body, now)
        except Refused as error:
            self.dropped[error.args[0]] = self.dropped.get(error.args[0], 0) + 1
            return []

    def report(self, report: tuple, now: int) -> list:
        """Take in what the hardware noticed; what belongs to no open run is ignored."""
        what, run_id, details = report
        self._stale = self._stale or what != "left"
        if what == "fault":
            self._fault = details["code"]
        return self._progress(self.records[run_id], now, what, details) if run_id in self.open else []

    def _sync(self, sync: dict, now: int) -> list:
        check(sync, nonce=str, now_ms=int, sess=str)
        if not self.accepts(sync, now):
            raise Refused("stale_sync")
        self.session.adopt(sync, now)
        late = [self._send("evt", text, n) for n, text in self._unconfirmed]
        self._online, self._stale, self._telemetry_due = True, True, now + TELEMETRY_MS
        actions = self._tell(self._event(None, now, "synced", {"sess": sync["sess"]})) + late
        cut_short, self._cut_short = self._cut_short, []
        for run in cut_short:  # the earlier events first: nobody knows which of them arrived
            details = {"code": "power_cut", "ran": run["status"] == RUNNING, "left_s": run["left_s"]}
            actions += self._repeat(run) + self._write(run, CLOSED, now, "interrupted", details)
        return actions

    def _command(self, command: dict, now: int) -> list:
        """The device rules, in the contract's order."""
        check(command, id=str, sess=str, exp=int, op=str, a=dict)
        if len(command["id"]) != 36:  # a UUID
            raise Refused("bad_field")
        known = self.known(command["id"])
        if known:
            return self._repeat(known)
        if not self.session.sess or command["sess"] != self.session.sess:
            raise Refused("foreign_session")
        room = self._make_room(now)
        record = {name: command[name] for name in ("id", "op", "exp", "a")}
        record.update(status=CLOSED, left_s=0, events=[])
        refusal = self._refusal(record, now)
        if refusal:
            return room + self._write(record, CLOSED, now, "rejected", {"code": refusal})
        return room + self._obey(record, now)

    def _make_room(self, now: int) -> list:
        """Forget the oldest command that would be refused as expired anyway, if one must be."""
        if len(self.records) < CAPACITY:
            return []
        over = [record for record in self.records.values() if record["status"] == CLOSED]
        oldest = min(over, key=lambda record: record["exp"], default=None)
        if oldest is None or not self.expired(oldest["exp"], now):
            raise Refused("memory_full")
        del self.records[oldest["id"]]
        return [(FORGET, oldest["id"])]

    def _refusal(self, record: dict, now: int) -> str:
        """Why not, as a reject code; empty when nothing speaks against it."""
        op, args = record["op"], record["a"]
        if self.expired(record["exp"], now):
            return "expired"
        if op == "query":  # with arguments it asks after a run: not known, and by this answer never to start
            return "expired" if args else ""
        refusal: str = self.hardware.refusal(op, args)
        slot = getattr(self.hardware, "slot", "")
        beside = [run for run in self._runs() if run["a"].get(slot) == args.get(slot)]
        busy = op in RUNS and len(beside) >= getattr(self.hardware, "room", 1)
        return "busy" if busy and refusal not in ("unsupported", "args") else refusal

    def _obey(self, record: dict, now: int) -> list:
        """Store the verdict and tell it; the relay moves in a step of its own, after that is on disk."""
        op, args = record["op"], record["a"]
        self._stale = True
        if op in RUNS:
            self.open.append(record["id"])
            self._to_move.append(record["id"])
            return self._write(dict(record, left_s=args.get("dur_s", 0)), STARTING, now, "accepted", {})
        verdict = self._write(record, CLOSED, now, "accepted", {})
        if op == "query":
            return sum([self._repeat(run) for run in self._runs()], verdict)
        if op == "stop":
            runs = [run for run in self._runs() if args.get("run") in (None, run["id"])]
            return sum([self._stop(run, now) for run in runs], verdict)
        return verdict + [(OPERATE, op, args)]

    def _stop(self, run: dict, now: int) -> list:
        """The hardware answers how much was left, unless its relay never moved."""
        if run["id"] not in self._to_move:
            return [_switch_off(run["id"])]
        return self._close(run, now, "interrupted", {"code": "stopped", "left_s": run["left_s"]})

    def _move(self, run: dict, now: int) -> list:
        self._to_move.remove(run["id"])
        if not self.may_move(run, now):
            return self._close(run, now, "failed", {"code": "expired", "ran": False})
        self._evidence_by[run["id"]] = self.session.when(run["exp"] + EVIDENCE_WITHIN_MS)
        return [(START, run["id"], run["op"], run["a"])]

    def _progress(self, run: dict, now: int, what: str, details: dict) -> list:
        if what == "left":
            return self.keep(dict(run, left_s=details["left_s"]))
        if what not in ("started", "progress"):
            return self._close(run, now, what, details)
        if what == "started" and run["status"] == RUNNING:
            return []
        self._evidence_by.pop(run["id"], None)
        return self._write(run, RUNNING, now, what, details)

    def _close(self, run: dict, now: int, ev: str, details: dict) -> list:
        """A run ends; `ran` says whether anything physical was seen."""
        self.open.remove(run["id"])
        self._evidence_by.pop(run["id"], None)
        self._to_move = [run_id for run_id in self._to_move if run_id != run["id"]]
        end = {"left_s": 0} if ev == "finished" else {"ran": details.get("ran", run["status"] == RUNNING)}
        return self._write(run, CLOSED, now, ev, dict(details, **end))

    def known(self, command_id: str) -> dict | None:
        """The record of a command that was answered before."""
        return self.records.get(command_id)

    def accepts(self, sync: dict, now: int) -> bool:
        return self.session.answers(sync, now)

    def expired(self, exp: int, now: int) -> bool:
        return self.session.now_ms(now) >= exp

    def may_move(self, run: dict, now: int) -> bool:
        """Asked directly before the relay moves."""
        return not self.expired(run["exp"], now)

    def keep(self, record: dict) -> list:
        """Remember a record in the place of its earlier version, durably."""
        self.records[record["id"]] = record
        return [(PUT, record)]

    def _runs(self) -> list:
        return [self.records[run_id] for run_id in self.open]

    def _write(self, record: dict, status: str, now: int, ev: str, details: dict) -> list:
        """Move a record on with one event: stored, then sent."""
        text = self._event(record["id"], now, ev, details)
        left_s = details.get("left_s", record["left_s"])
        record = dict(record, status=status, left_s=left_s, events=record["events"] + [text])
        return self.keep(record) + self._tell(text)

    def _event(self, command_id: str | None, now: int, ev: str, details: dict) -> str:
        self._n += 1
        body: dict = {"v": 1, "id": command_id, "boot": self._boot, "n": self._n, "ev": ev, "code": "ok"}
        body.update(details, t=self.session.now_ms(now))
        if "evidence" in body:
            body["evidence"] = body["evidence"][:MAX_EVIDENCE]
        return encode(body)

    def _tell(self, text: str) -> list:
        """Send the latest event, now or when there is a session again, until the broker confirms it."""
        self._unconfirmed = (self._unconfirmed + [(self._n, text)])[-MAX_UNCONFIRMED:]
        return [self._send("evt", text, self._n)] if self._online else []

    def _repeat(self, record: dict) -> list:
        """The events of a known command once more, unchanged."""
        return [self._send("evt", text) for text in record["events"]]

    def _talk(self, now: int) -> list:
        """Hello, telemetry, fault and state, as far as they are due."""
        actions = []
        if self.session.hello_due is not None and self.session.hello_due <= now:
            actions.append(self._send("hello", self._hello(now)))
        if self._telemetry_due is not None and self._telemetry_due <= now:
            self._telemetry_due, dropped = now + TELEMETRY_MS, sum(self.dropped.values())
            actions.append(self._picture("tel", {"counters": {"dropped": dropped}}, "rssi", "heap"))
        if self._stale and self._online:
            self._stale = False
            if self._fault != self._told_fault:
                self._told_fault = self._fault
                actions += self._tell(self._event(None, now, "fault", {"code": self._fault}))
            actions.append(self._picture("state", self._state(), "door"))
        return actions

    def _hello(self, now: int) -> str:
        body = {"v": 1, "nonce": self.session.ask(now), "boot": self._boot, "c": self._connections}
        body.update(running=self.open[:4], more=len(self.open) > 4)
        body["fw"] = getattr(self.hardware, "firmware", "saoma 1")
        return encode(dict(body, sess=self.session.sess) if self.session.sess else body)

    def _state(self) -> dict:
        for run in self._runs():
            return {"status": run["status"], "course": run["a"].get("course", ""), "left_s": run["left_s"]}
        idle = "idle" if self._fault == "ok" else "fault"
        return {"status": getattr(self.hardware, "status", "") or idle}

    def _picture(self, topic: str, body: dict, *names: str) -> tuple:
        """With what the hardware has to say; what is empty is left out."""
        body.update({name: getattr(self.hardware, name, None) for name in names})
        told = {name: body[name] for name in body if body[name] not in ("", None)}
        return self._send(topic, encode(dict(told, v=1)))

    def _presence(self, on: int) -> bytes:
        return encode({"on": on, "boot": self._boot, "c": self._connections}).encode()

    def _send(self, topic: str, text: str, n: int = 0) -> tuple:
        return (SEND, topic, sign(text.encode(), self.key, self.device_id, topic), n)


def _switch_off(run_id: str) -> tuple:
    return (OPERATE, "stop", {"run": run_id})
