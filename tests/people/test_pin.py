"""The PIN: five wrong ones lock it, however many come at once; a right one is quick and writes nothing."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from outbox.clock import now
from people import pin, services
from people.errors import PinLocked, WeakPin, WrongPin
from people.models import Pin, Session, User
from people.tokens import token_hash
from tests.cast import PIN
from tests.processes import together

WRONG = "975310"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def token(alice: User) -> str:
    """The raw token of Alice's phone."""
    return services.start_session(user_id=alice.pk)[1]


def check(user: User, token: str, digits: str) -> type[Exception] | None:
    """Return how a check ended."""
    try:
        pin.check(user_id=user.pk, session_token=token, pin=digits)
    except (WrongPin, PinLocked) as refusal:
        return type(refusal)
    return None


def row_version(user: User) -> str:
    """Return what PostgreSQL changes with every write of a row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text FROM people_pin WHERE user_id = %s", [user.pk])
        return str(cursor.fetchone()[0])


def test_the_first_check_hashes_and_later_ones_take_one_statement_without_a_write(
    alice: User,
    token: str,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pin.check(user_id=alice.pk, session_token=token, pin=PIN)
    monkeypatch.setattr(pin, "check_password", None)  # nothing slow from here on
    before = row_version(alice)

    with django_assert_num_queries(1):
        pin.check(user_id=alice.pk, session_token=token, pin=PIN)

    assert row_version(alice) == before


@pytest.mark.parametrize("remembered", [True, False], ids=["remembered", "hashed"])
def test_four_wrong_ones_are_told_and_the_fifth_locks(alice: User, token: str, remembered: bool) -> None:
    if remembered:
        assert check(alice, token, PIN) is None

    answers = [check(alice, token, WRONG) for _ in range(6)]

    assert answers == [WrongPin] * 4 + [PinLocked] * 2
    assert check(alice, token, PIN) is PinLocked


def test_a_lock_says_how_long_it_lasts(alice: User, token: str) -> None:
    Pin.objects.filter(pk=alice.pk).update(failures=5, locked_until=now() + timedelta(seconds=90))

    with pytest.raises(PinLocked) as refusal:
        pin.check(user_id=alice.pk, session_token=token, pin=PIN)

    assert (refusal.value.status, refusal.value.code) == (423, "pin_locked")
    assert refusal.value.retry_after_s is not None
    assert 80 <= refusal.value.retry_after_s <= 90


def test_when_the_lock_ends_five_more_are_free(alice: User, token: str) -> None:
    Pin.objects.filter(pk=alice.pk).update(failures=5, locked_until=now() - timedelta(seconds=1))

    assert [check(alice, token, WRONG) for _ in range(5)] == [WrongPin] * 4 + [PinLocked]


@pytest.mark.parametrize("remembered", [True, False], ids=["remembered", "hashed"])
def test_each_lock_is_longer_than_the_last_until_a_right_pin(
    alice: User, token: str, remembered: bool
) -> None:
    if remembered:
        check(alice, token, PIN)

    assert [lock_of(alice, token) for _ in range(4)] == [900, 3600, 86400, 86400]
    assert check(alice, token, PIN) is None
    assert lock_of(alice, token) == 900


@pytest.mark.parametrize("forget", ["unlock", "change"])
def test_who_is_let_in_again_starts_with_the_short_lock(alice: User, token: str, forget: str) -> None:
    lock_of(alice, token)
    if forget == "unlock":
        pin.unlock(user_id=alice.pk)
    else:
        pin.change(user_id=alice.pk, pin="864209")

    assert lock_of(alice, token) == 900


def lock_of(user: User, token: str) -> int:
    """Guess until the PIN is locked; let the lock's time pass; return its seconds."""
    for _ in range(4):
        assert check(user, token, WRONG) is WrongPin
    with pytest.raises(PinLocked) as refusal:
        pin.check(user_id=user.pk, session_token=token, pin=WRONG)
    Pin.objects.filter(pk=user.pk).update(locked_until=now() - timedelta(seconds=1))
    return refusal.value.retry_after_s or 0


def test_a_right_one_forgets_the_wrong_ones(alice: User, token: str) -> None:
    for _ in range(3):
        check(alice, token, WRONG)
        check(alice, token, WRONG)
        assert check(alice, token, PIN) is None

    assert Pin.objects.get(pk=alice.pk).failures == 0


@pytest.mark.parametrize("remembered", [True, False], ids=["remembered", "hashed"])
def test_of_fifty_guesses_at_once_five_are_compared(alice: User, token: str, remembered: bool) -> None:
    if remembered:
        check(alice, token, PIN)

    answers = Counter(together(50, lambda number: check(alice, token, f"{800000 + number}")))

    assert answers == {WrongPin: 4, PinLocked: 46}
    assert Pin.objects.get(pk=alice.pk).failures == 5


def test_guesses_spread_over_many_sessions_are_counted_together(alice: User) -> None:
    tokens = [services.start_session(user_id=alice.pk)[1] for _ in range(10)]

    answers = Counter(together(10, lambda number: check(alice, tokens[number], WRONG)))

    assert answers == {WrongPin: 4, PinLocked: 6}


def test_fifty_right_ones_at_once_are_all_right(alice: User, token: str) -> None:
    check(alice, token, PIN)

    assert together(50, lambda _: check(alice, token, PIN)) == [None] * 50


def test_a_failure_cannot_be_rolled_back_with_the_caller(alice: User, token: str) -> None:
    with transaction.atomic(), pytest.raises(transaction.TransactionManagementError):
        pin.check(user_id=alice.pk, session_token=token, pin=PIN)


def test_another_persons_session_proves_nothing(alice: User, bob: User, token: str) -> None:
    check(alice, token, PIN)
    Pin.objects.filter(pk=bob.pk).delete()

    assert check(bob, token, PIN) is WrongPin


def test_a_browser_session_is_remembered_too(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check(alice, "a-session-key-of-django", PIN) is None
    monkeypatch.setattr(pin, "check_password", None)

    assert check(alice, "a-session-key-of-django", PIN) is None
    assert Session.objects.get().kind == Session.Kind.BROWSER


def test_a_new_pin_must_be_proven_again_everywhere(alice: User, token: str) -> None:
    check(alice, token, PIN)

    pin.change(user_id=alice.pk, pin="864209")

    assert Session.objects.get(token_hash=token_hash(token)).pin_mac is None
    assert check(alice, token, PIN) is WrongPin
    assert check(alice, token, "864209") is None


def test_neither_pin_nor_token_is_stored(alice: User, token: str) -> None:
    check(alice, token, PIN)

    stored = repr(list(Session.objects.values())) + repr(list(Pin.objects.values()))

    assert PIN not in stored
    assert token not in stored


@pytest.mark.parametrize(
    "weak", ["000000", "777777", "123456", "654321", "789012", "210987", "121212", "112211"]
)
def test_pins_others_would_try_first_are_refused(weak: str) -> None:
    with pytest.raises(WeakPin):
        pin.refuse_weak(weak)


@pytest.mark.parametrize("fine", [PIN, "246810", "258147", "123457", "112233"])
def test_other_pins_are_taken(fine: str) -> None:
    pin.refuse_weak(fine)


@pytest.mark.parametrize("failures", [-1, 6])
def test_the_database_keeps_the_count_between_0_and_5(alice: User, failures: int) -> None:
    with pytest.raises(IntegrityError, match="pin_failures_between_0_and_5"):
        Pin.objects.filter(pk=alice.pk).update(failures=failures)
