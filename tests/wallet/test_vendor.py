"""Files of others are exactly those we looked at."""

import hashlib
from importlib import resources
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ZXING = ROOT / "wallet/static/wallet/vendor/zxing-wasm"
PINS = {
    "es/reader/index.js": "d90c69a827aff3b7c8c8ca310efebe91671ef076f7a0ec83722bfc542814f484",
    "es/share.js": "08868fb770b0a4e4b9eb3d717015cd5fbf3ceb06492d4cb2d2dd2739db11890f",
    "reader/zxing_reader.wasm": "e8af31edb56d0522f4de74495839385ef019ba8bc90d38e5ecb2f18795d86fb2",
}


@pytest.mark.parametrize("name", PINS)
def test_vendored_file_is_the_pinned_one(name: str) -> None:
    assert hashlib.sha256((ZXING / name).read_bytes()).hexdigest() == PINS[name]


def test_every_vendored_script_is_pinned() -> None:
    found = {str(file.relative_to(ZXING)) for file in ZXING.rglob("*") if file.suffix in {".js", ".wasm"}}
    assert found == set(PINS)


def test_licences_stand_beside_the_vendored_files() -> None:
    assert "MIT" in (ZXING / "LICENSE").read_text()
    assert "Apache License" in (ZXING / "LICENSE-zxing-cpp").read_text()


def test_htmx_comes_with_django_htmx_and_is_of_the_second_major() -> None:
    htmx = resources.files("django_htmx") / "static/django_htmx/htmx-2.min.js"
    assert 'version:"2.' in htmx.read_text()
