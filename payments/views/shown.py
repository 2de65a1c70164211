"""What a payer shows to a cashier."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from payments import shown
from payments.forms_shown import NewPaymentCode, PaymentCodeView
from payments.views import calls
from people import pin
from people.authentication import session_token


class PaymentCodes(APIView):
    """The code that the caller shows."""

    @extend_schema(
        operation_id="payment_codes_create", request=NewPaymentCode, responses={201: PaymentCodeView}
    )
    def post(self, request: Request) -> Response:
        """Make a new one, good for one charge within a minute; the one before pays nobody any more."""
        wish = calls.valid(NewPaymentCode(data=request.data))
        user_id = calls.person(request).pk
        pin.check(user_id=user_id, session_token=session_token(request), pin=wish["pin"])
        made = shown.show(payer_id=user_id, max_amount=wish.get("max_amount"))
        return Response(made, status=201)
