"""The small part of JSON Schema that arguments need: wallets draw forms from it, machines check by it."""

import re
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]
Errors = dict[str, list[str]]

NO_ARGUMENTS: Schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def arguments(*, optional: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """A schema of named arguments; all are required but those named in `optional`."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def errors_in(schema: Schema, values: Mapping[str, Any]) -> Errors:
    """What is wrong with `values`, by argument; empty when all is well."""
    properties = schema["properties"]
    errors: Errors = {name: ["Unknown argument."] for name in values if name not in properties}
    errors |= {name: ["This argument is required."] for name in schema["required"] if name not in values}
    for name, rule in properties.items():
        if name in values and (complaint := _complaint(rule, values[name])):
            errors[name] = [complaint]
    return errors


def _complaint(rule: Schema, value: object) -> str:
    complaint = _KINDS[rule["type"]](rule, value)
    if not complaint and "enum" in rule and value not in rule["enum"]:
        return "Not one of the choices."
    return complaint


def _integer(rule: Schema, value: object) -> str:
    if type(value) is not int:
        return "Must be an integer."
    low, high = rule.get("minimum", value), rule.get("maximum", value)
    return "" if low <= value <= high else f"Must be within {low} and {high}."


def _string(rule: Schema, value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        return "Must be text."
    if len(value) > rule.get("maxLength", len(value)):
        return f"Must have at most {rule['maxLength']} characters."
    if not re.fullmatch(rule.get("pattern", ".*"), value):
        return "Has another form than asked for."
    return ""


def _boolean(rule: Schema, value: object) -> str:
    return "" if isinstance(value, bool) else "Must be true or false."


def _array(rule: Schema, value: object) -> str:
    if not isinstance(value, list):
        return "Must be a list."
    if len(value) > rule.get("maxItems", len(value)):
        return f"Must have at most {rule['maxItems']} entries."
    return next((complaint for item in value if (complaint := _complaint(rule["items"], item))), "")


def _object(rule: Schema, value: object) -> str:
    if not isinstance(value, dict):
        return "Must be an object."
    return " ".join(f"{name}: {' '.join(texts)}" for name, texts in errors_in(rule, value).items())


_KINDS: dict[str, Callable[[Schema, object], str]] = {
    "array": _array,
    "object": _object,
    "integer": _integer,
    "string": _string,
    "boolean": _boolean,
}
