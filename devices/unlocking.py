"""The codes that a started run shows to who uses it, and to nobody else."""

from typing import Any

from devices import keys
from devices.machines.base import Reveal, find_all
from devices.protocol.keys import totp, unlock_key
from devices.services import parcels
from devices.states import RunStatus


def code_of(run: Any) -> str | None:
    """Return the code of a run out of `queries.with_ears`; None: it has none, or it never started.

    A run starts in the transaction that earns its money (both types with codes are paid at the start), so
    nobody sees a code that could still be given back.
    """
    if run.started_at is None or run.device.type not in find_all():
        return None
    option = {one.id: one for one in find_all()[run.device.type].options}.get(run.option)
    if option is None or option.reveals is Reveal.NOTHING:
        return None
    if option.reveals is Reveal.PARCEL_CODE:
        return parcels.code_of(device_id=run.device_id, run_id=run.pk)
    return _clock_code(run)


def _clock_code(run: Any) -> str | None:
    """Return what the lock takes now, while the ride lasts: no step after its end is ever told."""
    if run.status != RunStatus.STARTED:
        return None
    key = keys.key_of(str(run.device_id), run.device.key_version)
    return totp(unlock_key(key), at_s=int(min(run.at, run.ends_at).timestamp()))
