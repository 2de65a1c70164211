"""QR symbols: error correction Q and a quiet zone of four modules, for stickers that get scratched."""

from io import BytesIO, StringIO
from math import ceil
from typing import Any

import qrcode
from qrcode.image.pil import PilImage
from qrcode.image.svg import SvgPathFillImage

from payments.errors import SizeInvalid

QUIET_ZONE = 4  # modules; scanners rely on it
DPI = 300
SIZES_MM = range(15, 201)
DEFAULT_MM = 50
_MM_PER_INCH = 25.4


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


def terminal(text: str) -> str:
    """Return the symbol in half-block characters, dark on light whatever the terminal's colours."""
    out = StringIO()
    _symbol(text).print_ascii(out=out, invert=True)
    return out.getvalue()


def refuse_size(size_mm: int | None) -> None:
    """Raise SizeInvalid unless a code of this width can be printed and scanned."""
    if size_mm is not None and size_mm not in SIZES_MM:
        raise SizeInvalid(errors={"size_mm": [SizeInvalid.sentence]})


def _symbol(text: str) -> "qrcode.QRCode[Any]":
    symbol: qrcode.QRCode[Any] = qrcode.QRCode(
        error_correction=qrcode.constants.ERROR_CORRECT_Q, border=QUIET_ZONE
    )
    symbol.add_data(text)
    symbol.make(fit=True)
    return symbol
