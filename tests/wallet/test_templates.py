"""Rules that every template and script keeps, so that the strict policy never has to bend."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

WALLET = Path(__file__).resolve().parents[2] / "wallet"
TEMPLATES = sorted((WALLET / "templates").rglob("*.html"))
SCRIPTS = sorted((WALLET / "static/wallet/js").glob("*.js"))
SHEETS = sorted((WALLET / "static/wallet/css").glob("*.css"))


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_template_compiles_and_holds_nothing_inline(file: Path) -> None:
    get_template(str(file.relative_to(WALLET / "templates")))
    text = file.read_text()
    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"\son[a-z]+=", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert "hx-on" not in text


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.name)
def test_script_writes_text_and_never_markup(file: Path) -> None:
    text = file.read_text()
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "new Function", "document.write"):
        assert word not in text, word


def test_the_stylesheets_stay_small() -> None:
    assert sum(len(file.read_text().splitlines()) for file in SHEETS) <= 600


def test_sheets_and_scripts_load_nothing_from_elsewhere() -> None:
    for file in (*SHEETS, *SCRIPTS):
        assert not re.search(r"https?://[a-z0-9-]+\.[a-z]", file.read_text()), file.name
