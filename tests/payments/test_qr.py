"""Symbols, decoded again by a reader from outside."""

from io import BytesIO

import pypdfium2  # type: ignore[import-untyped]
import pytest
import zxingcpp
from PIL import Image

from payments import payloads, qr
from payments.errors import SizeInvalid

TEXT = payloads.payload_of("70ZRE6XES2ETMR3Q1BKC8N20JC")


@pytest.mark.parametrize("size_mm", [None, 15, 40, 200])
def test_a_png_is_read_back_and_as_wide_as_asked(size_mm: int | None) -> None:
    image = Image.open(BytesIO(qr.png(TEXT, size_mm=size_mm)))
    (read,) = zxingcpp.read_barcodes(image)

    assert (read.text, read.ec_level) == (TEXT, "Q")
    width_mm = image.width / image.info["dpi"][0] * 25.4
    assert width_mm == pytest.approx(size_mm or qr.DEFAULT_MM, rel=0.15)


def test_four_modules_around_it_are_white() -> None:
    image = Image.open(BytesIO(qr.png(TEXT))).convert("L")
    module = image.width // 41  # version 4 has 33 modules, and 4 on each side
    border = image.copy()
    border.paste(255, (4 * module, 4 * module, image.width - 4 * module, image.height - 4 * module))
    assert border.getextrema() == (255, 255)
    assert image.getpixel((4 * module, 4 * module)) == 0


def test_the_symbol_stays_small() -> None:
    assert 'viewBox="0 0 41 41"' in qr.svg(TEXT)  # alphanumeric: bytes would need a version more


def test_an_svg_has_a_size_and_a_white_ground() -> None:
    drawing = qr.svg(TEXT, size_mm=30)
    assert 'width="30mm"' in drawing and 'height="30mm"' in drawing
    assert 'fill="white"' in drawing


@pytest.mark.parametrize("size_mm", [0, 14, 201, -5])
def test_what_nobody_could_scan_is_not_drawn(size_mm: int) -> None:
    for draw in (qr.svg, qr.png, qr.pdf):
        with pytest.raises(SizeInvalid):
            draw(TEXT, size_mm=size_mm)


def test_a_pdf_with_a_caption_is_as_wide_as_asked_and_only_higher() -> None:
    for caption in ("", "Corner Laundry", "洗" * 64, "🍜"):
        (page,) = pypdfium2.PdfDocument(qr.pdf(TEXT, size_mm=50, caption=caption), autoclose=True)
        (read,) = zxingcpp.read_barcodes(page.render(scale=4).to_pil())
        assert (read.text, read.ec_level) == (TEXT, "Q")
        assert page.get_width() == pytest.approx(50 / 25.4 * 72, abs=0.1)
        assert (page.get_height() > page.get_width()) == bool(caption)


def test_a_terminal_shows_it_too() -> None:
    lines = qr.terminal(TEXT).splitlines()
    pixels = [[char in upper for char in line] for line in lines for upper in ("▀█", "▄█")]
    image = Image.new("L", (len(lines[0]) * 4, len(pixels) * 4), 0)
    for y, row in enumerate(pixels):
        for x, white in enumerate(row):
            image.paste(255 if white else 0, (x * 4, y * 4, x * 4 + 4, y * 4 + 4))
    (read,) = zxingcpp.read_barcodes(image)
    assert read.text == TEXT
