"""What the wallet says when a service said no."""

from datetime import timedelta

from django.utils import timezone

from outbox.clock import now
from payments.errors import InsufficientFunds, LimitExceeded
from people.errors import PinLocked, WrongPin
from wallet import words


def test_a_refusal_says_what_became_of_the_money() -> None:
    assert words.of(WrongPin()) == "That PIN is not right. No money moved"
    assert words.of(InsufficientFunds()).endswith("No money moved")


def test_a_refusal_without_words_of_its_own_keeps_its_reason() -> None:
    assert words.of(LimitExceeded("Only 500 a day.")) == "Only 500 a day. No money moved"


def test_a_busy_machine_is_named_by_its_number() -> None:
    assert words.of_machine("machine_busy", number="07") == "Somebody is using 07. No money moved"


def test_a_locked_pin_says_until_when(db: None) -> None:
    assert words.of(PinLocked(retry_after_s=600)).startswith("Too many tries. Try again at ")


def test_a_lock_that_ends_another_day_names_the_day(db: None) -> None:
    said = words.of(PinLocked(retry_after_s=24 * 3600))

    tomorrow = timezone.localtime(now() + timedelta(days=1)).date()
    assert f"{tomorrow:%B} at" in said
    assert str(tomorrow.day) in said
