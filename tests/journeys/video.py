"""What a camera sees: a code on a table, held by a hand that is never quite still."""

from io import BytesIO
from pathlib import Path

from PIL import Image

from payments import qr

FRAMES = 24
SIZE = (1280, 720)
TABLE = (150, 165, 160)


def film(text: str, file: Path) -> Path:
    """Write a Motion-JPEG of the service's own symbol for `text`: JPEGs one after another."""
    with file.open("wb") as stream:
        for frame in range(FRAMES):
            _picture(_symbol(text), frame).save(stream, "JPEG", quality=85)
    return file


def _symbol(text: str) -> Image.Image:
    return Image.open(BytesIO(qr.png(text))).convert("RGB").resize((300, 300), Image.Resampling.LANCZOS)


def _picture(symbol: Image.Image, frame: int) -> Image.Image:
    picture = Image.new("RGB", SIZE, TABLE)
    turned = symbol.rotate(5 - frame / 2, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=TABLE)
    picture.paste(turned, (440 + 4 * frame, 170 + frame))
    return picture
