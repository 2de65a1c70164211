"""Facts on their way, in the admin: what waits, what failed and why, what gave up."""

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from outbox.models import Delivery
from outbox.services import retry


@admin.register(Delivery)
class DeliveryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Deliveries. Handled ones are gone, so the table stays small."""

    list_display = ("id", "fact", "handler", "queue", "attempts", "next_at", "dead_at", "last_error")
    list_filter = (("dead_at", admin.EmptyFieldListFilter), "queue", "fact")
    search_fields = ("fact", "handler", "last_error")
    ordering = ("next_at",)
    actions = ("retry_now",)

    @admin.action(description=_("Try the selected deliveries again now"), permissions=["change"])
    def retry_now(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        """Start again with a fresh count of attempts."""
        count = retry(delivery_ids=list(deliveries.values_list("pk", flat=True)))
        self.message_user(request, _("%(count)d will be tried again.") % {"count": count})

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Let nobody edit a fact."""
        return [field.name for field in self.opts.fields]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let nobody make up a fact."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let nobody lose one."""
        return False
