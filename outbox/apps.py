"""The outbox as a Django app."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class OutboxConfig(AppConfig):
    """Finds what the other apps registered: the one `ready()` of the project."""

    name = "outbox"
    verbose_name = "Outbox"

    def ready(self) -> None:
        """Import every app's `handlers` (reactions to facts) and `payables` (what a code can sell)."""
        autodiscover_modules("handlers", "payables")
