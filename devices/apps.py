"""The machines as a Django app."""

from django.apps import AppConfig


class DevicesConfig(AppConfig):
    """Machines, their runs, and the messages between them and us."""

    name = "devices"
    verbose_name = "Machines"
