"""What a window of tries is counted by: nobody locks another's sign-in from afar, and nobody guesses on."""

import pytest

from people import throttle
from people.errors import TooManyTries

ALICE = "+8613800000001"
HOME, STRANGER = "192.0.2.1", "198.51.100.7"
pytestmark = pytest.mark.django_db


def fail(times: int, *, address: str, phone: str = ALICE) -> None:
    """Try to sign in so often, and never rightly."""
    for _ in range(times):
        throttle.take(throttle.keys_of(phone=phone, address=address))


def test_a_stranger_cannot_lock_the_sign_in_of_another() -> None:
    fail(throttle.TRIES_A_PHONE, address=STRANGER)
    with pytest.raises(TooManyTries):
        fail(1, address=STRANGER)

    fail(1, address=HOME)


def test_guessing_one_number_from_many_networks_ends_too() -> None:
    for number in range(10):
        fail(10, address=f"198.51.100.{number}")

    with pytest.raises(TooManyTries):
        fail(1, address=HOME)


def test_many_numbers_from_one_network_end_too() -> None:
    for number in range(10):
        fail(10, address=STRANGER, phone=f"+861380000100{number}")

    with pytest.raises(TooManyTries):
        fail(1, address=STRANGER)


def test_an_ipv4_address_counts_as_itself_however_it_is_written() -> None:
    plain = throttle.keys_of(phone=ALICE, address="192.0.2.1")

    assert throttle.keys_of(phone=ALICE, address="::ffff:192.0.2.1") == plain
    assert throttle.keys_of(phone=ALICE, address="::ffff:192.0.2.2") != plain


@pytest.mark.parametrize("address", ["", "unknown" * 20, "2001:db8:1:2:3:4:5:6", "fe80::1%eth0"])
def test_every_address_fits(address: str) -> None:
    fail(1, address=address, phone="+123456789012345")
