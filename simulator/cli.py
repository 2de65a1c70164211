"""The command line of the simulator, the same for `manage.py simulate` and `python -m simulator`."""

import argparse
import logging
import os
import signal
from pathlib import Path

from simulator import roster
from simulator.fleet import Fleet

DEMO_FILE = Path(".demo/demo.json")
MAX_SPEED = 1000
DEFAULT_SPEED = "20"  # a ten-minute chair finishes in 30 s
SPEED_HELP = f"how fast the machines' own clocks run; default: $SPEED, else {DEFAULT_SPEED}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--file", type=Path, default=DEMO_FILE, help=f"names the machines; default: {DEMO_FILE}"
    )
    parser.add_argument(
        "--speed", type=_speed, default=os.environ.get("SPEED", DEFAULT_SPEED), help=SPEED_HELP
    )
    parser.add_argument("--mqtt-url", help="the broker, when it is not the one the file names")
    parser.add_argument("--data", type=Path, help="where the machines remember; default: beside the file")


def play(*, file: Path, speed: float, mqtt_url: str | None, data: Path | None) -> None:
    """Play the simulated machines of the file until SIGTERM or SIGINT.

    Raises:
        RosterError, ValueError: the file or the broker's address cannot be used.
    """
    logging.getLogger("simulator").setLevel(logging.INFO)
    machines = roster.read(file)
    fleet = Fleet(
        machines.devices,
        mqtt_url=mqtt_url or machines.mqtt_url,
        data=data or file.parent / "simulator",
        speed=speed,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: fleet.stop())
    fleet.run()


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 < speed <= MAX_SPEED:
        raise argparse.ArgumentTypeError(f"between 0 and {MAX_SPEED}")
    return speed
