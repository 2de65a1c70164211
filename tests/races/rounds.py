"""How often a race is run: more rounds find rarer orders of events."""

import os

ROUNDS = int(os.environ.get("SAOMA_RACE_ROUNDS", "10"))
