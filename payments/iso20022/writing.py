"""Writes XML in the order it is told to; the same calls give the same bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl


class Writer:
    """One document in one namespace; what is written waits until it is taken."""

    def __init__(self, *, namespace: str) -> None:
        self._waiting = StringIO()
        self._xml = XMLGenerator(self._waiting, encoding="UTF-8")
        self._namespace = namespace

    @contextmanager
    def document(self) -> Iterator[None]:
        """Put what follows into the document; left by an error, its end is never written."""
        self._xml.startDocument()
        self._xml.startElement("Document", AttributesImpl({"xmlns": self._namespace}))
        yield
        self._xml.endElement("Document")

    @contextmanager
    def inside(self, *path: str) -> Iterator[None]:
        """Put what follows into nested elements; left by an error, their ends are never written."""
        for name in path:
            self._xml.startElement(name, AttributesImpl({}))
        yield
        for name in reversed(path):
            self._xml.endElement(name)

    def leaf(self, name: str, value: str, **attributes: str) -> None:
        """Write an element that holds text."""
        self._xml.startElement(name, AttributesImpl(attributes))
        self._xml.characters(value)
        self._xml.endElement(name)

    @property
    def size(self) -> int:
        """How many characters wait."""
        return self._waiting.tell()

    def take(self) -> bytes:
        """Return what waits and forget it."""
        waiting = self._waiting.getvalue()
        self._waiting.seek(0)
        self._waiting.truncate()
        return waiting.encode()
