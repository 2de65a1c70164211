"""The codes that payers show."""

from datetime import timedelta

import pytest

from outbox import clock
from payments import shown
from payments.models import Account, PaymentCode
from people.models import User
from tests.payments.hands import wallet
from tests.payments.till import charge, show

pytestmark = pytest.mark.django_db


def statuses(payer: User) -> list[str]:
    """Return where a payer's codes stand, oldest first."""
    shown_so_far = PaymentCode.objects.filter(payer=wallet(payer)).order_by("pk")
    return list(shown_so_far.values_list("status", flat=True))


class TestShowing:
    """What the payer does."""

    def test_a_code_is_eighteen_digits_for_a_minute(self, alice: User) -> None:
        made = shown.show(payer_id=alice.pk)
        stored = PaymentCode.objects.get()

        assert shown.FORM.fullmatch(str(made["digits"])) and made["payload"] == made["digits"]
        assert stored.expires_at - stored.created_at == pytest.approx(
            timedelta(seconds=60), abs=timedelta(seconds=5)
        )
        assert str(made["expires_at"]).endswith("Z")
        assert (stored.status, stored.payer, stored.max_amount) == ("active", wallet(alice), None)

    def test_only_a_hash_is_stored(self, alice: User) -> None:
        digits = show(alice)
        row = PaymentCode.objects.values().get()

        assert bytes(row["digits_hash"]) == shown.digits_hash(digits)
        assert digits not in repr(row)

    def test_digits_are_not_guessed_from_those_before(self, alice: User) -> None:
        made = [show(alice) for _ in range(50)]

        assert len(set(made)) == 50
        assert all(len({digits[place] for digits in made}) > 3 for place in range(2, 18))

    def test_a_new_code_revokes_the_one_before(self, alice: User, bob: User) -> None:
        show(bob)
        for _ in range(3):
            show(alice)

        assert statuses(alice) == ["revoked", "revoked", "active"]
        assert statuses(bob) == ["active"]

    def test_a_used_code_stays_used(self, rich_alice: User, shop: Account) -> None:
        charge(shop, show(rich_alice), 100)
        show(rich_alice)

        assert statuses(rich_alice) == ["used", "active"]

    def test_codes_are_forgotten_two_days_later(self, alice: User, bob: User) -> None:
        for payer in (alice, bob):
            shown.show(payer_id=payer.pk)
        made = clock.now() - timedelta(days=2, seconds=70)
        PaymentCode.objects.filter(payer=wallet(alice)).update(
            created_at=made, expires_at=made + timedelta(seconds=shown.LIFE_S)
        )

        assert shown.forget_past() == 1
        assert (statuses(alice), statuses(bob)) == ([], ["active"])

    def test_who_has_no_wallet_shows_nothing(self, db: None) -> None:
        staff = User.objects.create(name="Staff", phone="+8613800000008")
        with pytest.raises(Account.DoesNotExist):
            shown.show(payer_id=staff.pk)
