"""The Celery application: workers, and the beat that sweeps what is due."""

import os
from typing import Any

from celery import Celery
from celery.app.amqp import AMQP
from celery.signals import task_prerun
from django.db import close_old_connections
from kombu import Connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# A machine must start within three seconds of Redis' return; Celery's own pace grows to 30 s.
PACE = {"interval_start": 0.5, "interval_step": 0, "interval_max": 0.5}


class PromptConnection(Connection):
    """A broker connection that tries again every half second, for as long as it takes."""

    def ensure_connection(self, *arguments: Any, **options: Any) -> "PromptConnection":
        """Connect at our pace instead of the caller's."""
        return super().ensure_connection(*arguments, **(options | PACE))


class PromptAMQP(AMQP):
    """Celery's messaging over prompt connections."""

    Connection = PromptConnection


app = Celery("saoma", amqp=PromptAMQP)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["payments.bank"])  # a part of an app that is large enough for tasks of its own


@task_prerun.connect
def drop_broken_connections(**_: object) -> None:
    """Let a task begin with a database connection that works; a restarted database must not fail it."""
    close_old_connections()
