"""A4 sheets of stickers: what hangs on machines and counters. Takes plain data; lengths in points.

Nine to a page, edge to edge, so that one cut serves two neighbours; lines at the paper's edge say where.
Nothing that matters comes nearer than 2 mm to a cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from payments import lettering, qr
from payments.lettering import Face, Style

COLUMNS, ROWS = 3, 3
PER_PAGE = COLUMNS * ROWS
MARGIN_X, MARGIN_Y = 10 * mm, 10 * mm  # what printers leave white, with room for the cut marks
WIDTH, HEIGHT = (A4[0] - 2 * MARGIN_X) / COLUMNS, (A4[1] - 2 * MARGIN_Y) / ROWS

_INSET = 2.2 * mm  # from the cut to the card: scissors are not exact
_ROUND = 3.5 * mm
_HEAD = 11 * mm
_EDGE = 1 * mm  # the coin's colour, below the band
_SYMBOL = 49 * mm
_TEXT = WIDTH - 2 * _INSET - 5 * mm
_MARK = 5 * mm  # a cut mark's length

# The wallet's colours.
_BRAND, _ON_BRAND, _COIN, _INK, _INK_2, _LINE = (
    "#0a4640",
    "#ffffff",
    "#ffc83a",
    "#0d2321",
    "#4a5f5c",
    "#d5dfdb",
)

_CALL = Style(15, _ON_BRAND, bold=True)
_HEADING = Style(31, _INK, bold=True)
_NAME = Style(11, _INK, bold=True)
_PLACE = Style(8.5, _INK_2)
_HELP = Style(7, _INK_2)
_LEAST = 6.5


@dataclass(frozen=True, slots=True)
class Sticker:
    """One sticker, from top to bottom. An empty line is left out."""

    call: str  # what to do, in the band: "Scan to pay"
    symbol: str  # what the QR code holds
    heading: str  # as large as it fits: the machine's number, or the shop's name
    name: str
    place: str
    help: str  # one line


def sheets(stickers: Sequence[Sticker], *, face: Face | None = None) -> bytes:
    """Return a PDF of A4 pages with the stickers in their order, row by row.

    Args:
        face: a font to set all text in, as far as it has the characters.
    """
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True, pageCompression=1)
    canvas.setTitle("Saoma")
    for start in range(0, len(stickers), PER_PAGE):
        _draw_marks(canvas)
        for place, sticker in enumerate(stickers[start : start + PER_PAGE]):
            row, column = divmod(place, COLUMNS)
            canvas.saveState()
            canvas.translate(MARGIN_X + column * WIDTH, A4[1] - MARGIN_Y - (row + 1) * HEIGHT)
            _draw(canvas, sticker, face)
            canvas.restoreState()
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def missing(sticker: Sticker, face: Face | None = None) -> str:
    """Return the characters on a sticker that no font has; they are left out."""
    texts = (sticker.call, sticker.heading, sticker.name, sticker.place, sticker.help)
    return "".join(lettering.missing(text, face) for text in texts)


def _draw(canvas: Canvas, sticker: Sticker, face: Face | None) -> None:
    _draw_card(canvas)
    top = HEIGHT - _INSET - _HEAD
    _line(canvas, sticker.call, _CALL, top + _HEAD / 2 - 0.36 * _CALL.size, face)
    bottom = top - _EDGE - _SYMBOL
    qr.draw(canvas, sticker.symbol, x=(WIDTH - _SYMBOL) / 2, y=bottom, side=_SYMBOL, quickly=True)
    _line(canvas, sticker.heading, _HEADING, bottom - 8 * mm, face)
    _line(canvas, sticker.name, _NAME, bottom - 13.5 * mm, face)
    _line(canvas, sticker.place, _PLACE, bottom - 17.8 * mm, face)
    _line(canvas, sticker.help, _HELP, _INSET + 3 * mm, face)


def _line(canvas: Canvas, text: str, style: Style, y: float, face: Face | None) -> None:
    fitted, small = lettering.fitted(text, style, _TEXT, _LEAST, face)
    lettering.draw_centred(canvas, fitted, small, x=WIDTH / 2, y=y, first=face)


def _draw_card(canvas: Canvas) -> None:
    """Draw the rounded card and its band, with the coin's edge below it."""
    width, height = WIDTH - 2 * _INSET, HEIGHT - 2 * _INSET
    card = canvas.beginPath()
    card.roundRect(_INSET, _INSET, width, height, _ROUND)
    canvas.saveState()
    canvas.clipPath(card, stroke=0, fill=0)
    canvas.setFillColor(_BRAND)
    canvas.rect(_INSET, _INSET + height - _HEAD, width, _HEAD, stroke=0, fill=1)
    canvas.setFillColor(_COIN)
    canvas.rect(_INSET, _INSET + height - _HEAD - _EDGE, width, _EDGE, stroke=0, fill=1)
    canvas.restoreState()
    canvas.setStrokeColor(_BRAND)
    canvas.setLineWidth(0.6)
    canvas.roundRect(_INSET, _INSET, width, height, _ROUND, stroke=1, fill=0)


def _draw_marks(canvas: Canvas) -> None:
    """Draw where to cut: short lines at the paper's edge, and hair lines between the stickers."""
    across = [MARGIN_X + column * WIDTH for column in range(COLUMNS + 1)]
    down = [MARGIN_Y + row * HEIGHT for row in range(ROWS + 1)]
    canvas.setLineWidth(0.4)
    canvas.setStrokeColor(_INK)
    canvas.lines([(x, y, x, y + _MARK) for x in across for y in (2 * mm, A4[1] - 2 * mm - _MARK)])
    canvas.lines([(x, y, x + _MARK, y) for y in down for x in (2 * mm, A4[0] - 2 * mm - _MARK)])
    canvas.setStrokeColor(_LINE)
    canvas.setDash(1, 2)
    canvas.lines([(x, down[0], x, down[-1]) for x in across])
    canvas.lines([(across[0], y, across[-1], y) for y in down])
    canvas.setDash()
