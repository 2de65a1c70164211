"""What the settings refuse to start with."""

import os
import subprocess
import sys

import pytest

from embedded.home import PROJECT


def start(**variables: str) -> str:
    """Load the settings in a process of their own; return what it complained about."""
    done = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        cwd=PROJECT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr.strip().rpartition("\n")[2]


@pytest.mark.parametrize(
    "url",
    [
        "https://pay.example.com",
        "http://pay.example.com:8000",
        "https://8.8.8.8",
        "http://8.8.8.8:8000",
        "https://[2606:4700::1111]",
        "https://[::ffff:8.8.8.8]",
        "https://localhost.example.com",
    ],
)
def test_the_demo_is_not_for_the_internet(url: str) -> None:
    assert "DEMO=1" in start(DEMO="1", PUBLIC_URL=url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000",
        "http://localhost:8000",
        "https://[::1]:8000",
        "http://192.168.1.20:8000",
        "https://10.0.0.5",
        "http://[fd00::1]:8000",
        "http://laptop:8000",
    ],
)
def test_the_demo_runs_on_this_machine_and_in_the_house(url: str) -> None:
    assert start(DEMO="1", PUBLIC_URL=url) == ""


def test_the_internet_is_for_what_is_no_demo() -> None:
    assert start(DEMO="0", DEBUG="0", PUBLIC_URL="https://pay.example.com") == ""


@pytest.mark.parametrize("bank", ["Demo", "file", "x", "demo,files"])
def test_another_bank_than_the_two_is_refused(bank: str) -> None:
    assert "BANK must be demo or files" in start(DEMO="1", BANK=bank)


def test_the_demo_bank_is_not_for_real_money() -> None:
    real = {"DEMO": "0", "DEBUG": "0", "PUBLIC_URL": "https://pay.example.com"}

    assert "BANK=demo pays nobody" in start(**real, BANK="demo")
    assert start(**real, BANK="files") == start(**real) == ""
    assert start(DEMO="1", BANK="files") == ""
