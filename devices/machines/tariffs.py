"""How a price comes about where it is more than a number. Pure: whole seconds and minor units."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stay:
    """Keeping something: free for a while, then so much for each step that has begun, up to a cap.

    Attributes:
        cap: the most it costs, in minor units; None: there is none.
    """

    free_s: int
    step_s: int
    cap: int | None = None

    def steps(self, stayed_s: int) -> int:
        """How many steps have begun after the free time."""
        return max(0, -((self.free_s - stayed_s) // self.step_s))

    def amount(self, stayed_s: int, *, step_price: int) -> int:
        """What the stay costs until now."""
        amount = self.steps(stayed_s) * step_price
        return amount if self.cap is None else min(amount, self.cap)
