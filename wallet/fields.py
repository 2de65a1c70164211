"""What a payer fills in for a machine, drawn from the schema that the machine judges by."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MANY = 50  # values; a stepper over more of them goes in larger steps, and takes any number typed
LARGE_STEP = 10
_DIGITS = re.compile(r"(\[0-9\]|\\d)(\{\d+(,\d+)?\}|[+*])?")


@dataclass(frozen=True, slots=True)
class Field:
    """One argument. `kind` names the template that draws it: stepper, choices, switch, digits, text."""

    name: str
    label: str
    kind: str
    required: bool
    value: str = ""  # to begin with
    minimum: int | None = None
    maximum: int | None = None
    step: int = 1
    pattern: str = ""
    length: int | None = None
    choices: Sequence[str] = ()

    @property
    def type(self) -> str:
        """What the browser makes of it: integer, boolean or string."""
        return {"stepper": "integer", "switch": "boolean"}.get(self.kind, "string")


def fields_of(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """Return the fields of a schema of plain arguments, in its order."""
    return tuple(_fields(schema))


def _fields(schema: Mapping[str, Any]) -> Iterator[Field]:
    for name, rule in schema["properties"].items():
        low, high = rule.get("minimum"), rule.get("maximum")
        yield Field(
            name=name,
            label=rule.get("title", name),
            kind=_kind(rule),
            required=name in schema["required"],
            value=str(rule.get("default", low if low is not None else "")),
            minimum=low,
            maximum=high,
            step=LARGE_STEP if None not in {low, high} and high - low > MANY else 1,
            pattern=rule.get("pattern", ""),
            length=rule.get("maxLength"),
            choices=[str(choice) for choice in rule.get("enum", ())],
        )


def _kind(rule: Mapping[str, Any]) -> str:
    if "enum" in rule:
        return "choices"
    if rule["type"] == "string":
        return "digits" if _DIGITS.fullmatch(rule.get("pattern", "")) else "text"
    return {"integer": "stepper", "boolean": "switch"}.get(rule["type"], "text")
