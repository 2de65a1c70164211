"""What the OpenAPI document says again and again."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="1 to 255 printable ASCII characters, one per intention; a repeated call gets its answer.",
)
PAGE = [
    OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
    OpenApiParameter("cursor", OpenApiTypes.STR, description="Opaque; take the address in `next`."),
]


def page_of(of: type[serializers.Serializer[Any]]) -> Any:
    """Return the answer of a list."""
    return inline_serializer(
        f"{of.__name__}Page",
        {"data": of(many=True), "next": serializers.URLField(allow_null=True)},
    )
