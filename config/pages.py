"""Lists, one page at a time."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from payments import requests


class CursorPages(BasePagination):
    """`{"data": [...], "next": url or null}`, newest first by the model's ids."""

    def paginate_queryset(
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        """Return the page's rows; one row more is read to know whether anything follows."""
        asked = requests.page(request)
        if asked.cursor is not None:
            queryset = queryset.filter(pk__lt=_key(queryset.model, asked.cursor))
        rows = list(queryset.order_by("-pk")[: asked.limit + 1])
        self.request = request
        self.next_cursor = rows[asked.limit - 1].pk if len(rows) > asked.limit else None
        return rows[: asked.limit]

    def get_paginated_response(self, data: Any) -> Response:
        """Return the answer around what was made of the rows."""
        return Response(requests.listed(self.request, data, next_cursor=self.next_cursor))

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe it."""
        following = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["data", "next"],
            "properties": {"data": schema, "next": following},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Describe the question."""
        limit = {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
        return [
            {"name": "limit", "in": "query", "required": False, "schema": limit},
            {"name": "cursor", "in": "query", "required": False, "schema": {"type": "string"}},
        ]


def _key(model: type[Model], cursor: str) -> Any:
    try:
        return model._meta.pk.to_python(cursor)
    except ValidationError as error:
        raise requests.cursor_invalid() from error
