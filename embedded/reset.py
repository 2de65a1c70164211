"""`make demo-reset`: forget the demo's data.

Standard library alone, so that it works before anything is installed.
"""

import shutil
import sys

from embedded import room
from embedded.home import HOME, another_demo


def main() -> None:
    if pid := another_demo(HOME):
        sys.exit(f"The demo is running (process {pid}); stop it with Ctrl-C first.")
    room.forget(HOME / "postgres-home")
    shutil.rmtree(HOME, ignore_errors=True)
    sys.stdout.write("The demo's data is gone. `make demo` starts afresh.\n")


if __name__ == "__main__":
    main()
