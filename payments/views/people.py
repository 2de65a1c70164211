"""Signing up, and one's own wallet."""

import re
from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from payments import accounts, answers, money, queries, requests, services
from payments.queries import Entry
from payments.serializers import EntryView, MeView, NewPerson, NewTopUp, TopUpView
from payments.views import calls
from payments.views.documents import IDEMPOTENCY_KEY, PAGE, page_of
from people import services as people
from people.serializers import SignUp

_VERSION = re.compile("[0-9]{1,18}")  # fits a bigint


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
                "limits": [asdict(limit) for limit in queries.limits(user.pk)],
            }
        )


class Statement(APIView):
    """Every movement of one's own wallet."""

    @extend_schema(operation_id="me_statement_list", parameters=PAGE, responses=page_of(EntryView))
    def get(self, request: Request) -> Response:
        """List them, newest first."""
        page = requests.page(request)
        entries = queries.statement(
            user_id=calls.person(request).pk, before=_version(page.cursor), limit=page.limit + 1
        )
        shown = entries[: page.limit]
        more = shown[-1].version if len(entries) > page.limit else None
        return Response(requests.listed(request, [_entry(each) for each in shown], next_cursor=more))


class TopUps(APIView):
    """Money out of nowhere; in the demo only."""

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
        form = NewTopUp(data=request.data)
        form.is_valid(raise_exception=True)
        return calls.answered(services.top_up(call=call, amount=form.validated_data["amount"]))


def _version(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if _VERSION.fullmatch(cursor) is None:
        raise requests.cursor_invalid()
    return int(cursor)


def _entry(entry: Entry) -> answers.Json:
    return {
        "id": str(entry.id),
        "kind": entry.kind,
        "amount": entry.amount,
        "balance_after": entry.balance_after,
        "counterparty": entry.counterparty,
        "payment": str(entry.payment_id) if entry.payment_id else None,
        "created_at": answers.instant(entry.created_at),
    }
