"""What the pay page says before the PIN, in words."""

import pytest
from django.test import Client

from payments import codes
from payments.models import Code
from payments.notices import Notice
from people.models import User
from tests.payments.hands import fill, pay, static_code
from wallet import words

pytestmark = pytest.mark.django_db

NEW = "You have not paid Bob before. Is it the right name?"
PERSON = "This code pays a person, not a machine. Nothing will start"


def said(browser: Client, code: Code) -> list[tuple[str, bool]]:
    """Return the notices of the page, and which of them warn."""
    answer = browser.get(f"/q/{code.token}")
    notices = answer.context["payable"].notices
    assert all(notice.text in answer.content.decode() for notice in notices)
    return [(notice.text, notice.warns) for notice in notices]


def test_whom_one_never_paid(alice: User, bob: User, alice_at: Client) -> None:
    code = static_code(bob)
    assert said(alice_at, code) == [(NEW, False)]
    fill(alice, 100)
    pay(alice, code, 100)
    assert said(alice_at, code) == []


def test_a_warning_stands_first(bob: User, alice_at: Client) -> None:
    code = static_code(bob, memo="Washer 07")
    assert said(alice_at, code) == [(PERSON, True), (NEW, False)]
    assert 'class="notice bad"' in alice_at.get(f"/q/{code.token}").content.decode()


def test_ones_own_code_needs_no_notice(bob: User, bob_at: Client) -> None:
    assert said(bob_at, codes.create(account_id=static_code(bob).account_id)) == []


def test_every_notice_has_its_words() -> None:
    for notice in Notice:
        assert words.of_notice(notice, payee="Bob")
