"""The OpenAPI document, held against what the service answers: it must say all of it, and nothing else."""

import re
from datetime import datetime
from fnmatch import fnmatch
from functools import cache
from typing import Any
from uuid import UUID

from django.urls import resolve
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]

Json = dict[str, Any]

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("uuid", raises=ValueError)  # type: ignore[untyped-decorator]
def is_uuid_7(text: object) -> bool:
    """Whether an id is a UUID of version 7 in the usual spelling."""
    return UUID(str(text)).version == 7 and str(UUID(str(text))) == text


@_FORMATS.checks("date-time", raises=ValueError)  # type: ignore[untyped-decorator]
def is_utc(text: object) -> bool:
    """Whether an instant is RFC 3339 in UTC."""
    return str(text).endswith("Z") and bool(datetime.fromisoformat(str(text)))


@cache
def document() -> Json:
    """Return the document as the service publishes it."""
    made: Json = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


@cache
def strict() -> Json:
    """Return the document as JSON Schema that allows no member it does not name: for answers."""
    schema: Json = _json_schema(document(), closed=True)
    return schema


@cache
def open_document() -> Json:
    """Return the document as JSON Schema that lets unknown members pass: for bodies."""
    schema: Json = _json_schema(document(), closed=False)
    return schema


def template_of(address: str) -> str:
    """Return the path under which the document describes an address."""
    route = resolve(address.partition("?")[0]).route
    return "/" + _PARAMETER.sub(r"{\1}", route)


def check_answer(method: str, address: str, answer: Any) -> None:
    """Fail unless the document announces this answer to the letter."""
    operation = strict()["paths"].get(template_of(address), {}).get(method)
    if operation is None:
        assert answer.status_code in {404, 405}, f"{method} {address} is not in the document"
        check(answer.json(), strict()["components"]["schemas"]["Problem"], root=strict())
        return
    announced = operation["responses"]
    described = announced.get(str(answer.status_code), announced["default"])
    assert str(answer.status_code) in announced or answer.status_code >= 400, f"{answer.status_code} is new"
    if "content" not in described:
        assert answer.content == b""
        return
    media_type = answer["Content-Type"].partition(";")[0]
    (pattern,) = [known for known in described["content"] if fnmatch(media_type, known)]
    if pattern.endswith("json"):
        check(answer.json(), described["content"][pattern]["schema"], root=strict())


def check_body(method: str, address: str, body: Json) -> None:
    """Fail unless the document allows an accepted body."""
    root = open_document()
    operation = root["paths"][template_of(address)][method]
    if "requestBody" in operation:
        check(body, operation["requestBody"]["content"]["application/json"]["schema"], root=root)


def check(value: object, schema: Json, *, root: Json) -> None:
    """Fail with every fault, unless a value is of the document's form."""
    whole = schema | {"components": root["components"]}
    faults = [
        f"{fault.json_path}: {fault.message}"
        for fault in Draft202012Validator(whole, format_checker=_FORMATS).iter_errors(value)
    ]
    assert faults == [], value


def _json_schema(node: Any, *, closed: bool) -> Any:
    """Translate OpenAPI 3.0 into JSON Schema; `closed` objects have no other members than those they name."""
    if isinstance(node, list):
        return [_json_schema(each, closed=closed) for each in node]
    if not isinstance(node, dict):
        return node
    inner = {name: _json_schema(each, closed=closed) for name, each in node.items() if name != "nullable"}
    if closed and isinstance(node.get("properties"), dict) and node.get("type") == "object":
        inner.setdefault("additionalProperties", False)
    return {"anyOf": [{"type": "null"}, inner]} if node.get("nullable") is True else inner
