"""Who may have an account, under which name and number."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from people import services
from people.errors import PhoneTaken, WeakPassword, WeakPin
from people.models import Pin, User
from people.names import clean_name
from tests.cast import PASSWORD, PIN
from tests.processes import together

PHONE = "+8613900000001"


def sign_up(**other: str) -> User:
    """Sign up a person who is fine in every respect that is not given."""
    form = {"phone": PHONE, "password": PASSWORD, "name": "Dora", "pin": PIN}
    return services.sign_up(**(form | other))


@pytest.mark.django_db
def test_a_new_person_has_argon2_hashes_and_a_version_7_id() -> None:
    user = sign_up()

    assert user.pk.version == 7
    assert user.password.startswith("argon2$argon2id$")
    assert Pin.objects.get(pk=user.pk).hash.startswith("argon2$argon2id$")


@pytest.mark.django_db
def test_a_number_is_taken_once() -> None:
    sign_up()

    with pytest.raises(PhoneTaken):
        sign_up(name="Another")


@pytest.mark.django_db(transaction=True)
def test_of_ten_who_want_a_number_at_once_one_gets_it() -> None:
    answers = together(10, lambda number: sign_up(name=f"Dora {number}"))

    assert sum(isinstance(answer, User) for answer in answers) == 1
    assert sum(isinstance(answer, PhoneTaken) for answer in answers) == 9


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["short", "password", "+8613900000001"])
def test_a_weak_password_is_refused_with_the_reason(password: str) -> None:
    with pytest.raises(WeakPassword) as refusal:
        sign_up(password=password)

    assert refusal.value.errors["password"]


@pytest.mark.django_db
def test_a_weak_pin_is_refused_with_the_reason() -> None:
    with pytest.raises(WeakPin) as refusal:
        sign_up(pin="123456")

    assert (refusal.value.status, refusal.value.code) == (400, "weak_pin")
    assert "pin" in refusal.value.errors
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "phone",
    ["", "+", "12", "+12345678901234567", "١٢٣٤٥٦٧", "+86 139", "0139-1111", "13900000001\n", "++8613900"],
)
def test_a_number_is_ascii_digits(phone: str) -> None:
    with pytest.raises(ValidationError):
        sign_up(phone=phone)


@pytest.mark.django_db
def test_the_database_takes_no_other_numbers_either() -> None:
    user = sign_up()

    with pytest.raises(IntegrityError, match="user_phone_is_digits"):
        User.objects.filter(pk=user.pk).update(phone="13900000001\n")


@pytest.mark.django_db
def test_the_database_takes_no_empty_name() -> None:
    user = sign_up()

    with pytest.raises(IntegrityError, match="user_has_a_name"):
        User.objects.filter(pk=user.pk).update(name="")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Mei ", "Mei"),
        ("王小明", "王小明"),
        ("Zoe\u0308", "Zoë"),
        ("👩‍🔧 Ada", "👩‍🔧 Ada"),
        ("x" * 64, "x" * 64),
        ("Ali O'Neil-Çelik", "Ali O'Neil-Çelik"),
        ("نمی\u200cدانم", "نمی\u200cدانم"),
        ("❤\ufe0f Ada", "❤\ufe0f Ada"),
    ],
)
def test_names_are_kept_as_people_write_them(typed: str, kept: str) -> None:
    assert clean_name(typed) == kept


@pytest.mark.parametrize(
    "deceiving",
    [
        "",
        "   ",
        "\u200d",
        "x" * 65,
        "Bob\x00",
        "Bob\nPaid",
        "Bob\x1b[31m",
        "\u202eknaB",
        "Ba\u2066nk",
        "Ba\u200bnk",
        "Bank\ufeff!",
        "\ud800",
        "a\u2028b",
        "\ue000",
        "a\u00adb",
        "a\u0600b",
        *(
            f"Bob{char}"
            for char in "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0"
        ),
        "\u3164",
    ],
)
def test_names_that_hide_or_reorder_text_are_refused(deceiving: str) -> None:
    with pytest.raises(ValidationError):
        clean_name(deceiving)
