"""Amounts as they are written."""

import pytest
from pytest_django import Settings

from wallet import money
from wallet.templatetags import saoma


@pytest.mark.parametrize(
    ("currency", "amount", "text"),
    [
        ("CNY", 600, "¥6.00"),
        ("CNY", 5, "¥0.05"),
        ("CNY", 0, "¥0.00"),
        ("CNY", -1280, "−¥12.80"),
        ("CNY", 10**12, "¥10,000,000,000.00"),
        ("JPY", 1280, "¥1,280"),
        ("JPY", 0, "¥0"),
        ("KWD", 1234, "KWD 1.234"),
    ],
)
def test_an_amount_in_a_sentence(settings: Settings, currency: str, amount: int, text: str) -> None:
    settings.CURRENCY = currency
    assert money.text(amount) == text


@pytest.mark.parametrize(("amount", "text"), [(600, "+¥6.00"), (-600, "−¥6.00"), (0, "¥0.00")])
def test_a_signed_amount_says_both_directions(settings: Settings, amount: int, text: str) -> None:
    settings.CURRENCY = "CNY"
    assert money.text(amount, signed=True) == text


def test_sign_and_minor_digits_are_set_apart(settings: Settings) -> None:
    settings.CURRENCY = "CNY"
    drawn = saoma.amount(123456, "amt-xl")
    assert '<span class="cur">¥</span><span>1,234</span><span class="dec">.56</span>' in drawn


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Corner Laundry", "CL"), ("Alice", "A"), ("街角洗衣", "街"), ("まちの洗濯屋", "ま"), ("…", "?")],
)
def test_initials_of_a_round_thumb(name: str, letters: str) -> None:
    assert saoma.initials(name) == letters
