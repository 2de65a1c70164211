"""What somebody who became a shop sees of his code."""

import pytest

from merchants import applications
from payments.models import Code
from people.models import User
from tests.payments.hands import fill, has, pay
from wallet import receiving

pytestmark = pytest.mark.django_db


def test_the_receive_page_keeps_the_printed_code_of_who_became_a_shop(
    alice: User, bob: User, mei: User
) -> None:
    fill(alice, 1_000)
    before = receiving.own_code(user_id=bob.pk)
    pay(alice, Code.objects.get(pk=before.id), 100)
    wish = applications.apply(owner_id=bob.pk, shop_name="Bob's Noodles", category="food")
    assert applications.approve(application_id=wish.pk, staff_id=mei.pk, reason="seen")

    after = receiving.own_code(user_id=bob.pk)
    pay(alice, Code.objects.get(pk=after.id), 200)

    assert (after.id, before.name, after.name) == (before.id, "Bob", "Bob's Noodles")
    assert (before.words, after.words) == ("Personal · free of fees", "Shop")
    assert Code.objects.count() == 1
    assert (receiving.today(user_id=bob.pk).total, has(bob)) == (300, 100)
