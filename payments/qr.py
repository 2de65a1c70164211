"""QR symbols: error correction Q and a quiet zone of four modules, for stickers that get scratched."""

from collections.abc import Iterator
from io import BytesIO, StringIO
from itertools import groupby
from math import ceil
from typing import Any

import qrcode
from qrcode.image.pil import PilImage
from qrcode.image.svg import SvgPathFillImage
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from payments import lettering
from payments.errors import SizeInvalid

QUIET_ZONE = 4  # modules; scanners rely on it
DPI = 300
SIZES_MM = range(15, 201)
DEFAULT_MM = 50
_MM_PER_INCH = 25.4
# A reader undoes whichever mask a symbol names; blurred and scratched, it is read as often as with the best.
_ANY_MASK = 7
_CAPTION = 0.12  # of the width: the height of the line under the symbol


def svg(text: str, *, size_mm: int | None = None) -> str:
    """Return an SVG image.

    Raises:
        SizeInvalid: less than 15 or more than 200 mm wide.
    """
    refuse_size(size_mm)
    image = _symbol(text).make_image(image_factory=SvgPathFillImage)
    root = image.get_image()
    root.set("width", f"{size_mm or DEFAULT_MM}mm")
    root.set("height", f"{size_mm or DEFAULT_MM}mm")
    return image.to_string(encoding="unicode")


def png(text: str, *, size_mm: int | None = None) -> bytes:
    """Return a PNG image: whole pixels a module, at least 300 dpi, printed exactly as wide as asked.

    Raises:
        SizeInvalid: less than 15 or more than 200 mm wide.
    """
    refuse_size(size_mm)
    symbol = _symbol(text)
    modules = symbol.modules_count + 2 * QUIET_ZONE
    inches = (size_mm or DEFAULT_MM) / _MM_PER_INCH
    symbol.box_size = ceil(inches * DPI / modules)
    dpi = symbol.box_size * modules / inches
    out = BytesIO()
    symbol.make_image(image_factory=PilImage).save(out, dpi=(dpi, dpi))
    return out.getvalue()


def pdf(text: str, *, size_mm: int | None = None, caption: str = "") -> bytes:
    """Return a PDF page of vectors: the symbol as wide as asked, and a line of text under it, if any.

    Raises:
        SizeInvalid: less than 15 or more than 200 mm wide.
    """
    refuse_size(size_mm)
    side = (size_mm or DEFAULT_MM) * mm
    line, style = lettering.fitted(
        caption, lettering.Style(side * _CAPTION / 2, "#000000", bold=True), side * 0.9, side * _CAPTION / 3
    )
    under = side * _CAPTION if line else 0
    out = BytesIO()
    canvas = Canvas(out, pagesize=(side, side + under), invariant=True, pageCompression=1)
    draw(canvas, text, x=0, y=under, side=side)
    lettering.draw_centred(canvas, line, style, x=side / 2, y=under * 0.6)
    canvas.save()
    return out.getvalue()


def draw(canvas: Canvas, text: str, *, x: float, y: float, side: float, quickly: bool = False) -> None:
    """Draw the symbol with its quiet zone on white, its lower left corner at (x, y). Lengths in points.

    Args:
        quickly: do not look for the evenest of the eight masks, which takes five times as long.
    """
    rows = _symbol(text, mask=_ANY_MASK if quickly else None).get_matrix()
    canvas.saveState()
    canvas.translate(x, y + side)
    canvas.scale(side / len(rows), -side / len(rows))
    canvas.setFillGray(1)
    canvas.rect(0, 0, len(rows), len(rows), stroke=0, fill=1)
    canvas.setFillGray(0)
    # One path for all modules: neighbours filled one by one would show a hair of paper between them.
    squares = [f"{left} {top} {length} 1 re" for top, row in enumerate(rows) for left, length in _runs(row)]
    canvas.drawPath(PDFPathObject(squares), stroke=0, fill=1)
    canvas.restoreState()


def terminal(text: str) -> str:
    """Return the symbol in half-block characters, dark on light whatever the terminal's colours."""
    out = StringIO()
    _symbol(text).print_ascii(out=out, invert=True)
    return out.getvalue()


def refuse_size(size_mm: int | None) -> None:
    """Raise SizeInvalid unless a code of this width can be printed and scanned."""
    if size_mm is not None and size_mm not in SIZES_MM:
        raise SizeInvalid(errors={"size_mm": [SizeInvalid.sentence]})


def _runs(row: list[bool]) -> Iterator[tuple[int, int]]:
    """Yield where dark modules begin, and how many stand side by side."""
    left = 0
    for dark, run in groupby(row):
        length = len(list(run))
        if dark:
            yield left, length
        left += length


def _symbol(text: str, mask: int | None = None) -> "qrcode.QRCode[Any]":
    symbol: qrcode.QRCode[Any] = qrcode.QRCode(
        error_correction=qrcode.constants.ERROR_CORRECT_Q, border=QUIET_ZONE, mask_pattern=mask
    )
    symbol.add_data(text)
    symbol.make(fit=True)
    return symbol
