"""GET codes/{id}/image.svg, .png and .pdf: a symbol that a scanner reads as exactly the code's text."""

import re
from io import BytesIO
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest
import zxingcpp
from PIL import Image

from payments import accounts
from tests.api.callers import NOBODYS_ID, Caller, Person, refusal

MM_PER_INCH = 25.4
QUIET_MODULES = 4
PATH, TEXT = pypdfium2.raw.FPDF_PAGEOBJ_PATH, pypdfium2.raw.FPDF_PAGEOBJ_TEXT
SUFFIXES = ["svg", "png", "pdf"]
POINTS_PER_INCH = 72


@pytest.fixture
def code(bob: Person) -> dict[str, Any]:
    made: dict[str, Any] = bob.post("codes", {"kind": "static", "amount": 1250}).json()
    return made


def png_of(caller: Caller, code: dict[str, Any], **query: Any) -> Image.Image:
    answer = caller.get(f"codes/{code['id']}/image.png", **query)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    return Image.open(BytesIO(answer.content))


def read(image: Image.Image) -> Any:
    (symbol,) = zxingcpp.read_barcodes(image)
    return symbol


@pytest.mark.parametrize(("form", "member"), [(None, "payload"), ("url", "payload"), ("emv", "emv")])
def test_the_symbol_holds_the_text_at_error_correction_q(
    bob: Person, code: dict[str, Any], form: str | None, member: str
) -> None:
    symbol = read(png_of(bob, code, **({"format": form} if form else {})))

    assert symbol.text == code[member]
    assert symbol.format == zxingcpp.BarcodeFormat.QRCode
    assert symbol.ec_level == "Q"


def test_four_modules_around_the_symbol_are_quiet(bob: Person, code: dict[str, Any]) -> None:
    image = png_of(bob, code).convert("L").point(lambda shade: 255 - shade)
    box = image.getbbox()
    assert box

    # A finder pattern is seven modules wide and begins in the symbol's corner.
    row = [image.getpixel((x, box[1])) for x in range(box[0], image.width)]
    module = row.index(0) / 7
    quiet = (box[0], box[1], image.width - box[2], image.height - box[3])
    assert {round(each / module) for each in quiet} == {QUIET_MODULES}


@pytest.mark.parametrize("size_mm", [15, 40, 200])
def test_a_png_is_printed_as_wide_as_asked_and_sharp(bob: Person, code: dict[str, Any], size_mm: int) -> None:
    image = png_of(bob, code, size_mm=size_mm)
    dpi = image.info["dpi"][0]

    assert dpi >= 300
    assert image.width / dpi * MM_PER_INCH == pytest.approx(size_mm, rel=0.001)
    assert read(image).text == code["payload"]


def test_an_svg_is_as_wide_as_asked(bob: Person, code: dict[str, Any]) -> None:
    answer = bob.get(f"codes/{code['id']}/image.svg", size_mm=60)

    assert answer["Content-Type"].startswith("image/svg+xml")
    assert 'width="60mm" height="60mm"' in answer.text
    assert "<script" not in answer.text


def test_an_svg_shows_the_same_symbol(bob: Person, code: dict[str, Any]) -> None:
    drawing = bob.get(f"codes/{code['id']}/image.svg").text
    png = png_of(bob, code).convert("1")
    size = float(re.findall(r'viewBox="0 0 ([0-9.]+) ', drawing)[0])
    assert "<path" in drawing

    squares = [
        [float(part) for part in square]
        for square in re.findall(r"M([0-9.]+),([0-9.]+)H([0-9.]+)V([0-9.]+)H[0-9.]+z", drawing)
    ]
    dark = {
        (round(x * 100), round(y * 100))
        for left, top, right, bottom in squares
        for x, y in [((left + right) / 2, (top + bottom) / 2)]
    }
    assert dark
    scale = png.width / size
    assert all(png.getpixel((int(x / 100 * scale), int(y / 100 * scale))) == 0 for x, y in dark)


def page_of(caller: Caller, code: dict[str, Any], **query: Any) -> pypdfium2.PdfPage:
    answer = caller.get(f"codes/{code['id']}/image.pdf", **query)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    (page,) = pypdfium2.PdfDocument(answer.content, autoclose=True)
    return page


