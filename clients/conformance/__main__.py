"""`python -m clients.conformance`: does a machine keep the device rules? See docs/clients.md."""

import argparse
import json
import shlex
import subprocess
import sys
from binascii import Error, a2b_base64
from collections.abc import Callable

from clients.conformance.bench import Bench, Setup, Unreachable
from clients.conformance.report import RULES, Verdict, tried

UNUSABLE = 2


def main() -> int:
    arguments = _parser().parse_args()
    setup = Setup(
        device_id=arguments.device_id,
        key=arguments.key,
        mqtt_url=arguments.mqtt,
        user=arguments.user,
        password=arguments.password,
        start_op=arguments.op,
        start_args=arguments.start,
    )
    rules = tuple(rule for rule in RULES if not arguments.only or rule.__name__ in arguments.only)
    try:
        with Bench(setup, _power_cut(arguments)) as bench:
            failed = _print(bench, rules)
    except Unreachable as error:
        print(error, file=sys.stderr)
        return UNUSABLE
    return int(failed)


def _print(bench: Bench, rules: tuple[Callable[[Bench], None], ...]) -> bool:
    results = []
    for result in tried(bench, rules):
        print(result, flush=True)
        results.append(result.verdict)
    counts = ", ".join(f"{results.count(verdict)} {verdict.lower()}" for verdict in Verdict)
    print(f"\n{len(results)} rules: {counts}")
    return Verdict.BROKEN in results


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m clients.conformance",
        description="Play the server to one machine and check its rules.",
    )
    parser.add_argument("--device-id", required=True)
    parser.add_argument("--key", required=True, type=_key, help="the machine's signing key, base64url")
    parser.add_argument("--mqtt", default="mqtt://127.0.0.1:1883", help="the broker both are connected to")
    parser.add_argument("--user", default="", help="with the server's rights; default: none")
    parser.add_argument("--password", default="")
    parser.add_argument("--op", default="start", choices=("start", "announce"))
    parser.add_argument(
        "--start", default='{"dur_s": 60}', type=_object, help="arguments of a run of 15 s or more"
    )
    parser.add_argument(
        "--only", nargs="+", choices=[rule.__name__ for rule in RULES], help="just these rules"
    )
    cut = parser.add_mutually_exclusive_group()
    cut.add_argument("--power-cut", metavar="COMMAND", help="cuts the machine's power and gives it back")
    cut.add_argument("--manual", action="store_true", help="ask a person to do that")
    return parser


def _key(text: str) -> bytes:
    try:
        key = a2b_base64(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))
    except Error:
        raise argparse.ArgumentTypeError("is written in base64url") from None
    if len(key) != 32:
        raise argparse.ArgumentTypeError(f"has {len(key)} bytes, not 32")
    return key


def _object(text: str) -> str:
    try:
        if isinstance(json.loads(text), dict):
            return text
    except ValueError:
        pass
    raise argparse.ArgumentTypeError("is a JSON object")


def _ask() -> None:
    input("Cut the machine's power, give it back, and press Enter. ")


def _power_cut(arguments: argparse.Namespace) -> Callable[[], None] | None:
    if arguments.manual:
        return _ask
    if not arguments.power_cut:
        return None
    argv = shlex.split(arguments.power_cut)

    def cut() -> None:
        subprocess.run(argv, check=True)

    return cut


if __name__ == "__main__":
    sys.exit(main())
