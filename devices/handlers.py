"""What the machines do about facts of other apps."""

from uuid import UUID

from devices.services import announce
from outbox.registry import on


@on("payments.payment.settled")
def announce_settled_payment(*, payment_id: str, **_: object) -> None:
    """Have the payee's speakers read the amount out."""
    announce.announce(payment_id=UUID(payment_id))


@on("merchants.application.approved")
def move_speakers_to_the_shop(*, wallet_id: int, account_id: int, **_: object) -> None:
    """Let a person's speakers announce what his printed codes now pay his shop."""
    announce.move_speakers(wallet_id=wallet_id, account_id=account_id)
