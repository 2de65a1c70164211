"""Auditor and watch in the admin: what they saw, and what a person decides about it."""

import re
from collections.abc import Sequence

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from payments import audit_passes, stops
from payments.models import Alert, AuditPass, WithdrawalStop
from people.browsing import ReadOnly
from people.confirmed import Action, ConfirmedActions, Given, Text

_ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def _run_now(_seen: AuditPass, _given: Given) -> bool:
    audit_passes.audit_now(full=False)
    return True


def _resume(_stop: WithdrawalStop, given: Given) -> bool:
    return stops.resume(user_id=given.staff_id, reason=given.reason)


def _close(alert: Alert, given: Given) -> bool:
    is_open = Alert.objects.filter(pk=alert.pk, closed_at__isnull=True)
    closed = {"closed_at": Now(), "closed_by": given.staff_id, "closed_because": given.reason}
    return is_open.update(**closed) == 1


def _lines(sentences: Sequence[str]) -> SafeString:
    return format_html_join("", "<p>{}</p>", ((sentence,) for sentence in sentences))


@admin.register(AuditPass)
class AuditPassAdmin(ConfirmedActions, ReadOnly):
    """What the auditor said of the books. A frequent pass reads no history, a full one all of it."""

    list_display = ("began_at", "full", "is_right", "checks", "took_ms", "found")
    list_filter = ("full",)
    ordering = ("-began_at",)
    fields = ("began_at", "full", "is_right", "checks", "took_ms", "told")
    confirmed = (
        Action(
            name="run-now",
            verb=_("Run now"),
            question=_(
                "The frequent pass looks at the books now. A breach stops withdrawals. It takes some seconds."
            ),
            permission="payments.change_auditpass",
            applies=lambda seen: True,
            act=_run_now,
        ),
    )

    @admin.display(description=_("the books are right"), boolean=True)
    def is_right(self, seen: AuditPass) -> bool:
        """Return whether nothing was wrong."""
        return not seen.breaches

    @admin.display(description=_("breaches"))
    def found(self, seen: AuditPass) -> int:
        """Return how many sentences there are."""
        return len(seen.breaches)

    @admin.display(description=_("breaches"))
    def told(self, seen: AuditPass) -> SafeString:
        """Return them, one below the other."""
        return _lines(seen.breaches)


@admin.register(WithdrawalStop)
class WithdrawalStopAdmin(ConfirmedActions, ReadOnly):
    """When no withdrawal was taken and none sent to the bank, and who let them run again."""

    list_display = ("began_at", "lasts", "ended_at", "ended_by", "ended_because")
    list_select_related = ("ended_by",)
    fields = ("began_at", "lasts", "told", "ended_at", "ended_by", "ended_because")
    confirmed = (
        Action(
            name="resume",
            verb=_("Resume withdrawals"),
            question=_(
                "Withdrawals are taken and sent to the bank again. Refused while the auditor's newest "
                "frequent or full pass shows a breach."
            ),
            # No such permission exists that could be given to somebody: superusers alone have it.
            permission="payments.resume_withdrawals",
            applies=lambda stop: stop.ended_at is None,
            act=_resume,
        ),
    )

    @admin.display(description=_("stopped"), boolean=True)
    def lasts(self, stop: WithdrawalStop) -> bool:
        """Return whether withdrawals are stopped by it now."""
        return stop.ended_at is None

    @admin.display(description=_("reason"))
    def told(self, stop: WithdrawalStop) -> SafeString:
        """Return the breaches, one below the other."""
        return _lines(stop.reason.splitlines())


class Openness(admin.SimpleListFilter):
    """Alerts that somebody still has to look at."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> Sequence[tuple[str, str]]:
        """Offer both."""
        return [("open", _("open")), ("closed", _("closed"))]  # type: ignore[list-item]  # lazily translated

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        """Return what was chosen."""
        if self.value() in {"open", "closed"}:
            return queryset.filter(closed_at__isnull=self.value() == "open")
        return queryset


@admin.register(Alert)
class AlertAdmin(ConfirmedActions, ReadOnly):
    """What the watch wants looked at. Nothing was stopped: freezing and revoking are a person's decision."""

    list_display = ("last_seen_at", "kind", "detail", "account", "seen", "is_open")
    list_filter = (Openness, "kind")
    list_select_related = ("account",)
    ordering = ("-last_seen_at",)
    search_fields = ("detail", "account__name", "account__owner__phone")
    search_ids = ("pk", "code_id")
    fields = (
        *("kind", "detail", "links", "seen", "created_at", "last_seen_at"),
        *("closed_at", "closed_by", "closed_because"),
    )
    confirmed = (
        Action(
            name="close",
            verb=_("Close"),
            question=_("Somebody looked. The same is not raised again for a day."),
            permission="payments.change_alert",
            applies=lambda alert: alert.closed_at is None,
            act=_close,
        ),
    )

    @admin.display(description=_("open"), boolean=True)
    def is_open(self, alert: Alert) -> bool:
        """Return whether nobody closed it."""
        return alert.closed_at is None

    @admin.display(description=_("look at"))
    def links(self, alert: Alert) -> SafeString:
        """Return the ways to the account, every code that is named, and their payments."""
        payments = reverse("admin:payments_payment_changelist")
        named = dict.fromkeys([str(alert.code_id)] if alert.code_id else [])
        named |= dict.fromkeys(_ID.findall(alert.detail))
        ways: list[tuple[str, Text]] = [
            (reverse("admin:payments_account_change", args=[alert.account_id]), _("Account"))
        ]
        if not named:
            ways += [
                (f"{payments}?payer__id__exact={alert.account_id}", _("Payments made")),
                (f"{payments}?payee__id__exact={alert.account_id}", _("Payments received")),
            ]
        for code in named:
            ways += [
                (reverse("admin:payments_code_change", args=[code]), format_html("{} {}", _("Code"), code)),
                (f"{payments}?q={code}", _("Payments through it")),
            ]
        return format_html_join("", '<p><a href="{}">{}</a></p>', ways)
