"""How passwords and PINs are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id as OWASP advises: 19 MiB and two passes.

    Django's own setting takes 100 MiB a try, which lets a few dozen guesses at once empty a small server.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
