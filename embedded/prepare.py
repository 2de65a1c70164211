"""Run several commands of manage.py in one process: loading the project four times takes longer than they do.

python -m embedded.prepare "migrate --verbosity 0" "broker_config --format nats --file users.conf"
"""

import os
import shlex
import sys

import django
from django.core.management import call_command


def main(lines: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    for line in lines:
        name, *arguments = shlex.split(line)
        call_command(name, *arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
