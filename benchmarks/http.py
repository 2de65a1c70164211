"""Payments over HTTP with everything on: middleware, bearer session, PIN, idempotency, durable commit."""

import json
import re
import secrets
import socket
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from benchmarks.load import Operation
from benchmarks.world import TOP_UP, World, top_up
from outbox.ids import uuid7
from payments import accounts
from people.services import sign_up, start_session

PIN = "135790"
HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Site:
    """Where the service listens, the payers' tokens, and the shop's code."""

    host: str
    port: int
    tokens: list[str]
    shop: str


def build(world: World, *, host: str, port: int, payers: int) -> Site:
    """Make people who can sign in, with money."""
    return Site(host, port, [_token(number) for number in range(payers)], world.shops[0])


def _token(number: int) -> str:
    user = sign_up(
        phone=f"+861370{number:07d}", password=secrets.token_urlsafe(), name=f"Surfer {number}", pin=PIN
    )
    accounts.open_wallet(user_id=user.id, name=user.name)
    top_up(user.id, TOP_UP)
    return start_session(user_id=user.id)[1]


def pay(site: Site, number: int) -> Operation:
    """One client with a kept-alive connection of its own."""
    client = socket.create_connection((site.host, site.port))
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return partial(_pay, client, site, site.tokens[number % len(site.tokens)])


def _pay(client: socket.socket, site: Site, token: str) -> bool:
    body = json.dumps({"code": site.shop, "amount": 100, "pin": PIN}).encode()
    client.sendall(_head(site, token, key=uuid7(), length=len(body)) + body)
    return _read(client).startswith(b"HTTP/1.1 201")


def _head(site: Site, token: str, *, key: UUID, length: int) -> bytes:
    return (
        f"POST /api/v1/payments HTTP/1.1\r\nHost: {site.host}:{site.port}\r\n"
        f"Authorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nIdempotency-Key: {key}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def _read(client: socket.socket) -> bytes:
    """Read one answer to its last byte, so that the connection is clean for the next."""
    answer = b""
    while HEAD_END not in answer:
        answer += _more(client)
    head, _, body = answer.partition(HEAD_END)
    length = re.search(rb"content-length: (\d+)", head.lower())
    while length and len(body) < int(length[1]):
        body += _more(client)
    return head


def _more(client: socket.socket) -> bytes:
    data = client.recv(65536)
    if not data:
        raise ConnectionError("the service closed a connection in the middle of an answer")
    return data
