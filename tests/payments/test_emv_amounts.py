"""Amounts and tips in EMVCo payloads: exact, in one way, within the currency."""

import pytest

from payments import emv
from payments.emv import EmvError, Objects

OBJECTS: Objects = {
    "00": "01",
    "26": {"00": "com.example.pay", "01": "70ZRE6XES2ETMR3Q1BKC8N20JC"},
    "52": "0000",
    "53": "156",
    "58": "CN",
    "59": "CORNER LAUNDRY",
    "60": "SHANGHAI",
}


@pytest.mark.parametrize("amount", ["1", "98.73", "98", "98.", "0.01", "007.50", "9999999999.99"])
def test_an_amount_is_digits_with_at_most_one_point(amount: str) -> None:
    assert emv.read(emv.compose({**OBJECTS, "54": amount}))["54"] == amount


@pytest.mark.parametrize(
    "amount",
    [
        "0",
        "0.00",
        ".",
        ".5",
        "-1",
        "+1",
        "1e3",
        "1,50",
        "1.2.3",
        " 1",
        "1 ",
        "0x1",
        "１",
        "1" * 14,
        "NaN",
        "∞",
    ],
)
def test_what_is_no_amount_above_zero_is_refused(amount: str) -> None:
    with pytest.raises(EmvError, match=r"object 54 is no amount above zero"):
        emv.compose({**OBJECTS, "54": amount})


@pytest.mark.parametrize(
    ("currency", "amount", "fits"),
    [
        *[("156", "1.23", True), ("156", "1.234", False)],
        *[("392", "123", True), ("392", "123.", True), ("392", "1.2", False)],
        *[("414", "1.234", True), ("414", "1.2345", False), ("990", "1.2345", True)],
    ],
)
def test_an_amount_has_no_more_decimals_than_its_currency(currency: str, amount: str, fits: bool) -> None:
    objects = {**OBJECTS, "53": currency, "54": amount}
    if fits:
        assert emv.compose(objects)
    else:
        with pytest.raises(EmvError, match=r"^object 54 has more decimals than its currency$"):
            emv.compose(objects)


@pytest.mark.parametrize(
    "tip",
    [{}, {"55": "01"}, {"55": "02", "56": "1.50"}, {"55": "03", "57": "5"}, {"55": "03", "57": "12.50"}],
    ids=str,
)
def test_a_tip_is_asked_for_in_one_way(tip: Objects) -> None:
    assert emv.parse(emv.compose(OBJECTS | tip)).items() >= tip.items()


@pytest.mark.parametrize(
    ("tip", "reason"),
    [
        ({"55": "00"}, "object 55 is none of 01, 02 and 03"),
        ({"56": "1"}, "objects 55 and 56 contradict each other"),
        ({"57": "1"}, "objects 55 and 57 contradict each other"),
        ({"55": "01", "56": "1"}, "objects 55 and 56 contradict each other"),
        ({"55": "02"}, "objects 55 and 56 contradict each other"),
        ({"55": "03"}, "objects 55 and 57 contradict each other"),
        ({"55": "02", "57": "5"}, "objects 55 and 56 contradict each other"),
        ({"55": "02", "56": "1", "57": "5"}, "objects 55 and 57 contradict each other"),
        ({"55": "02", "56": "0"}, "object 56 is no amount above zero, of digits and at most one point"),
        ({"55": "02", "56": "1.505"}, "object 56 has more decimals than its currency"),
        *[
            ({"55": "03", "57": percent}, "object 57 is no percentage from 00.01 to 99.99")
            for percent in ("0", "00.00", "100", "5%", "1.234", "-1", ".5")
        ],
    ],
    ids=str,
)
def test_tips_that_contradict_each_other_are_refused(tip: Objects, reason: str) -> None:
    with pytest.raises(EmvError) as refused:
        emv.compose(OBJECTS | tip)
    assert str(refused.value) == reason
