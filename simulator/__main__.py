"""`python -m simulator --file .demo/demo.json`: the simulator alone, without Django."""

import argparse
import logging
import sys

from simulator import cli
from simulator.roster import RosterError
from simulator.script import ScriptError

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m simulator", description="Play simulated machines.")
    cli.add_arguments(parser)
    logging.basicConfig(format="%(asctime)s %(message)s")
    try:
        cli.play(**vars(parser.parse_args()))
    except (RosterError, ScriptError, ValueError) as error:
        sys.exit(str(error))
