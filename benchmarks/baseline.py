"""pgbench's tpcb-like on the same server in the same run: what every figure is divided by."""

import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

# One branch row a client at least: with fewer, pgbench measures its own lock contention.
SCALE = 32


def prepare(*, program: Path, url: str) -> None:
    """Fill pgbench's own tables."""
    _pgbench(program, url, "-i", "-q", "-s", str(SCALE))


def tpcb_like(*, program: Path, url: str, clients: int, seconds: int) -> float:
    """Return transactions a second."""
    output = _pgbench(
        program, url, "-n", "-c", str(clients), "-j", "2", "-T", str(seconds), "-b", "tpcb-like"
    )
    found = re.search(r"tps = ([0-9.]+)", output)
    if found is None:
        raise RuntimeError(f"pgbench gave no figure:\n{output}")
    return float(found[1])


def _pgbench(program: Path, url: str, *options: str) -> str:
    parts = urlsplit(url)
    env = {
        "PGPASSWORD": parts.password or "",
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port),
        "PGUSER": parts.username or "",
    }
    done = subprocess.run(
        [str(program), *options, parts.path.lstrip("/")], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"pgbench failed:\n{done.stderr}")
    return done.stdout
