"""What the demo shows: progress, the children's lines, and at the end where to go."""

import io
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import qrcode

COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)
WIDTH = 13


class Terminal:
    """Prints to standard output; a reader that went away must not stop us from stopping the children."""

    def __init__(self) -> None:
        self._colour = sys.stdout.isatty()
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # a terminal without block characters
        self._names: list[str] = []

    def say(self, name: str, line: str) -> None:
        """Show a child's line behind its name."""
        if name not in self._names:
            self._names.append(name)
        label = f"{name:<{WIDTH}}|"
        if self._colour:
            colour = COLOURS[self._names.index(name) % len(COLOURS)]
            label = f"\033[{colour}m{label}\033[0m"
        self.show(f"{label} {line}")

    def show(self, text: str) -> None:
        with suppress(OSError):
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Say how long a step took."""
        start = time.monotonic()
        yield
        self.show(f"  {name:<42}{time.monotonic() - start:5.1f} s")


def qr_lines(text: str) -> str:
    """A QR code out of half blocks, dark on light whatever the terminal's colours."""
    code = qrcode.QRCode(border=2, error_correction=qrcode.constants.ERROR_CORRECT_L)
    code.add_data(text)
    rows = code.get_matrix()
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    lines = ("".join(map(_half_blocks, *pair)) for pair in zip(rows[::2], rows[1::2], strict=True))
    return "\n".join(f"  \033[30;107m{line}\033[0m" for line in lines)


def _half_blocks(upper: bool, lower: bool) -> str:
    return " ▀▄█"[upper + 2 * lower]


def invitation(demo_json: Path) -> str:
    """Where to go and how to sign in."""
    demo = json.loads(demo_json.read_text())
    people = "\n".join(
        f"    {who['name']:<10} phone {who['phone']}  password {who['password']}  PIN {who['pin']}"
        for who in demo["people"]
    )
    admin = demo["admin"]
    return (
        f"\n  Wallet   {demo['base_url']}/\n{people}\n"
        f"  Admin    {demo['base_url']}/admin/  {admin['username']} / {admin['password']}\n"
        f"  API      {demo['base_url']}/api/docs/\n"
        f"  MQTT     {demo['mqtt_url']}\n"
        f"  More     {demo_json}\n\n{qr_lines(demo['base_url'] + '/')}\n\n  Ctrl-C stops everything.\n"
    )
