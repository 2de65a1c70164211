"""`print_codes`: each sticker on the sheets is read again, and says what it is stuck on."""

from importlib import resources
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest
import zxingcpp
from django.core.management import call_command

from merchants.models import Merchant, Place
from payments import emv, payloads
from payments.models import Code
from tests.devices.sheets import Sheets, machine, printed, symbol_of

A4_POINTS = (595.3, 841.9)
VERA = Path(str(resources.files("reportlab"))) / "fonts" / "Vera.ttf"  # it comes with reportlab

pytestmark = pytest.mark.django_db


@pytest.fixture
def hall(mei_shop: Merchant) -> Place:
    return Place.objects.create(merchant=mei_shop, name="Hall 2")


def test_a_sticker_shows_number_machine_shop_place_and_a_line_of_help(
    tmp_path: Path, mei_shop: Merchant, hall: Place
) -> None:
    device = machine(mei_shop, "07", place_id=hall.pk)

    ((symbol, lines),) = printed(tmp_path).stickers()

    assert symbol == symbol_of(device)
    assert lines == [
        "Scan to pay and start",
        "07",
        "Washer",
        "Corner Laundry · Hall 2",
        "Your phone must show this number before you pay.",
    ]


def test_every_one_of_many_stickers_is_read_again(tmp_path: Path, mei_shop: Merchant, hall: Place) -> None:
    devices = [machine(mei_shop, str(number), place_id=hall.pk) for number in range(1, 201)]

    sheets = printed(tmp_path)

    assert (sheets.pages, sheets.size()) == (23, A4_POINTS)
    read = [(symbol, lines[1]) for symbol, lines in sheets.stickers()]
    assert read == [(symbol_of(device), device.number) for device in devices]


def test_the_sheets_are_vectors(tmp_path: Path, mei_shop: Merchant) -> None:
    machine(mei_shop, "1")
    assert pypdfium2.raw.FPDF_PAGEOBJ_IMAGE not in printed(tmp_path).objects()


def test_the_symbol_keeps_four_quiet_modules(tmp_path: Path, mei_shop: Merchant) -> None:
    machine(mei_shop, "1")
    picture = next(printed(tmp_path).cells())[0].convert("L")
    (symbol,) = zxingcpp.read_barcodes(picture)
    corner, other = symbol.position.top_left, symbol.position.bottom_right
    module = (other.x - corner.x) / 33  # version 4

    quiet = 3.8 * module
    box = [corner.x - quiet, corner.y - quiet, other.x + quiet, other.y + quiet]
    around = picture.crop(tuple(round(each) for each in box))  # type: ignore[arg-type]
    edge = round(3.4 * module)
    for strip in (
        (0, 0, around.width, edge),
        (0, around.height - edge, around.width, around.height),
        (0, 0, edge, around.height),
        (around.width - edge, 0, around.width, around.height),
    ):
        assert around.crop(strip).getextrema() == (255, 255)


def test_machines_come_in_the_order_in_which_people_count(tmp_path: Path, mei_shop: Merchant) -> None:
    for number in ("10", "A2", "9", "A10", "1"):
        machine(mei_shop, number)

    assert [lines[1] for _symbol, lines in printed(tmp_path).stickers()] == ["1", "9", "10", "A2", "A10"]


def test_emvco_texts_are_printed_when_asked_for(tmp_path: Path, mei_shop: Merchant) -> None:
    Merchant.objects.update(name="美美洗衣店", name_ascii="CORNER LAUNDRY")
    device = machine(mei_shop, "07")

    ((symbol, _lines),) = printed(tmp_path, format="emv").stickers()

    objects: dict[str, Any] = emv.parse(symbol)
    assert payloads.read(symbol) == Code.objects.get(target=device.pk).token
    assert (objects["59"], objects["62"]["07"]) == ("CORNER LAUNDRY", "07")


@pytest.mark.parametrize(
    "name",
    ["洗衣机 · 上海", "マッサージチェア 渋谷", "세탁기", "Zoë & Søn", "按摩椅 Chair No. 7", "Прачечная"],
    ids=ascii,
)
def test_names_in_any_script_are_on_the_paper(tmp_path: Path, mei_shop: Merchant, name: str) -> None:
    machine(mei_shop, "1", name=name)

    ((_symbol, lines),) = printed(tmp_path).stickers()

    assert "".join(lines[2].split()) == "".join(name.split())


def test_what_no_font_has_is_left_out_and_said(
    tmp_path: Path, mei_shop: Merchant, capsys: pytest.CaptureFixture[str]
) -> None:
    machine(mei_shop, "1", name="Noodles 🍜")

    ((_symbol, lines),) = printed(tmp_path).stickers()

    assert lines[2] == "Noodles"
    assert "🍜" in capsys.readouterr().err


def test_a_name_that_is_too_long_is_cut_and_stays_on_its_sticker(tmp_path: Path, mei_shop: Merchant) -> None:
    Merchant.objects.update(name="洗" * 64)
    for number in ("1", "2" * 16):
        machine(mei_shop, number, name="W" * 60)

    stickers = printed(tmp_path).stickers()

    assert [lines[1] for _symbol, lines in stickers] == ["1", "2" * 16]
    assert all(lines[2].endswith("…") and lines[3].endswith("…") for _symbol, lines in stickers)


def test_a_font_can_be_embedded(tmp_path: Path, mei_shop: Merchant) -> None:
    machine(mei_shop, "1", name="Washer")
    out = tmp_path / "stickers.pdf"

    call_command("print_codes", out=out, font=VERA)

    assert b"BitstreamVera" in out.read_bytes()
    assert Sheets(out.read_bytes()).stickers()[0][1][2] == "Washer"


def test_without_a_file_the_sheets_go_to_standard_output(mei_shop: Merchant) -> None:
    device = machine(mei_shop, "1")
    out = TextIOWrapper(BytesIO())

    call_command("print_codes", stdout=out)

    assert Sheets(out.buffer.getvalue()).stickers()[0][0] == symbol_of(device)
