"""People as a Django app."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Users, PINs, sessions."""

    name = "people"
    verbose_name = "People"
