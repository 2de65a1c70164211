"""The settings with placeholders for the environment: for tools that read models and never connect."""

import os

PLACEHOLDERS = {
    "DEMO": "1",
    "SECRET_KEY": "placeholder",
    "PIN_PEPPER": "placeholder",
    "DEVICE_MASTER_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    "DATABASE_URL": "postgres://saoma:placeholder@127.0.0.1:9/saoma",
    "REDIS_URL": "redis://127.0.0.1:9/0",
    "MQTT_URL": "mqtt://127.0.0.1:9",
}
for name, value in PLACEHOLDERS.items():
    os.environ.setdefault(name, value)

from config.settings import *  # noqa: E402, F403 (after the environment is set)
