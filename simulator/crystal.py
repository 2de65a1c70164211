"""The clock of a machine, which may run too fast or too slow. It never jumps."""

from simulator.faults import Faults


class Crystal:
    """Between our monotonic seconds and the machine's own milliseconds."""

    def __init__(self, faults: Faults) -> None:
        self._faults, self._drift = faults, 0.0
        self._ours = self._its = 0.0  # seconds, when the drift last changed

    @property
    def is_new(self) -> bool:
        """Was its drift changed since it was last looked at?"""
        return self._faults.drift != self._drift

    def ms(self, now: float) -> int:
        """What the machine's clock shows."""
        if self.is_new:
            self._ours, self._its, self._drift = now, self._at(now), self._faults.drift
        return round(self._at(now) * 1000)

    def when(self, ms: int) -> float:
        """When it will show that."""
        return self._ours + (ms / 1000 - self._its) / (1 + self._drift)

    def _at(self, now: float) -> float:
        return self._its + (now - self._ours) * (1 + self._drift)
