"""The command line of the simulator, the same for `manage.py simulate` and `python -m simulator`."""

import argparse
import logging
import os
import signal
from pathlib import Path

from simulator import roster
from simulator import script as scripts
from simulator.fleet import Fleet

DEMO_FILE = Path(".demo/demo.json")
OPTIONS = ("file", "speed", "mqtt_url", "data", "script", "seed")
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
    parser.add_argument("--script", type=Path, help="faults to play, JSON or TOML; see docs/simulator.md")
    parser.add_argument("--seed", type=int, help="the same faults again; default: the script's")


def play(
    *,
    file: Path,
    speed: float,
    mqtt_url: str | None,
    data: Path | None,
    script: Path | None = None,
    seed: int | None = None,
) -> None:
    """Play the simulated machines of the file until SIGTERM or SIGINT.

    Raises:
        RosterError, ScriptError, ValueError: the file, the script or the broker's address cannot be used.
    """
    logging.getLogger("simulator").setLevel(logging.INFO)
    machines, faults = roster.read(file), scripts.read(script) if script else scripts.Script(())
    fleet = Fleet(
        machines.devices,
        mqtt_url=mqtt_url or machines.mqtt_url,
        data=data or file.parent / "simulator",
        speed=speed,
        seed=faults.seed if seed is None else seed,
    )
    faults.play(fleet, machines.devices)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: fleet.stop())
    fleet.run()


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 < speed <= MAX_SPEED:
        raise argparse.ArgumentTypeError(f"between 0 and {MAX_SPEED}")
    return speed
