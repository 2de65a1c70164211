"""A changed password ends every session that the old one opened."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from people.models import Session, User
from people.services import start_session
from tests.cast import PASSWORD

NEW = "another pass phrase"
pytestmark = pytest.mark.django_db


def staff_with_permission() -> Client:
    """Return the browser of somebody who may change people."""
    clerk = User.objects.create(phone="+8613800000008", name="Clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(content_type__app_label="people"))
    browser = Client()
    browser.force_login(clerk)
    return browser


def by_model(user: User) -> None:
    user.set_password(NEW)
    user.save()


def by_staff(user: User) -> None:
    form = {"password1": NEW, "password2": NEW, "usable_password": "true", "set-password": "x"}
    answer = staff_with_permission().post(f"/admin/people/user/{user.pk}/password/", form)
    assert answer.status_code == 302


def by_staff_without_another(user: User) -> None:
    form = {"usable_password": "false", "unset-password": "x"}
    answer = staff_with_permission().post(f"/admin/people/user/{user.pk}/password/", form)
    assert answer.status_code == 302


def by_himself(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=True)
    browser = Client()
    browser.force_login(user)
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert browser.post("/admin/password_change/", form).status_code == 302


@pytest.mark.parametrize("change", [by_model, by_staff, by_staff_without_another, by_himself])
def test_a_changed_password_ends_all_sessions_of_this_person(
    alice: User, bob: User, change: Callable[[User], None]
) -> None:
    start_session(user_id=alice.pk)
    start_session(user_id=alice.pk)
    bobs, _ = start_session(user_id=bob.pk)

    change(alice)

    assert list(Session.objects.all()) == [bobs]


def test_another_change_ends_none(alice: User) -> None:
    start_session(user_id=alice.pk)

    alice.name = "Alice B."
    alice.save()

    assert Session.objects.count() == 1
