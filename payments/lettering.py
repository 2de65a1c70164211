"""Text on paper: fonts for names in any script, sizes that fit. Lengths in points.

Latin is set in Helvetica, which every reader has. Chinese, Japanese and Korean are set in the fonts that PDF
names without holding them, so that the reader brings its own; who prints far away embeds one, see `embed`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Final

from django.utils.translation import get_language
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas

ELLIPSIS = "…"
_EMBOLDEN = 0.03  # of the size: how much wider a stroke makes a font that has no bold
_FILL: Final = 0  # text rendering modes
_FILL_AND_STROKE: Final = 2


class FontInvalid(Exception):
    """A file holds no font that can be embedded; the text says why."""


@dataclass(frozen=True, slots=True)
class Face:
    """A font and the characters it has."""

    name: str
    has: Callable[[str], bool]
    bold: str | None = None  # the name of its bold sibling; None: it is thickened


@dataclass(frozen=True, slots=True)
class Style:
    """How a line is set."""

    size: float
    colour: str  # #rrggbb
    bold: bool = False


def _encodes(codec: str) -> Callable[[str], bool]:
    @lru_cache(maxsize=4096)
    def has(char: str) -> bool:
        try:
            return bool(char.encode(codec))
        except UnicodeEncodeError:
            return False

    return has


LATIN = Face("Helvetica", _encodes("cp1252"), bold="Helvetica-Bold")
# What a national codec can write, its font can show.
CHINESE = Face("STSong-Light", _encodes("gbk"))
JAPANESE = Face("HeiseiKakuGo-W5", _encodes("cp932"))
KOREAN = Face("HYGothic-Medium", _encodes("cp949"))


def embed(path: Path) -> Face:
    """Return a TrueType font from a file, whose glyphs will lie in the document.

    Raises:
        FontInvalid: it is none, or has PostScript outlines.
    """
    try:
        font = TTFont(path.stem, str(path))
    except (OSError, TTFError) as error:
        raise FontInvalid(str(error)) from error
    pdfmetrics.registerFont(font)
    glyphs = font.face.charToGlyph
    return Face(path.stem, lambda char: ord(char) in glyphs)


def faces(text: str, first: Face | None = None) -> list[Face]:
    """Return the fonts for a text in the order in which they are asked for each character.

    Han characters look different in China and Japan: kana or Hangul beside them decide, else the language.
    """
    if any("\u3040" <= char <= "\u30ff" for char in text):
        eastern = [JAPANESE, CHINESE, KOREAN]
    elif any("\uac00" <= char <= "\ud7a3" for char in text):
        eastern = [KOREAN, CHINESE, JAPANESE]
    elif (get_language() or "").startswith("ja"):
        eastern = [JAPANESE, CHINESE, KOREAN]
    else:
        eastern = [CHINESE, JAPANESE, KOREAN]
    return [*([first] if first else []), LATIN, *eastern]


def missing(text: str, first: Face | None = None) -> str:
    """Return the characters of a text that no font has; they are left out where it is drawn."""
    known = faces(text, first)
    return "".join(char for char in text if not any(face.has(char) for face in known))


def width(text: str, style: Style, first: Face | None = None) -> float:
    """Return how wide a line is."""
    parts = _parts(text, first)
    return sum(pdfmetrics.stringWidth(part, _font(face, style), style.size) for face, part in parts)


def fitted(
    text: str, style: Style, room: float, least: float, first: Face | None = None
) -> tuple[str, Style]:
    """Return a line no wider than `room`: smaller, down to the size `least`, then cut with an ellipsis."""
    wide = width(text, style, first)
    if wide <= room:
        return text, style
    small = Style(max(least, style.size * room / wide), style.colour, style.bold)
    if width(text, small, first) <= room + 0.01:
        return text, small
    kept = text
    while kept and width(kept + ELLIPSIS, small, first) > room:
        kept = kept[:-1]
    return kept.rstrip() + ELLIPSIS, small


def draw_centred(
    canvas: Canvas, text: str, style: Style, *, x: float, y: float, first: Face | None = None
) -> None:
    """Write a line around `x`, its baseline at `y`."""
    canvas.saveState()  # a rendering mode outlives its text
    line = canvas.beginText(x - width(text, style, first) / 2, y)
    line.setFillColor(style.colour)
    for face, part in _parts(text, first):
        thicken = style.bold and face.bold is None
        line.setFont(_font(face, style), style.size)
        line.setTextRenderMode(_FILL_AND_STROKE if thicken else _FILL)
        line.textOut(part)
    canvas.setStrokeColor(style.colour)
    canvas.setLineWidth(style.size * _EMBOLDEN)
    canvas.drawText(line)
    canvas.restoreState()


def _font(face: Face, style: Style) -> str:
    if style.bold and face.bold:
        return face.bold
    if face in (CHINESE, JAPANESE, KOREAN) and face.name not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(face.name))
    return face.name


def _parts(text: str, first: Face | None) -> list[tuple[Face, str]]:
    """Cut a text into runs of one font each."""
    known = faces(text, first)
    runs = groupby(text, lambda char: next((face for face in known if face.has(char)), None))
    return [(face, "".join(run)) for face, run in runs if face is not None]
