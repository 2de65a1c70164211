"""The demo wallet: pages over the same services the API uses."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WalletConfig(AppConfig):
    """Top layer: it may import every app, no app imports it."""

    name = "wallet"
    verbose_name = _("Wallet")
