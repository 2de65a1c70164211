"""Taking a shop's takings out: its owner does, on the terms of the shop's plan."""

from uuid import UUID

from merchants import queries
from merchants.models import Merchant
from payments import tiers
from payments.errors import ShopRequired, UnknownShop
from payments.tiers import Terms


class Shop:
    """The merchant tier."""

    def terms(self, *, owner_id: UUID, merchant_id: UUID | None) -> Terms:
        """Return the shop's account and its plan's terms as they are now. A closed shop's money can leave.

        Raises:
            UnknownShop: it is not his, or he has none.
            ShopRequired: he has several and named none.
        """
        shops = Merchant.objects.filter(owner_id=owner_id)
        found = list((shops if merchant_id is None else shops.filter(pk=merchant_id))[:2])
        if not found:
            raise UnknownShop
        if len(found) > 1:
            raise ShopRequired(errors={"merchant": [ShopRequired.sentence]})
        account_id = found[0].account_id
        plan = queries.terms(account_id)
        return Terms(account_id, plan.withdrawal_fee_bp, plan.withdrawal_fee_minimum)


tiers.register(tiers.MERCHANT, Shop())
