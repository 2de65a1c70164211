"""What Home Assistant is told of a machine, so that it finds its sensors by itself. It can move nothing.

docs/fleet.md says how to connect one. Off unless HOME_ASSISTANT_PREFIX is set.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django.conf import settings

from devices.machines.base import find_all
from devices.models import Device
from devices.protocol.topics import Topic

NAME = "Saoma"
RSSI_EXPIRES_S = 90  # three telemetries missed
# Our messages are JSON, a full stop, and a signature without one.
BODY = "(value.rsplit('.', 1)[0] | from_json)"


def is_on() -> bool:
    """Is anything told at all?"""
    return bool(settings.HOME_ASSISTANT_PREFIX)


def own_topics() -> str:
    """Return the filter of all topics that we tell on."""
    return f"{settings.HOME_ASSISTANT_PREFIX}/+/+/config"


def everything() -> str:
    """Return the filter of all topics that Home Assistant finds things by."""
    return f"{settings.HOME_ASSISTANT_PREFIX}/#"


def topics_of(device_id: str) -> list[str]:
    """Return where a machine's sensors are told of."""
    return [_topic(device_id, component, sensor) for sensor, (component, _) in _SENSORS.items()]


def configs(device: Device) -> dict[str, bytes]:
    """Return what is told of a machine: topic -> payload. Its place is loaded."""
    device_id = str(device.pk)
    shared = {"device": _described(device), "origin": {"name": NAME}}
    return {
        _topic(device_id, component, sensor): _encoded(
            shared | _filled(config, device_id) | {"unique_id": _unique(device_id, sensor)}
        )
        for sensor, (component, config) in _SENSORS.items()
    }


def digest(told: Mapping[str, bytes]) -> str:
    """Return a short name for what was told: it changes with every word of it."""
    whole = sha256()
    for topic, payload in sorted(told.items()):
        whole.update(topic.encode() + b"\0" + payload + b"\0")
    return whole.hexdigest()[:16]


def _described(device: Device) -> dict[str, Any]:
    machine = find_all().get(device.type)
    described = {
        "identifiers": [f"saoma_{device.pk}"],
        "name": f"{device.name} {device.number}",
        "manufacturer": NAME,
        "model": str(machine.label) if machine else device.type,
    }
    return described | ({"suggested_area": device.place.name} if device.place else {})


def _topic(device_id: str, component: str, sensor: str) -> str:
    return f"{settings.HOME_ASSISTANT_PREFIX}/{component}/{_unique(device_id, sensor)}/config"


def _unique(device_id: str, sensor: str) -> str:
    return f"saoma_{device_id}_{sensor}"


def _filled(config: Mapping[str, Any], device_id: str) -> dict[str, Any]:
    """Put the machine's own topics where the name of a topic stands."""
    return {key: value.of(device_id) if isinstance(value, Topic) else value for key, value in config.items()}


def _encoded(config: Mapping[str, Any]) -> bytes:
    return json.dumps(config, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


_AVAILABLE = {
    "availability_topic": Topic.CONN,
    "availability_template": "{{ value_json.on }}",
    "payload_available": "1",
    "payload_not_available": "0",
}
_SENSORS: dict[str, tuple[str, dict[str, Any]]] = {
    "online": (
        "binary_sensor",
        {
            "name": "Online",
            "state_topic": Topic.CONN,
            "value_template": "{{ value_json.on }}",
            "payload_on": "1",
            "payload_off": "0",
            "device_class": "connectivity",
            "entity_category": "diagnostic",
        },
    ),
    "status": (
        "sensor",
        _AVAILABLE
        | {
            "name": "Status",
            "state_topic": Topic.STATE,
            "value_template": "{{ %s.status }}" % BODY,  # noqa: UP031  # braces are the template's
        },
    ),
    "left": (
        "sensor",
        _AVAILABLE
        | {
            "name": "Time left",
            "state_topic": Topic.STATE,
            "value_template": "{{ %s.left_s | default(0) }}" % BODY,  # noqa: UP031
            "device_class": "duration",
            "unit_of_measurement": "s",
        },
    ),
    "rssi": (
        "sensor",
        {
            "name": "Signal",
            "state_topic": Topic.TEL,
            "value_template": "{{ %s.rssi | default(none) }}" % BODY,  # noqa: UP031
            "device_class": "signal_strength",
            "unit_of_measurement": "dBm",
            "entity_category": "diagnostic",
            "expire_after": RSSI_EXPIRES_S,
        },
    ),
}
