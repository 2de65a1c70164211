"""The API as a whole: the document that describes it, and the addresses that are none."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config import problems


class Schema(SpectacularAPIView):
    """The OpenAPI document, open to everybody."""

    authentication_classes: Sequence[Any] = ()
    permission_classes: Sequence[Any] = ()


class Docs(SpectacularSwaggerSplitView):
    """The document for people; without inline script or style, so it needs no hole in the content policy."""

    template_name = "config/docs.html"
    authentication_classes: Sequence[Any] = ()
    permission_classes: Sequence[Any] = ()


@csrf_exempt  # whoever asks for what does not exist must hear just that
def not_found(request: HttpRequest) -> HttpResponse:
    """Answer for every address under /api/ that is none."""
    return problems.page_of(Http404())
