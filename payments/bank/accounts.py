"""Where an account's withdrawals go, as its owner says."""

from django.db.models.functions import Now

from payments.models import BankAccount


def store(*, account_id: int, holder: str, number: str, bank: str = "") -> None:
    """Send an account's withdrawals to this bank account from now on; those under way keep theirs.

    Args:
        number: IBAN or the country's own number, capitals and digits without spaces.
        bank: BIC; empty where the number says it.
    """
    BankAccount.objects.update_or_create(
        account_id=account_id,
        defaults={"holder": holder, "number": number, "bank": bank, "changed_at": Now()},
    )
