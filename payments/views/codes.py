"""One's own codes and their symbols."""

import re
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from payments import accounts, codes, payloads, qr, queries, requests
from payments.forms_codes import CodeChange, CodeView, NewCode
from payments.models import Code
from payments.views import calls
from payments.views.documents import PAGE, page_of

_SIZE = re.compile(r"[0-9]{1,3}")
_IMAGE = [
    OpenApiParameter("size_mm", {"type": "integer", "minimum": 15, "maximum": 200}),
    OpenApiParameter("format", OpenApiTypes.STR, enum=["url", "emv"]),
]


class Codes(APIView):
    """All of one's own codes."""

    @extend_schema(operation_id="codes_list", parameters=PAGE, responses=page_of(CodeView))
    def get(self, request: Request) -> Response:
        """List them, newest first."""
        page = requests.page(request)
        found = queries.own_codes(
            user_id=calls.person(request).pk, before=requests.id_in(page.cursor), limit=page.limit + 1
        )
        more = found[page.limit - 1].pk if len(found) > page.limit else None
        return Response(
            requests.listed(
                request, [queries.code_answer(each) for each in found[: page.limit]], next_cursor=more
            )
        )

    @extend_schema(operation_id="codes_create", request=NewCode, responses={201: CodeView})
    def post(self, request: Request) -> Response:
        """Make a code that pays the caller's wallet."""
        form = NewCode(data=request.data)
        form.is_valid(raise_exception=True)
        wanted: dict[str, Any] = form.validated_data
        code = codes.create_own(
            account_id=accounts.wallet_of(calls.person(request).pk).pk,
            kind=wanted["kind"],
            amount=wanted.get("amount"),
            memo=wanted.get("memo", ""),
            expires_in_s=wanted.get("expires_in"),
        )
        return Response(queries.code_answer(code), status=201)


class OneCode(APIView):
    """A code of one's own."""

    @extend_schema(operation_id="codes_retrieve", responses=CodeView)
    def get(self, request: Request, code_id: UUID) -> Response:
        """Return it as it is now."""
        return Response(queries.code_answer(_own(request, code_id)))

    @extend_schema(operation_id="codes_partial_update", request=CodeChange, responses=CodeView)
    def patch(self, request: Request, code_id: UUID) -> Response:
        """Relabel it. What is printed stays right; what was revoked, used or expired cannot be relabelled."""
        code = _own(request, code_id)
        change: dict[str, Any] = calls.valid(CodeChange(data=request.data))
        codes.relabel(code_id=code.pk, label=change.get("label"), memo=change.get("memo"))
        return Response(queries.code_answer(_own(request, code_id)))


class RevokedCode(APIView):
    """A code that its owner withdraws."""

    @extend_schema(operation_id="codes_revoke", request=None, responses=CodeView)
    def post(self, request: Request, code_id: UUID) -> Response:
        """Withdraw it: nobody pays with it any more. What was used or expired stays so."""
        codes.revoke(code_id=_own(request, code_id).pk)
        return Response(queries.code_answer(_own(request, code_id)))


class AsItIs(BaseContentNegotiation):
    """The address says what comes: not Accept, nor `?format=`, which means something else here."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Take the only one."""
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Take the only one; it writes refusals."""
        return renderers[0], renderers[0].media_type


class Svg(APIView):
    """A code's symbol, for screens."""

    content_negotiation_class = AsItIs

    @extend_schema(
        operation_id="codes_image_svg",
        parameters=_IMAGE,
        responses={(200, "image/svg+xml"): OpenApiTypes.STR},
    )
    def get(self, request: Request, code_id: UUID) -> HttpResponse:
        """Draw it."""
        return _private(
            qr.svg(_text(request, _own(request, code_id)), size_mm=_size(request)), "image/svg+xml"
        )


class Png(APIView):
    """A code's symbol, for print."""

    content_negotiation_class = AsItIs

    @extend_schema(
        operation_id="codes_image_png", parameters=_IMAGE, responses={(200, "image/png"): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, code_id: UUID) -> HttpResponse:
        """Draw it."""
        return _private(qr.png(_text(request, _own(request, code_id)), size_mm=_size(request)), "image/png")


class Pdf(APIView):
    """A code's symbol as vectors, for print shops, with its payee's name under it."""

    content_negotiation_class = AsItIs

    @extend_schema(
        operation_id="codes_image_pdf",
        parameters=_IMAGE,
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, code_id: UUID) -> HttpResponse:
        """Draw it."""
        code = _own(request, code_id)
        drawn = qr.pdf(_text(request, code), size_mm=_size(request), caption=code.account.name)
        return _private(drawn, "application/pdf")


def _own(request: Request, code_id: UUID) -> Code:
    return queries.own_code(user_id=calls.person(request).pk, code_id=code_id)


def _text(request: Request, code: Code) -> str:
    wanted = request.query_params.get("format", "url")
    text = {"url": payloads.payload_of(code.token), "emv": queries.code_answer(code)["emv"]}.get(wanted)
    if not isinstance(text, str):
        raise requests.invalid("format", _("This code has no such symbol; url and emv exist."))
    return text


def _size(request: Request) -> int | None:
    size = request.query_params.get("size_mm")
    if size is None:
        return None
    if _SIZE.fullmatch(size) is None:
        raise requests.invalid("size_mm", _("Give 15 to 200 whole millimetres."))
    return int(size)


def _private(content: str | bytes, media_type: str) -> HttpResponse:
    return HttpResponse(content, content_type=media_type, headers={"Cache-Control": "private, max-age=3600"})
