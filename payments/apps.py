"""The money part as a Django app."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class PaymentsConfig(AppConfig):
    """Accounts, ledger, codes, payments, holds."""

    name = "payments"
    verbose_name = "Payments"

    def ready(self) -> None:
        """Import what apps sell, what they watch over, and what must exist after every migrate."""
        autodiscover_modules("payables", "persons", "tiers", "audit_checks", "install")
