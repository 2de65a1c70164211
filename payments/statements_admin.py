"""Statements in the admin: an account's page offers the current month as files."""

from collections.abc import Callable

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBadRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments.models import Account
from payments.requests import PageInvalid
from payments.statements.periods import Period
from payments.views import statements

_FILES: dict[str, Callable[[Account, Period], HttpResponseBase]] = {
    "csv": statements.csv_file,
    "xml": statements.camt_file,
}


class ExportsStatements(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Links an account's page to its statement; whoever took one stands in the account's history."""

    def get_urls(self) -> list[URLPattern]:
        """Add the files' address; `?from=` and `?to=` ask for other days."""
        view = self.admin_site.admin_view(self.export)
        name = "payments_account_statement"
        return [path("<int:account_id>/statement.<str:suffix>", view, name=name), *super().get_urls()]

    @admin.display(description=gettext_lazy("statement"))
    def statement(self, account: Account) -> SafeString:
        """Return the links."""
        csv, xml = (
            reverse("admin:payments_account_statement", args=[account.pk, suffix]) for suffix in _FILES
        )
        text = _("Export statement")
        return format_html('<a href="{}">{} (CSV)</a> · <a href="{}">camt.053</a>', csv, text, xml)

    def export(self, request: HttpRequest, account_id: int, suffix: str) -> HttpResponseBase:
        """Return the file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        account = Account.objects.filter(pk=account_id).first()
        if account is None or suffix not in _FILES:
            raise Http404
        try:
            period = statements.period_of(request.GET.get("from"), request.GET.get("to"))
        except PageInvalid as refusal:
            return HttpResponseBadRequest(str(refusal.errors), content_type="text/plain")
        days = {"first": period.first, "last": period.last}
        self.log_change(request, account, _("Exported statement %(first)s to %(last)s") % days)
        return _FILES[suffix](account, period)
