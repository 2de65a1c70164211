"""Trying the rules one after the other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from clients.conformance import commands, runs, sessions
from clients.conformance.bench import Bench, Broken, Skipped

Rule = Callable[[Bench], None]
RULES: tuple[Rule, ...] = (*sessions.RULES, *commands.RULES, *runs.RULES)


class Verdict(StrEnum):
    KEPT = "pass"
    BROKEN = "FAIL"
    SKIPPED = "skip"


@dataclass(frozen=True, slots=True)
class Result:
    rule: str
    verdict: Verdict
    reason: str = ""

    def __str__(self) -> str:
        line = f"{self.verdict}  {self.rule}"
        return f"{line}\n      {self.reason}" if self.reason else line


def tried(bench: Bench, rules: tuple[Rule, ...] = RULES) -> Iterator[Result]:
    """Every rule with its verdict, as soon as it is known."""
    for rule in rules:
        yield _tried(bench, rule)


def _tried(bench: Bench, rule: Rule) -> Result:
    name, before = (rule.__doc__ or rule.__name__).strip(), len(bench.unsigned)
    try:
        rule(bench)
    except Skipped as why:
        return Result(name, Verdict.SKIPPED, str(why))
    except Broken as why:
        return Result(name, Verdict.BROKEN, str(why))
    if len(bench.unsigned) > before:
        return Result(name, Verdict.BROKEN, f"a message with a wrong signature or form: {bench.unsigned[-1]}")
    return Result(name, Verdict.KEPT)
