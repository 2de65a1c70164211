"""What a shop's counter code sells: whatever the payer and the shop agreed on."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from merchants.queries import terms
from payments import payables
from payments.errors import OptionUnknown
from payments.models import Code
from payments.payables import PaymentDraft, Quote


def counter_quote(account_id: int, *, place_id: UUID | None = None, amount: int | None = None) -> Quote:
    """Return on what terms a shop's counter is paid now; `amount` in minor units, None if the payer types it.

    Raises:
        LookupError: the account is no shop's.
    """
    shop = terms(account_id, place_id)
    return Quote(
        payee_account_id=account_id,
        payee_name=shop.name,
        tier="merchant",
        verified=shop.verified,
        place=shop.place,
        amount=amount,
        fee_bp=shop.fee_bp,
        fee_minimum=shop.fee_minimum,
        hold_s=None,
        version=payables.version_of("merchant", account_id, shop.name, shop.verified, shop.place, amount),
        ascii_name=shop.name_ascii,
        ascii_city=shop.city_ascii,
    )


class Counter:
    """Paying at a shop's counter: at once, the shop pays its plan's fee."""

    def quote(
        self,
        *,
        code: Code,
        option: str | None,
        args: Mapping[str, object] | None,
        payer_id: UUID | None = None,
    ) -> Quote:
        """Return the shop's terms as they are now.

        Raises:
            OptionUnknown: a counter sells no options.
        """
        if option is not None or args:
            raise OptionUnknown
        quote = counter_quote(code.account_id, place_id=code.place_id, amount=code.amount)
        return replace(quote, expires_at=code.expires_at)

    def claim(self, *, payment: PaymentDraft, quote: Quote) -> None:
        """Take nothing: a counter serves any number of payers."""

    def describe(
        self, *, payment_ids: Collection[UUID], reader_id: UUID | None = None
    ) -> dict[UUID, dict[str, object]]:
        """Know nothing more."""
        return {}


payables.register("merchant", Counter())
