"""Every address of the service."""

from django.contrib import admin
from django.urls import include, path, re_path

from config import api, views

urlpatterns = [
    path("healthz", views.healthz),
    path("readyz", views.readyz),
    path("api/schema/", api.Schema.as_view(), name="schema"),
    path("api/docs/", api.Docs.as_view(url_name="schema"), name="docs"),
    path("api/v1/", include("payments.urls")),
    path("api/v1/", include("people.urls")),
    path("api/v1/", include("merchants.urls")),
    path("api/v1/", include("devices.urls")),
    re_path("^api/", api.not_found),
    path("mqtt/", include("devices.broker.urls")),
    path("admin/", admin.site.urls),
    path("", include("wallet.urls")),
]

# JSON under /api/, pages elsewhere.
handler400 = "config.views.bad_request"
handler403 = "config.views.forbidden"
handler404 = "config.views.not_found"
handler500 = "config.views.server_error"
