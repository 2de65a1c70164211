"""Paying, and what was paid."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from payments import codes, idempotency, queries, requests, services
from payments.serializers import NewPayment, PayableView, PaymentView, Scan
from payments.views import calls
from payments.views.documents import IDEMPOTENCY_KEY, PAGE, page_of
from people import pin
from people.authentication import session_token


class Scans(APIView):
    """What a code stands for."""

    @extend_schema(operation_id="scan_create", request=Scan, responses={200: PayableView})
    def post(self, request: Request) -> Response:
        """Look a scanned code up. Reserves nothing."""
        return Response(codes.scan(payer_id=calls.person(request).pk, **calls.valid(Scan(data=request.data))))


class Payments(APIView):
    """One's own payments."""

    @extend_schema(operation_id="payments_list", parameters=PAGE, responses=page_of(PaymentView))
    def get(self, request: Request) -> Response:
        """List what was paid and received, newest first."""
        page = requests.page(request)
        found = queries.payments(
            user_id=calls.person(request).pk, before=requests.id_in(page.cursor), limit=page.limit + 1
        )
        more = found[page.limit - 1]["id"] if len(found) > page.limit else None
        return Response(requests.listed(request, found[: page.limit], next_cursor=more))

    @extend_schema(
        operation_id="payments_create",
        parameters=[IDEMPOTENCY_KEY],
        request=NewPayment,
        responses={201: PaymentView},
    )
    def post(self, request: Request) -> Response:
        """Pay: repeat the stored answer, or check the PIN and move the money."""
        call = calls.call_of(request)
        known = idempotency.replay(call)
        if known is not None:
            return calls.answered(known)
        form = NewPayment(data=request.data)
        form.is_valid(raise_exception=True)
        wish = dict(form.validated_data)
        wish.pop("currency", None)
        pin.check(user_id=call.caller, session_token=session_token(request), pin=str(wish.pop("pin")))
        return calls.answered(services.pay(call=call, **wish))


class OnePayment(APIView):
    """A payment that one made or got."""

    @extend_schema(operation_id="payments_retrieve", responses=PaymentView)
    def get(self, request: Request, payment_id: UUID) -> Response:
        """Return it as it is now."""
        return Response(queries.payment(user_id=calls.person(request).pk, payment_id=payment_id))
