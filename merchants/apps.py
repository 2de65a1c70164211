"""Merchants as a Django app."""

from django.apps import AppConfig


class MerchantsConfig(AppConfig):
    """Shops and what the paid tier gives them."""

    name = "merchants"
    verbose_name = "Merchants"
