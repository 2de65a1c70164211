"""What staff cannot do to each other, and cannot find out."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from payments import accounts, codes
from people.models import User
from tests.cast import PASSWORD

NEW = "another pass phrase"
pytestmark = pytest.mark.django_db


def staff(name: str, phone: str, *, may_change: bool = True, **powers: bool) -> User:
    """Store somebody of the office."""
    user = User.objects.create_user(phone=phone, password=PASSWORD, name=name, is_staff=True, **powers)
    if may_change:
        user.user_permissions.set(Permission.objects.filter(content_type__app_label="people"))
    return user


def desk_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def clerk(db: None) -> User:
    """May change people."""
    return staff("Clerk", "+8613800000008")


@pytest.fixture
def colleague(db: None) -> User:
    """Is staff too."""
    return staff("Colleague", "+8613800000007")


def rename(browser: Client, user: User) -> Any:
    form = {"name": "Renamed", "phone": user.phone, "is_active": "on"}
    return browser.post(f"/admin/people/user/{user.pk}/change/", form)


def reset(browser: Client, user: User) -> Any:
    form = {"password1": NEW, "password2": NEW, "usable_password": "true", "set-password": "x"}
    return browser.post(f"/admin/people/user/{user.pk}/password/", form)


def test_staff_change_no_other_staff(clerk: User, colleague: User) -> None:
    desk = desk_of(clerk)

    assert (rename(desk, colleague).status_code, reset(desk, colleague).status_code) == (403, 403)

    colleague.refresh_from_db()
    assert colleague.name == "Colleague"
    assert colleague.check_password(PASSWORD)


def test_who_has_powers_without_the_admin_is_out_of_reach_too(clerk: User, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_superuser=True)

    assert (rename(desk_of(clerk), bob).status_code, reset(desk_of(clerk), bob).status_code) == (403, 403)


def test_staff_change_themselves_but_not_their_password_without_the_old_one(clerk: User) -> None:
    assert rename(desk_of(clerk), clerk).status_code == 302
    assert reset(desk_of(clerk), clerk).status_code == 403

    clerk.refresh_from_db()
    assert clerk.name == "Renamed"
    assert clerk.check_password(PASSWORD)


@pytest.mark.parametrize("may_change", [True, False])
def test_customers_are_changed_with_the_permission_alone(alice: User, may_change: bool) -> None:
    desk = desk_of(staff("Clerk", "+8613800000008", may_change=may_change))

    expected = 302 if may_change else 403
    assert (rename(desk, alice).status_code, reset(desk, alice).status_code) == (expected, expected)


def test_a_superuser_changes_staff(clerk: User) -> None:
    boss = staff("Boss", "+8613800000009", is_superuser=True)

    assert (rename(desk_of(boss), clerk).status_code, reset(desk_of(boss), clerk).status_code) == (302, 302)


@pytest.mark.parametrize(
    ("lookup", "status"),
    [
        ("token__startswith", 400),
        ("token", 400),
        ("account__owner__phone", 400),
        ("status__exact", 200),
        ("kind__exact", 200),
        ("payable", 200),
    ],
)
def test_codes_are_filtered_by_what_the_list_offers_alone(alice: User, lookup: str, status: int) -> None:
    boss = staff("Boss", "+8613800000009", is_superuser=True)
    token = codes.create(account_id=accounts.wallet_of(alice.pk).pk).token
    value = {"status__exact": "active", "kind__exact": "static", "payable": "person"}.get(lookup, token)

    assert desk_of(boss).get("/admin/payments/code/", {lookup: value}).status_code == status


@pytest.mark.parametrize("name", ["x" * 5_000, "a\x00b", "", "用户"], ids=["long", "nul", "none", "letters"])
def test_the_admins_sign_in_takes_any_name_for_a_wrong_one(client: Client, db: None, name: str) -> None:
    assert client.post("/admin/login/", {"username": name, "password": "x"}).status_code == 200
