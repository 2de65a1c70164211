"""What the figures were measured on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("django", "djangorestframework", "celery", "psycopg", "granian", "paho-mqtt")


def describe() -> str:
    """Return the machine and the versions in two lines."""
    names = [line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    cpu = names[0] if names else platform.processor()
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    hardware = f"{os.cpu_count()} x {cpu}, {memory} GiB, {platform.platform()}"
    return f"{hardware}\nPython {platform.python_version()}, {packages}"


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
