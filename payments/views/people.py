"""Signing up, and one's own wallet."""

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from payments import accounts, answers, money, queries
from payments.caps import Limit
from payments.serializers import MeView, NewPerson
from payments.views import calls
from people import services as people
from people.serializers import SignUp


class Users(APIView):
    """Signing up; in the demo only."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="users_create", request=SignUp, responses={201: NewPerson})
    def post(self, request: Request) -> Response:
        """Store a person with a wallet and sign him in."""
        calls.only_in_the_demo()
        form = SignUp(data=request.data)
        form.is_valid(raise_exception=True)
        user = accounts.sign_up(**form.validated_data)
        _, token = people.start_session(user_id=user.pk)
        return Response({"id": str(user.pk), "token": token}, status=201)


class Me(APIView):
    """The calling person."""

    @extend_schema(operation_id="me_retrieve", responses=MeView)
    def get(self, request: Request) -> Response:
        """Return who calls, what he has, and what he may still spend today."""
        user = calls.person(request)
        return Response(
            {
                "id": str(user.pk),
                "name": user.name,
                "phone": user.phone,
                "tier": queries.tier(user.pk),
                "currency": money.currency(),
                "balance": asdict(queries.balance(user.pk)),
                "limits": [_limit(each) for each in queries.limits(user.pk)],
            }
        )


def _limit(limit: Limit) -> answers.Json:
    return asdict(limit) | {"resets_at": answers.instant(limit.resets_at)}
