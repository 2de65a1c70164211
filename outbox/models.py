"""What is still to be told."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Delivery(models.Model):
    """One fact on its way to one subscriber. The row is the retry; handled means deleted."""

    fact = models.CharField(max_length=80)
    handler = models.CharField(max_length=160)  # dotted path of the subscriber
    queue = models.CharField(max_length=32)
    payload = models.JSONField()
    attempts = models.SmallIntegerField(default=0, db_default=0)
    next_at = models.DateTimeField(db_default=Now())  # due from here on; a claim moves it behind its lease
    dead_at = models.DateTimeField(null=True, blank=True)  # gave up; a person decides
    last_error = models.TextField(blank=True, default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["queue", "next_at"], name="delivery_due", condition=Q(dead_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.fact} to {self.handler}"
