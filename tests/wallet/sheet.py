"""Asking, starting and paying at a machine as the pay page's script does."""

import json
from typing import Any

from django.test import Client

from devices.models import Device
from tests.devices.paying import token


def shown(browser: Client, device: Device) -> Any:
    return browser.get(f"/q/{token(device)}").context["payable"]


def post(browser: Client, device: Device, where: str, **fields: Any) -> Any:
    """Send what the pay page's script would; arguments as JSON."""
    fields = {name: json.dumps(value) if name == "args" else value for name, value in fields.items()}
    return browser.post(f"/q/{token(device)}/{where}", fields)


def start(browser: Client, device: Device, **changes: Any) -> Any:
    fields = {"key": "k1", "version": shown(browser, device).version, "option": "deposit-s"}
    return post(browser, device, "start", **(fields | changes))
