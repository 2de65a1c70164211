"""What a shop's counter code sells: whatever the payer and the shop agreed on."""

from collections.abc import Collection, Mapping
from uuid import UUID

from merchants.queries import terms
from payments import payables
from payments.errors import OptionUnknown
from payments.models import Code
from payments.payables import PaymentDraft, Quote


class Counter:
    """Paying at a shop's counter: at once, the shop pays its plan's fee."""

    def quote(self, *, code: Code, option: str | None, args: Mapping[str, object] | None) -> Quote:
        """Return the shop's terms as they are now.

        Raises:
            OptionUnknown: a counter sells no options.
        """
        if option is not None or args:
            raise OptionUnknown
        shop = terms(code.account_id, code.place_id)
        return Quote(
            payee_account_id=code.account_id,
            payee_name=shop.name,
            tier="merchant",
            verified=shop.verified,
            place=shop.place,
            amount=code.amount,
            fee_bp=shop.fee_bp,
            fee_minimum=shop.fee_minimum,
            hold_s=None,
            cap_rule=None,
            version=payables.version_of(
                "merchant", code.account_id, shop.name, shop.verified, shop.place, code.amount
            ),
            expires_at=code.expires_at,
            ascii_name=shop.name_ascii,
            ascii_city=shop.city_ascii,
        )

    def claim(self, *, payment: PaymentDraft, quote: Quote) -> None:
        """Take nothing: a counter serves any number of payers."""

    def describe(self, *, payment_ids: Collection[UUID]) -> dict[UUID, dict[str, object]]:
        """Know nothing more."""
        return {}


payables.register("merchant", Counter())
