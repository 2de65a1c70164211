"""From person to shop: what the review does with codes, money and names."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from merchants import applications, queries, services
from merchants.errors import ApplicantFrozen, ApplicantSuspected, UnknownPlan, UpgradeWaiting
from merchants.models import Application, Merchant
from payments import accounts, codes
from payments.models import Account, Alert, Code
from people.models import User
from tests.payments.hands import dynamic_code, fill, has, holds_money, legs, pay, static_code, wallet

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(db: None) -> User:
    """Reviews."""
    return User.objects.create(name="Staff", phone="+8613800000009", is_staff=True)


@pytest.fixture
def waiting(bob: User) -> Application:
    """Bob wants to be an arcade."""
    return applications.apply(owner_id=bob.pk, shop_name="Bob's Arcade", category="arcade")


def approve(application: Application, staff: User, **more: str) -> bool:
    return applications.approve(application_id=application.pk, staff_id=staff.pk, reason="seen", **more)


def test_the_shop_gets_the_application_s_id_and_words(waiting: Application, staff: User, bob: User) -> None:
    assert approve(waiting, staff, plan="volume")

    shop = Merchant.objects.get()
    assert (shop.pk, shop.owner, shop.name, shop.category) == (waiting.pk, bob, "Bob's Arcade", "arcade")
    assert (shop.status, shop.verified, shop.account.name) == ("active", False, "Bob's Arcade")
    assert queries.terms(shop.account_id).fee_bp == 60
    waiting.refresh_from_db()
    assert (waiting.status, waiting.decided_by, waiting.decided_because) == ("approved", staff, "seen")


def test_a_decision_is_made_once(waiting: Application, staff: User) -> None:
    assert approve(waiting, staff)
    assert not approve(waiting, staff)
    assert not applications.refuse(application_id=waiting.pk, staff_id=staff.pk, reason="late")

    assert Merchant.objects.count() == 1
    waiting.refresh_from_db()
    assert (waiting.status, waiting.decided_because) == ("approved", "seen")


def test_a_refused_person_stays_one(waiting: Application, staff: User, bob: User) -> None:
    sticker = static_code(bob)
    assert applications.refuse(application_id=waiting.pk, staff_id=staff.pk, reason="no such street")
    assert not approve(waiting, staff)

    sticker.refresh_from_db()
    assert (sticker.payable, sticker.account) == ("person", wallet(bob))
    assert not Merchant.objects.exists()


def test_a_frozen_person_opens_no_shop(waiting: Application, staff: User, bob: User) -> None:
    sticker = static_code(bob)
    accounts.freeze(account_id=wallet(bob).pk, reason="stolen phone")

    with pytest.raises(ApplicantFrozen), transaction.atomic():
        approve(waiting, staff)

    sticker.refresh_from_db()
    waiting.refresh_from_db()
    assert (sticker.payable, waiting.status) == ("person", "waiting")
    assert not Merchant.objects.exists()


def test_a_frozen_shop_is_not_followed_by_another(waiting: Application, staff: User, bob: User) -> None:
    approve(waiting, staff)
    services.freeze(merchant_id=waiting.pk, reason="sells nothing")
    second = applications.apply(owner_id=bob.pk, shop_name="Bob's Bar", category="bar")

    with pytest.raises(ApplicantFrozen), transaction.atomic():
        approve(second, staff)

    assert Merchant.objects.count() == 1


def test_who_is_suspected_is_looked_at_first(
    waiting: Application, staff: User, bob: User, charlie: User
) -> None:
    for each in (bob, charlie):
        sticker = static_code(each)
        Alert.objects.create(
            kind="swapped_sticker", code=sticker, account=sticker.account, detail="pasted over"
        )
    with pytest.raises(ApplicantSuspected), transaction.atomic():
        approve(waiting, staff)
    assert not Merchant.objects.exists()

    Alert.objects.filter(account=wallet(bob)).update(closed_at=Now(), closed_because="his own")
    assert approve(waiting, staff)


def test_one_application_waits(waiting: Application, staff: User, bob: User) -> None:
    with pytest.raises(UpgradeWaiting):
        applications.apply(owner_id=bob.pk, shop_name="Again", category="arcade")
    applications.refuse(application_id=waiting.pk, staff_id=staff.pk, reason="no")

    again = applications.apply(owner_id=bob.pk, shop_name="Again", category="arcade")
    assert applications.newest(owner_id=bob.pk) == again


def test_an_unknown_plan_decides_nothing(waiting: Application, staff: User, bob: User) -> None:
    sticker = static_code(bob)
    with pytest.raises(UnknownPlan):
        approve(waiting, staff, plan="gold")

    waiting.refresh_from_db()
    sticker.refresh_from_db()
    assert (waiting.status, sticker.payable) == ("waiting", "person")
    assert not Account.objects.filter(kind=Account.Kind.MERCHANT).exists()


def test_printed_codes_change_hands_and_no_others(
    waiting: Application, staff: User, bob: User, charlie: User
) -> None:
    printed = [static_code(bob), static_code(bob, amount=300, label="till 1", memo="a game")]
    withdrawn = static_code(bob)
    codes.revoke(code_id=withdrawn.pk)
    live, machine = dynamic_code(bob, amount=300), static_code(bob, payable="machine")
    stranger = static_code(charlie)

    approve(waiting, staff)

    shop = Merchant.objects.get().account_id
    found = {code.pk: code for code in Code.objects.all()}
    assert [(found[each.pk].payable, found[each.pk].account_id) for each in (*printed, withdrawn)] == [
        ("merchant", shop)
    ] * 3
    assert (found[printed[1].pk].amount, found[printed[1].pk].label, found[printed[1].pk].memo) == (
        300,
        "till 1",
        "a game",
    )
    assert found[withdrawn.pk].status == "revoked"
    assert [found[each.pk].token for each in printed] == [each.token for each in printed]
    for each, owner in ((live, bob), (machine, bob), (stranger, charlie)):
        assert (found[each.pk].payable, found[each.pk].account_id) == (each.payable, wallet(owner).pk)


def test_the_same_sticker_pays_the_person_before_and_the_shop_after(
    alice: User, bob: User, waiting: Application, staff: User
) -> None:
    fill(alice, 10_000)
    sticker, live = static_code(bob), dynamic_code(bob, amount=500)
    before = pay(alice, sticker, 1_000)

    approve(waiting, staff)
    after, personal = pay(alice, sticker, 1_000), pay(alice, live)

    shop = Merchant.objects.get().account_id
    before.refresh_from_db()
    assert (before.payee, before.kind, before.payee_name, before.fee) == (wallet(bob), "person", "Bob", 0)
    assert (after.payee_id, after.kind, after.payee_name, after.fee) == (shop, "merchant", "Bob's Arcade", 8)
    assert (personal.payee, personal.kind) == (wallet(bob), "person")
    assert (has(bob), holds_money(shop)) == (1_500, 992)
    assert [kind for kind, *_ in legs(after)] == ["payment", "fee"]


def test_a_shop_owner_may_open_another(waiting: Application, staff: User, bob: User) -> None:
    approve(waiting, staff)
    sticker = static_code(bob)
    second = applications.apply(owner_id=bob.pk, shop_name="Bob's Bar", category="bar")
    approve(second, staff)

    sticker.refresh_from_db()
    assert sticker.account == Merchant.objects.get(pk=second.pk).account
    assert Merchant.objects.count() == 2


def test_who_has_no_wallet_cannot_apply(staff: User) -> None:
    with pytest.raises(Account.DoesNotExist):
        applications.apply(owner_id=staff.pk, shop_name="Office", category="office")


def test_money_stays_where_it_is(alice: User, waiting: Application, staff: User, bob: User) -> None:
    fill(bob, 700)
    accounts.freeze(account_id=wallet(alice).pk, reason="nothing to do with it")

    approve(waiting, staff)

    assert (has(bob), holds_money(Merchant.objects.get().account_id)) == (700, 0)


def test_the_database_keeps_applications_sane(waiting: Application, bob: User) -> None:
    rows = Application.objects.filter(pk=waiting.pk)
    for change in ({"status": "approved"}, {"status": "asleep"}, {"decided_at": Now()}):
        rule = "application_status_says_whether_it_was_decided"
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            rows.update(**change)
    with pytest.raises(IntegrityError, match="a_person_has_one_application_waiting"), transaction.atomic():
        Application.objects.create(owner=bob, shop_name="x", category="x", status="waiting")
