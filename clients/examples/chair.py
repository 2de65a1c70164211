"""A massage chair: one relay, one current sensor, four callbacks. On a board or, with stand-ins, anywhere."""

import time

CURRENT_A = 0.5  # above it the motor runs
CHECKPOINT_S = 30  # how much of a run a power cut may give back to the payer too much
LONGEST_S = 3600


class Chair:
    """`relay(on)` moves the relay, `current()` measures amperes, `seconds()` is a clock that only rises."""

    firmware = "chair 1"

    def __init__(self, relay: "Any", current: "Any", seconds: "Any" = time.time) -> None:
        self._relay, self._current, self._seconds = relay, current, seconds
        self._run, self._dur_s = "", 0
        self._since: "Any" = None  # when the sensor first showed that it runs
        self._told_s, self._stopped = 0, False
        relay(False)

    def refusal(self, op: str, args: dict) -> str:
        """Why not, as a reject code; empty when it can."""
        if op != "start":
            return "" if op in ("stop", "identify") else "unsupported"
        dur_s = args.get("dur_s")
        return "" if type(dur_s) is int and 0 < dur_s <= LONGEST_S and len(args) == 1 else "args"

    def start(self, run_id: str, op: str, args: dict) -> None:
        """The verdict is stored: move the relay. Whether it works is for `poll` to find out."""
        self._run, self._dur_s, self._since, self._stopped = run_id, args["dur_s"], None, False
        self._relay(True)

    def operate(self, op: str, args: dict) -> None:
        """Stop that run; blinking for whoever looks for this chair would stand here too."""
        if op == "stop" and args.get("run") == self._run:
            self._relay(False)
            self._stopped = True

    def poll(self) -> list:
        """What was noticed since the last time."""
        if not self._run:
            return []
        if self._stopped:
            return self._end("interrupted", {"code": "stopped", "left_s": self._left_s()})
        if self._since is None:
            return self._look()
        left_s = self._left_s()
        if left_s == 0:
            self._relay(False)
            return self._end("finished", {})
        if self._told_s - left_s < CHECKPOINT_S:
            return []
        self._told_s = left_s
        return [("left", self._run, {"left_s": left_s})]

    def _look(self) -> list:
        """The evidence that it physically runs, and from when on it is paid for."""
        amperes = self._current()
        if amperes < CURRENT_A:
            return []
        self._since, self._told_s = self._seconds(), self._dur_s
        seen = {"evidence": "current_a:{:.1f}".format(amperes), "left_s": self._dur_s}
        return [("started", self._run, seen)]

    def _left_s(self) -> int:
        ran_s = 0 if self._since is None else int(self._seconds() - self._since)
        return max(0, self._dur_s - ran_s)

    def _end(self, what: str, details: dict) -> list:
        run, self._run = self._run, ""
        return [(what, run, details)]
