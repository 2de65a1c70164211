"""`manage.py run_gateway`: write what machines say. Run two: one is active, the other takes over."""

import signal
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from devices.gateway.loop import Gateway


class Command(BaseCommand):
    """Listen to the machines until SIGTERM or Ctrl-C."""

    requires_system_checks = ()  # they would load every page of the service, which this process never serves
    help = (
        "Listen to the machines over MQTT and store what they say, until SIGTERM. Run two on different hosts."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        gateway = Gateway()

        def stop(number: int, frame: FrameType | None) -> None:
            gateway.stop()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        gateway.run()
