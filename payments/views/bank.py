"""Money to the bank and from it."""

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from payments import idempotency, requests, tiers, top_ups, withdrawals
from payments.bank import accounts, queries
from payments.bank_forms import (
    SOURCES,
    BankAccountView,
    NewBankAccount,
    NewWithdrawal,
    Source,
    WithdrawalView,
)
from payments.serializers import NewTopUp, TopUpView
from payments.tiers import Terms
from payments.views import calls
from payments.views.documents import IDEMPOTENCY_KEY, PAGE, page_of
from people import pin
from people.authentication import session_token

_SOURCE = [
    OpenApiParameter("from", OpenApiTypes.STR, enum=SOURCES, default=tiers.WALLET),
    OpenApiParameter("merchant", OpenApiTypes.UUID, description="Which shop, if one owns several."),
]


class TopUps(APIView):
    """Money from the demo's bank; in the demo only."""

    @extend_schema(
        operation_id="top_ups_create",
        parameters=[IDEMPOTENCY_KEY],
        request=NewTopUp,
        responses={201: TopUpView},
    )
    def post(self, request: Request) -> Response:
        """Bring money into one's own wallet."""
        calls.only_in_the_demo()
        call = calls.call_of(request)
        wish = calls.valid(NewTopUp(data=request.data))
        return calls.answered(top_ups.top_up(call=call, amount=wish["amount"]))


class Withdrawals(APIView):
    """One's own withdrawals."""

    @extend_schema(operation_id="withdrawals_list", parameters=PAGE, responses=page_of(WithdrawalView))
    def get(self, request: Request) -> Response:
        """List them, newest first: out of the wallet and out of one's shops."""
        page = requests.page(request)
        found = queries.withdrawals(
            user_id=calls.person(request).pk, before=requests.id_in(page.cursor), limit=page.limit + 1
        )
        more = found[page.limit - 1]["id"] if len(found) > page.limit else None
        return Response(requests.listed(request, found[: page.limit], next_cursor=more))

    @extend_schema(
        operation_id="withdrawals_create",
        parameters=[IDEMPOTENCY_KEY],
        request=NewWithdrawal,
        responses={201: WithdrawalView},
    )
    def post(self, request: Request) -> Response:
        """Take money out: repeat the stored answer, or check the PIN and send it on its way."""
        call = calls.call_of(request)
        known = idempotency.replay(call)
        if known is not None:
            return calls.answered(known)
        wish = calls.valid(NewWithdrawal(data=request.data))
        pin.check(user_id=call.caller, session_token=session_token(request), pin=wish["pin"])
        answer = withdrawals.withdraw(
            call=call, amount=wish["amount"], source=wish["from"], merchant_id=wish.get("merchant")
        )
        return calls.answered(answer)


class OneWithdrawal(APIView):
    """A withdrawal of one's own."""

    @extend_schema(operation_id="withdrawals_retrieve", responses=WithdrawalView)
    def get(self, request: Request, withdrawal_id: UUID) -> Response:
        """Return it as it is now."""
        return Response(queries.withdrawal(user_id=calls.person(request).pk, withdrawal_id=withdrawal_id))


class OwnBankAccount(APIView):
    """Where one's withdrawals go."""

    @extend_schema(operation_id="me_bank_account_retrieve", parameters=_SOURCE, responses=BankAccountView)
    def get(self, request: Request) -> Response:
        """Return it; of its number the end alone."""
        asked = calls.valid(Source(data=request.query_params.dict()))
        return Response(queries.bank_account(_terms(request, asked)))

    @extend_schema(operation_id="me_bank_account_update", request=NewBankAccount, responses=BankAccountView)
    def put(self, request: Request) -> Response:
        """Send withdrawals there from now on; those under way keep their way."""
        wish = calls.valid(NewBankAccount(data=request.data))
        terms = _terms(request, wish)
        pin.check(user_id=calls.person(request).pk, session_token=session_token(request), pin=wish["pin"])
        accounts.store(
            account_id=terms.account_id,
            holder=wish["holder"],
            number=wish["number"],
            bank=wish.get("bank", ""),
        )
        return Response(queries.bank_account(terms))


def _terms(request: Request, asked: dict[str, Any]) -> Terms:
    return tiers.terms(asked["from"], owner_id=calls.person(request).pk, merchant_id=asked.get("merchant"))
