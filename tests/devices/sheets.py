"""What tests of `print_codes` need: machines to print, and eyes for what came out."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import zxingcpp
from django.core.management import call_command
from PIL import Image

from devices.models import Device
from devices.services.provision import provision
from merchants.models import Merchant
from payments import payloads
from payments.models import Code
from payments.stickers import HEIGHT, MARGIN_X, MARGIN_Y, PER_PAGE, WIDTH

PIXELS_PER_POINT = 3


class Sheets:
    """A PDF, as a printer and a phone see it."""

    def __init__(self, pdf: bytes) -> None:
        self._pdf = pypdfium2.PdfDocument(pdf, autoclose=True)
        self.pages = len(self._pdf)

    def size(self) -> tuple[float, float]:
        return tuple(round(length, 1) for length in self._pdf[0].get_size())

    def cells(self) -> Iterator[tuple[Image.Image, str]]:
        """Yield each sticker of the pages cut out, picture and text, in reading order."""
        for page in self._pdf:
            picture, words = page.render(scale=PIXELS_PER_POINT).to_pil(), page.get_textpage()
            for place in range(PER_PAGE):
                row, column = divmod(place, 3)
                left, top = MARGIN_X + column * WIDTH, MARGIN_Y + row * HEIGHT
                box = [round(each * PIXELS_PER_POINT) for each in (left, top, left + WIDTH, top + HEIGHT)]
                high = page.get_height() - top
                yield (
                    picture.crop(tuple(box)),
                    words.get_text_bounded(left, high - HEIGHT, left + WIDTH, high),
                )

    def stickers(self) -> list[tuple[str, list[str]]]:
        """Return the text in each symbol, and the lines around it."""
        found = []
        for picture, words in self.cells():
            symbols = zxingcpp.read_barcodes(picture)
            if words.strip():
                (symbol,) = symbols
                assert (symbol.format, symbol.ec_level) == (zxingcpp.BarcodeFormat.QRCode, "Q")
                found.append((symbol.text, re.split(r"\s*[\r\n]+\s*", words.strip())))
            else:
                assert symbols == []
        return found

    def objects(self) -> set[int]:
        """Return what kinds of things the pages are made of."""
        return {each.type for page in self._pdf for each in page.get_objects()}


def printed(tmp_path: Path, **options: Any) -> Sheets:
    out = tmp_path / "stickers.pdf"
    call_command("print_codes", out=out, **options)
    return Sheets(out.read_bytes())


def machine(shop: Merchant, number: str, name: str = "Washer", **fields: Any) -> Device:
    return provision(
        **{"account_id": shop.account_id, "place_id": None, "type": "washer", "number": number, "name": name}
        | fields
    )


def symbol_of(device: Device) -> str:
    return payloads.payload_of(Code.objects.get(target=device.pk).token)
