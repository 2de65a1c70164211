"""Signing in and out."""

from django.contrib.auth import logout
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from people import services
from people.addresses import address_of
from people.authentication import session_token
from people.serializers import SignedIn, SignIn


class Sessions(APIView):
    """Sign-in of an app."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="sessions_create", request=SignIn, responses={201: SignedIn})
    def post(self, request: Request) -> Response:
        """Exchange phone and password for a token."""
        form = SignIn(data=request.data)
        form.is_valid(raise_exception=True)
        session, token = services.sign_in(**form.validated_data, address=address_of(request))
        return Response(SignedIn({"token": token, "expires_at": session.expires_at}).data, status=201)


class CurrentSession(APIView):
    """The session of this very call."""

    @extend_schema(operation_id="sessions_current_destroy", request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """End it; its token is worthless from now on."""
        services.sign_out(raw_token=session_token(request))
        if request.auth is None:
            logout(request._request)
        return Response(status=204)
