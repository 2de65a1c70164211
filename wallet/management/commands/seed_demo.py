"""`manage.py seed_demo`: the demo's people, shops and machines."""

import json
from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from wallet import demo


class Command(BaseCommand):
    """Make what is missing of the demo and write what one signs in with."""

    help = "Make the demo's people, shops and machines; a second run keeps what is there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--json", type=Path, default=Path(".demo/demo.json"), help="read, if it exists, and written"
        )
        parser.add_argument("--base-url", default=settings.PUBLIC_URL)
        parser.add_argument("--mqtt-url", default=settings.MQTT_URL)

    def handle(self, *, json: Path, base_url: str, mqtt_url: str, **_: object) -> None:
        if not settings.DEMO:
            raise CommandError("seed_demo makes money out of nothing: it needs DEMO=1.")
        kept = demo.Kept(_read(json))
        _write(json, demo.seed(kept=kept, base_url=base_url, mqtt_url=mqtt_url))


def _read(path: Path) -> demo.Entry:
    try:
        entries: demo.Entry = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise CommandError(f"{path} is broken; `make demo-reset` starts over.") from error
    return entries


def _write(path: Path, entries: demo.Entry) -> None:
    """Write at once or not at all, for the owner's eyes only: the file holds secrets."""
    fresh = path.with_name(path.name + ".part")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(entries, ensure_ascii=False, indent=2) + "\n")
    fresh.replace(path)