@pytest.mark.parametrize(("form", "member"), [(None, "payload"), ("url", "payload"), ("emv", "emv")])
@pytest.mark.parametrize("size_mm", [15, 60, 200])
def test_a_pdf_shows_the_text_as_wide_as_asked(
    bob: Person, code: dict[str, Any], form: str | None, member: str, size_mm: int
) -> None:
    page = page_of(bob, code, size_mm=size_mm, **({"format": form} if form else {}))
    symbol = read(page.render(scale=800 / page.get_width()).to_pil())

    assert page.get_width() / POINTS_PER_INCH * MM_PER_INCH == pytest.approx(size_mm, rel=0.001)
    assert (symbol.text, symbol.ec_level) == (code[member], "Q")


def test_a_pdf_has_no_pixels_and_says_whom_the_code_pays(bob: Person, code: dict[str, Any]) -> None:
    page = page_of(bob, code)

    assert {each.type for each in page.get_objects()} == {PATH, TEXT}
    assert page.get_textpage().get_text_bounded().strip() == "Bob"


def test_four_modules_around_the_symbol_of_a_pdf_are_quiet(bob: Person, code: dict[str, Any]) -> None:
    page = page_of(bob, code, size_mm=41)  # version 4 has 33 modules, and 4 on each side: one a millimetre
    pixels = page.render(scale=10 * MM_PER_INCH / POINTS_PER_INCH).to_pil().convert("L")

    assert (
        pixels.crop((0, 0, 410, 39)).getextrema() == pixels.crop((0, 0, 39, 410)).getextrema() == (255, 255)
    )
    assert pixels.crop((371, 0, 410, 410)).getextrema() == (255, 255)
    assert pixels.getpixel((45, 45)) == 0


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_size_is_15_to_200_mm(bob: Person, code: dict[str, Any], suffix: str) -> None:
    for size in ("14", "201", "0", "-20", "40.5", "1e2", "nan", "", "abc", "４０", "9" * 400, "40mm", "\0"):
        refusal(bob.get(f"codes/{code['id']}/image.{suffix}", size_mm=size), 400, "invalid", "size_mm")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_format_is_url_or_emv(bob: Person, code: dict[str, Any], suffix: str) -> None:
    for form in ("", "URL", "json", "api", "pdf", "\0", "emv,url"):
        refusal(bob.get(f"codes/{code['id']}/image.{suffix}", format=form), 400, "invalid", "format")


def test_a_code_that_emvco_cannot_spell_has_no_such_symbol(bob: Person) -> None:
    accounts.rename(account_id=bob.wallet.pk, name="王小明")
    code = bob.post("codes", {"kind": "static"}).json()

    refusal(bob.get(f"codes/{code['id']}/image.svg", format="emv"), 400, "invalid", "format")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_only_the_owner_gets_the_symbol(
    charlie: Person, nobody: Caller, code: dict[str, Any], suffix: str
) -> None:
    refusal(charlie.get(f"codes/{code['id']}/image.{suffix}"), 404, "not_found")
    refusal(nobody.get(f"codes/{code['id']}/image.{suffix}"), 401, "not_authenticated")
    refusal(charlie.get(f"codes/{NOBODYS_ID}/image.{suffix}"), 404, "not_found")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_address_decides_what_comes_whatever_the_browser_would_like(
    bob: Person, code: dict[str, Any], suffix: str
) -> None:
    for accept in ("image/*", "image/png", "image/svg+xml", "application/pdf", "text/html", "*/*"):
        answer = bob.get(f"codes/{code['id']}/image.{suffix}", headers={"Accept": accept})
        assert answer["Content-Type"].startswith(("image/" + suffix, "application/" + suffix))


def test_other_images_do_not_exist(bob: Person, code: dict[str, Any]) -> None:
    for suffix in ("gif", "jpg", "", "svg.png", "pdf.svg"):
        refusal(bob.get(f"codes/{code['id']}/image.{suffix}"), 404, "not_found")
