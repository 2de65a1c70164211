"""Which drawing stands for which type of machine."""

_DRAWN = frozenset({"bike", "chair", "karaoke", "locker", "pulse", "speaker", "washer"})


def art_of(machine_type: str) -> str:
    """Return the template with the drawing; a type nobody has drawn yet is a coin box."""
    return f"wallet/art/{machine_type if machine_type in _DRAWN else 'pulse'}.svg"
