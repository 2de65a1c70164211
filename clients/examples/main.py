"""The chair on an ESP32: GPIO 5 moves the relay, GPIO 34 measures the current.

On the board lie this file, chair.py, the folder saoma (a copy of clients/micropython), a folder records
and config.json: {"device_id", "key", "mqtt_password", "host", "port", "wifi": [name, password]}.
"""

import json
from binascii import a2b_base64

from chair import Chair  # type: ignore[import-not-found]
from machine import ADC, WDT, Pin  # type: ignore[import-not-found]
from network import STA_IF, WLAN  # type: ignore[import-not-found]
from saoma.client import Client  # type: ignore[import-not-found]
from saoma.mqtt import Line  # type: ignore[import-not-found]
from saoma.store import Store  # type: ignore[import-not-found]

MICROVOLTS_PER_AMPERE = 100_000

with open("config.json") as file:
    CONFIG = json.load(file)
WIFI = WLAN(STA_IF)
WIFI.active(True)
WIFI.connect(*CONFIG["wifi"])
RELAY, SENSOR, WATCHDOG = Pin(5, Pin.OUT), ADC(Pin(34)), WDT(timeout=30_000)


def connect(will: bytes, now: int) -> "Line":
    return Line((CONFIG["host"], CONFIG["port"]), CONFIG["device_id"], CONFIG["mqtt_password"], will, now)


CLIENT = Client(
    device_id=CONFIG["device_id"],
    key=a2b_base64(CONFIG["key"].replace("-", "+").replace("_", "/") + "="),
    hardware=Chair(RELAY.value, lambda: SENSOR.read_uv() / MICROVOLTS_PER_AMPERE),
    store=Store("/records"),
    connect=connect,
)
while True:
    CLIENT.step()
    WATCHDOG.feed()
