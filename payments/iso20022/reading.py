"""Reads XML that strangers wrote, and nothing in it that could do harm.

The standard library's expat is enough, and needs no other package: a document with a type declaration is
refused, so there are no entities to multiply and nothing external to fetch; size, depth and the elements kept
are bounded, and so is memory. Only UTF-8 is read, as ISO 20022 prescribes.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Self
from xml.parsers import expat

from payments import money
from payments.iso20022 import fields
from payments.iso20022.errors import MessageError

LARGEST = 10 * 1024 * 1024  # bytes
DEEPEST = 64  # elements within one another; the standard's own go to about 15
MOST = 250_000  # elements that are kept: some 30,000 transfers
_ENCODINGS = frozenset({"utf-8", "us-ascii"})
_DECIMAL = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,17}))?")


@dataclass(slots=True)
class Node:
    """An element of the message's own namespace."""

    name: str
    attributes: Mapping[str, str]
    children: list[Self] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    def every(self, name: str) -> list[Self]:
        """Return all children of a name, in their order."""
        return [child for child in self.children if child.name == name]

    def find(self, *path: str) -> Self | None:
        """Return the one element down a path, None if it is not there.

        Raises:
            MessageError: there are two, so that two readers might take different ones.
        """
        node = self
        for name in path:
            found = node.every(name)
            if len(found) > 1:
                raise MessageError(f"{node.name} holds {name} twice")
            if not found:
                return None
            node = found[0]
        return node

    def need(self, *path: str) -> Self:
        """Return the one element down a path.

        Raises:
            MessageError: it is not there, or stands there twice.
        """
        found = self.find(*path)
        if found is None:
            raise MessageError(f"{self.name} lacks {'/'.join(path)}")
        return found

    def text(self, *, longest: int = fields.LONGEST_ID) -> str:
        """Return the element's text without outer space.

        Raises:
            MessageError: there is none, it is too long, or holds what cannot be shown.
        """
        value = "".join(self.pieces).strip()
        if self.children or not 1 <= len(value) <= longest:
            raise MessageError(f"{self.name} is no text of 1 to {longest} characters")
        if fields.readable(value) != value:
            raise MessageError(f"{self.name} holds control or hidden characters")
        return value

    def line(self) -> str:
        """Return free text fit to be shown, perhaps empty."""
        return fields.readable("".join(self.pieces))

    def code(self) -> str:
        """Return the code in a choice between a standard one and a proprietary one.

        Raises:
            MessageError: there is none, or more than one.
        """
        found = [*self.every("Cd"), *self.every("Prtry")]
        if len(found) != 1:
            raise MessageError(f"{self.name} holds {len(found)} codes, not one")
        return found[0].text()

    def amount(self) -> tuple[int, str]:
        """Return an amount in minor units, and its currency.

        Raises:
            MessageError: no plain decimal, digits beyond the currency's own, or no currency.
        """
        code = fields.currency(self.attributes.get("Ccy", ""))
        match = _DECIMAL.fullmatch(self.text())
        if match is None:
            raise MessageError(f"{self.name} is no plain decimal number")
        digits = money.exponent(code)
        whole, part = match.group(1), match.group(2) or ""
        if part[digits:].strip("0"):
            raise MessageError(f"{self.name} has more than {digits} digits behind the point")
        return int(whole + part[:digits].ljust(digits, "0")), code


def read(data: bytes, *, roots: Mapping[str, str], keep: Collection[str]) -> Node:
    """Return the element inside `Document`.

    Args:
        roots: its name by the document's namespace; any other namespace is refused.
        keep: names of the elements to keep; all others are skipped with what they hold.

    Raises:
        MessageError: not such a document, not well-formed, not UTF-8, with a type declaration, or too large.
    """
    if len(data) > LARGEST:
        raise MessageError(f"the message has more than {LARGEST} bytes")
    # Expat takes UTF-16 for what it is, whatever it was told. Zero bytes give it away: XML forbids NUL.
    if b"\0" in data:
        raise MessageError("the message holds NUL, or is not in UTF-8")
    reading = _Reading(roots, frozenset(keep))
    try:
        reading.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise MessageError(f"the message is not well-formed XML in UTF-8: {error}") from error
    if reading.root is None:
        raise MessageError("the message is empty")
    return reading.root


class _Reading:
    """Builds the tree while expat reports."""

    def __init__(self, roots: Mapping[str, str], keep: frozenset[str]) -> None:
        self.root: Node | None = None
        self._roots = roots
        self._keep = keep
        self._namespace: str | None = None
        self._open: list[Node] = []
        self._skipped = 0  # open elements inside one that is not kept, itself included
        self._kept = 0
        self.parser = expat.ParserCreate("UTF-8", " ")
        self.parser.buffer_text = True
        self.parser.XmlDeclHandler = self._declared
        self.parser.StartDoctypeDeclHandler = self._refuse_type
        self.parser.StartElementHandler = self._started
        self.parser.EndElementHandler = self._ended
        self.parser.CharacterDataHandler = self._said

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise MessageError("the message is not in UTF-8")

    def _refuse_type(self, *_args: object) -> None:
        # The parser stops where a handler raises: before any entity is declared.
        raise MessageError("the message has a document type declaration")

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if self._namespace is None:
            self._begin(namespace, local)
            return
        if len(self._open) + self._skipped >= DEEPEST:
            raise MessageError(f"the message nests more than {DEEPEST} elements")
        if self._skipped or namespace != self._namespace or not self._is_kept(local):
            self._skipped += 1
            return
        self._add(Node(local, attributes))

    def _begin(self, namespace: str, local: str) -> None:
        if local != "Document" or namespace not in self._roots:
            raise MessageError(
                f"{local[:40]!r} in namespace {namespace[:80]!r} is no document that is read here"
            )
        self._namespace = namespace

    def _is_kept(self, local: str) -> bool:
        return local in self._keep if self._open else local == self._roots[self._namespace or ""]

    def _add(self, node: Node) -> None:
        self._kept += 1
        if self._kept > MOST:
            raise MessageError(f"the message has more than {MOST} elements")
        if self._open:
            self._open[-1].children.append(node)
        elif self.root is not None:
            raise MessageError(f"Document holds {node.name} twice")
        else:
            self.root = node
        self._open.append(node)

    def _ended(self, _name: str) -> None:
        if self._skipped:
            self._skipped -= 1
        elif self._open:
            self._open.pop()

    def _said(self, text: str) -> None:
        if self._open and not self._skipped:
            self._open[-1].pieces.append(text)
