"""Runs: of a merchant's server by its key, of people who paid for them or opened them."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from devices import queries
from devices.models import Run
from devices.serializers import NewRun, RunView
from devices.services import free
from merchants import scopes
from merchants.authentication import ApiKeyAuthentication, HasScope, MerchantCaller
from payments import idempotency
from payments.views import calls
from payments.views.documents import IDEMPOTENCY_KEY
from people.authentication import BearerSession


class Runs(APIView):
    """Machines used where nothing has to be paid."""

    @extend_schema(
        operation_id="runs_create", parameters=[IDEMPOTENCY_KEY], request=NewRun, responses={201: RunView}
    )
    def post(self, request: Request) -> Response:
        """Start a machine for nothing."""
        call = calls.call_of(request)
        known = idempotency.replay(call)
        if known is not None:
            return calls.answered(known)
        return calls.answered(free.use(call=call, **calls.valid(NewRun(data=request.data))))


class RunDetail(APIView):
    """One run: one's own, or one on a machine of the calling merchant."""

    authentication_classes = (ApiKeyAuthentication, BearerSession, SessionAuthentication)
    permission_classes = (HasScope.of(scopes.DEVICES_READ, or_person=True),)

    @extend_schema(operation_id="runs_retrieve", responses=RunView)
    def get(self, request: Request, run_id: UUID) -> Response:
        """Return the run as it is now; its unlock code only to who paid for it or opened it."""
        caller: object = request.user  # the shop, where the key is one
        if isinstance(caller, MerchantCaller):
            return Response(_run(Run.objects.filter(device__account_id=caller.account_id), run_id))
        reader_id = calls.person(request).pk
        own = Run.objects.filter(queries.is_of_person(reader_id))
        return Response(_run(own, run_id, reader_id=reader_id))


def _run(visible: QuerySet[Run], run_id: UUID, *, reader_id: UUID | None = None) -> dict[str, object]:
    run: Any = get_object_or_404(queries.with_ears(visible), pk=run_id)
    return queries.view(run, reader_id=reader_id)
