"""Minor units and the fee function."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from payments import money


@pytest.mark.parametrize(
    ("amount", "bp", "minimum", "fee"),
    [
        (83, 60, 0, 0),  # 0.498
        (84, 60, 0, 1),  # 0.504
        (250, 60, 0, 2),  # 1.5: half up
        (750, 60, 0, 5),  # 4.5: half up, where a banker would say 4
        (10_000, 60, 0, 60),
        (10_000, 100, 0, 100),
        (10_000, 0, 0, 0),
        (10**12, 100, 0, 10**10),
        (100, 60, 10, 10),
        (5, 60, 10, 5),  # never more than the amount
        (0, 60, 10, 0),
    ],
)
def test_the_fee(amount: int, bp: int, minimum: int, fee: int) -> None:
    assert money.fee(amount, bp=bp, minimum=minimum) == fee


@given(amount=some.integers(0, 10**12), bp=some.integers(0, 10_000), minimum=some.integers(0, 1000))
def test_a_fee_is_within_half_a_unit_of_its_rate(amount: int, bp: int, minimum: int) -> None:
    fee = money.fee(amount, bp=bp, minimum=minimum)
    assert min(minimum, amount) <= fee <= amount
    if fee not in {minimum, amount}:
        assert abs(fee * 10_000 - amount * bp) <= 5000
    assert money.fee(amount, bp=bp, minimum=0) == (2 * amount * bp + 10_000) // 20_000


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1200, "CNY", "12.00"),
        (5, "CNY", "0.05"),
        (-1205, "CNY", "-12.05"),
        (1200, "JPY", "1200"),
        (1200, "KWD", "1.200"),
        (0, "CNY", "0.00"),
    ],
)
def test_an_amount_as_text(amount: int, currency: str, text: str) -> None:
    assert money.text(amount, currency) == text


def test_exponents_come_from_iso_4217_and_not_from_a_locale_library() -> None:
    assert {money.exponent(code) for code in ("IRR", "LAK", "MMK", "ALL", "IDR")} == {2}
