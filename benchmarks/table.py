"""Rounds of interleaved slices, and the table of their medians."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Slice = Callable[[], float]


@dataclass
class Table:
    """Figures by name, one for each round. A ratio is the median of the rounds' own ratios."""

    title: str
    figures: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def take(self, slices: Mapping[str, Slice], *, rounds: int) -> None:
        """Take every slice once a round, so that what slows one round slows all of its slices."""
        for number in range(rounds):
            for name, measure in slices.items():
                figure = measure()
                self.figures[name].append(figure)
                print(f"  round {number + 1}/{rounds}  {name}: {figure:,.0f}/s", flush=True)

    def median(self, name: str) -> float:
        return statistics.median(self.figures[name])

    def ratio(self, name: str, to: str) -> float:
        return statistics.median(a / b for a, b in zip(self.figures[name], self.figures[to], strict=True))

    def lines(self, goals: Mapping[tuple[str, str], float]) -> str:
        """Return the medians, then every ratio with its goal and whether it was reached."""
        rows = [f"| {name} | {self.median(name):,.0f}/s |" for name in self.figures]
        ratios = [self._verdict(name, to, goal) for (name, to), goal in goals.items()]
        return "\n".join([f"\n{self.title}", *rows, "", *ratios])

    def _verdict(self, name: str, to: str, goal: float) -> str:
        ratio = self.ratio(name, to)
        return (
            f"| {name} / {to} | {ratio:.2f} | goal {goal:.2f} | {'reached' if ratio >= goal else 'MISSED'} |"
        )
