"""`make bench`: the figures of docs/performance.md on this machine, beside pgbench in the same run."""

import argparse
import os

from tests.rig.servers import Servers


def main() -> None:
    """Start servers of our own with fsync on, measure, end them."""
    options = _options()
    servers = Servers("bench", durable=True)
    os.environ |= servers.environment | {"DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "WARNING"}
    from benchmarks import measure  # noqa: PLC0415  # it reads the settings, which read what was just set

    try:
        servers.start()
        measure.run(servers=servers, options=options)
    finally:
        servers.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--seconds", type=int, default=6, help="length of one slice (6)")
    parser.add_argument("--rounds", type=int, default=5, help="times each slice is taken (5)")
    parser.add_argument("--payers", type=int, default=2000, help="wallets that take part (2000)")
    parser.add_argument("--starts", type=int, default=200, help="machines started one after another (200)")
    parser.add_argument(
        "--machines",
        type=int,
        nargs="+",
        default=[1000, 5000],
        help="machines connected at once, in steps (1000 5000)",
    )
    parser.add_argument(
        "--transfers",
        type=int,
        default=1_000_000,
        help="how large the ledger grows (1000000; 10000000 takes a while)",
    )
    parser.add_argument(
        "--only", choices=["service", "http", "start", "machines", "ends", "growth"], help="one part alone"
    )
    return parser.parse_args()


main()
