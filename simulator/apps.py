"""The simulator as a Django app, only so that `manage.py simulate` is found."""

from django.apps import AppConfig


class SimulatorConfig(AppConfig):
    name = "simulator"
