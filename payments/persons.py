"""Paying a person: free of fees, at once, and capped by the day for printed codes."""

from collections.abc import Collection, Mapping
from uuid import UUID

from payments import payables
from payments.errors import OptionUnknown
from payments.models import Code
from payments.payables import PaymentDraft, Quote


class Person:
    """The personal tier."""

    def quote(
        self,
        *,
        code: Code,
        option: str | None,
        args: Mapping[str, object] | None,
        payer_id: UUID | None = None,
    ) -> Quote:
        """Return a person's terms: none.

        Raises:
            OptionUnknown: a person sells no options.
        """
        if option is not None or args:
            raise OptionUnknown
        payee = code.account
        return Quote(
            payee_account_id=payee.id,
            payee_name=payee.name,
            tier="personal",
            verified=False,
            place="",
            amount=code.amount,
            fee_bp=0,
            fee_minimum=0,
            hold_s=None,
            version=payables.version_of("person", payee.id, payee.name, code.amount),
            expires_at=code.expires_at,
        )

    def claim(self, *, payment: PaymentDraft, quote: Quote) -> None:
        """Take nothing: a person can be paid any number of times."""

    def describe(
        self, *, payment_ids: Collection[UUID], reader_id: UUID | None = None
    ) -> dict[UUID, dict[str, object]]:
        """Know nothing more."""
        return {}


payables.register("person", Person())
