"""The keys of machines and of our own MQTT users: derived from one master key, never stored."""

from functools import lru_cache

from django.conf import settings

from devices.protocol.keys import derive_key, encode_key, mqtt_password

GATEWAY_USER = "saoma-gateway"
WORKER_USER = "saoma-worker"
VIEWER_USER = "saoma-viewer"  # looks at machines and says nothing: Home Assistant
CACHED_KEYS = 20_000  # of 32 bytes each; a derivation costs more than everything else about a message


@lru_cache(maxsize=CACHED_KEYS)
def key_of(name: str, version: int = 1) -> bytes:
    """Return the signing key of a device, or of one of our own users."""
    return derive_key(settings.DEVICE_MASTER_KEY, name, version)


def password_of(name: str, version: int = 1) -> str:
    """Return the MQTT password of a device, or of one of our own users."""
    return mqtt_password(key_of(name, version))


def http_secret() -> str:
    """Return what a broker that asks us over HTTP proves itself with."""
    return encode_key(key_of("saoma-broker-http"))


def gateway_client_id() -> str:
    """Return the client id under which the broker keeps the gateway's session: one for all, and secret.

    A broker that does not tie client ids to users would let a machine take over a session whose id it knows.
    """
    return f"{GATEWAY_USER}-{password_of(f'{GATEWAY_USER} client id')}"
