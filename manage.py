#!/usr/bin/env python3
"""Django's command line."""

import sys

from django.core.management import execute_from_command_line

import config.celery  # noqa: F401 (names the settings, and a command that wakes a queue needs the app)

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
