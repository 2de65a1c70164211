"""Giving back what the calling shop was paid."""

from typing import cast
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from merchants import scopes
from merchants.authentication import ApiKeyAuthentication, HasScope, MerchantCaller
from merchants.serializers import NewRefund, RefundView
from payments import idempotency, refunds, requests
from payments.views import calls
from payments.views.documents import IDEMPOTENCY_KEY, PAGE, page_of


class Refunds(APIView):
    """All refunds of one payment to the calling shop."""

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (HasScope.of(scopes.PAYMENTS_REFUND),)

    @extend_schema(operation_id="payments_refunds_list", parameters=PAGE, responses=page_of(RefundView))
    def get(self, request: Request, payment_id: UUID) -> Response:
        """List them, newest first."""
        page = requests.page(request)
        found = refunds.of_payment(
            payment_id=payment_id,
            payee_account_id=_shop(request).account_id,
            before=requests.id_in(page.cursor),
            limit=page.limit + 1,
        )
        more = found[page.limit - 1].pk if len(found) > page.limit else None
        shown = [refunds.described(each) for each in found[: page.limit]]
        return Response(requests.listed(request, shown, next_cursor=more))

    @extend_schema(
        operation_id="payments_refunds_create",
        parameters=[IDEMPOTENCY_KEY],
        request=NewRefund,
        responses={201: RefundView},
    )
    def post(self, request: Request, payment_id: UUID) -> Response:
        """Give back an amount, or all that is left, with its share of the fee."""
        call = calls.call_of(request, caller=_shop(request).merchant_id)
        known = idempotency.replay(call)
        if known is not None:
            return calls.answered(known)
        wish = calls.valid(NewRefund(data=request.data))
        answer = refunds.refund(
            call=call,
            payment_id=payment_id,
            payee_account_id=_shop(request).account_id,
            amount=wish.get("amount"),
            reason=wish["reason"],
        )
        return calls.answered(answer)


def _shop(request: Request) -> MerchantCaller:
    return cast(MerchantCaller, request.user)
