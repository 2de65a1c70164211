"""Whose tries are counted: the caller's address, not what he claims it to be."""

import pytest
from django.test import RequestFactory, override_settings

from people.addresses import address_of


@pytest.mark.parametrize(
    ("proxy", "claim", "seen"),
    [
        (None, "198.51.100.7", "192.0.2.1"),
        (("HTTP_X_FORWARDED_PROTO", "https"), "198.51.100.7", "198.51.100.7"),
        (("HTTP_X_FORWARDED_PROTO", "https"), "6.6.6.6, 198.51.100.7", "198.51.100.7"),
        (("HTTP_X_FORWARDED_PROTO", "https"), "", "192.0.2.1"),
    ],
    ids=["no proxy", "proxy", "proxy and a liar", "proxy that says nothing"],
)
def test_only_our_own_proxy_is_believed(proxy: tuple[str, str] | None, claim: str, seen: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=claim)

    with override_settings(SECURE_PROXY_SSL_HEADER=proxy):
        assert address_of(request) == seen
