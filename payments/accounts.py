"""Opening, freezing and widening accounts."""

import logging
from uuid import UUID

from django.db import connection, transaction

from payments.books import FIRST_MERCHANT
from payments.models import Account, Lane
from people import services as people
from people.models import User

# Who is credited by many payers at once gets many balance rows; measured, 16 were too few at 32 connections.
MANY_LANES = 64

logger = logging.getLogger(__name__)


def sign_up(*, phone: str, password: str, name: str, pin: str) -> User:
    """Store a new person together with his wallet.

    Raises:
        Refusal: as `people.services.sign_up`.
    """
    with transaction.atomic():
        user = people.sign_up(phone=phone, password=password, name=name, pin=pin)
        open_wallet(user_id=user.pk, name=user.name)
    return user


def open_wallet(*, user_id: UUID, name: str) -> Account:
    """Return a person's wallet, made now if he has none."""
    with transaction.atomic():
        wallet, _ = Account.objects.get_or_create(
            owner_id=user_id, kind=Account.Kind.WALLET, defaults={"name": name}
        )
        open_lanes(account_id=wallet.id, kind=Account.Kind.WALLET, lanes=1)
    return wallet


def open_merchant(*, owner_id: UUID, name: str) -> Account:
    """Open an account in which a shop's takings gather."""
    with transaction.atomic():
        account = Account.objects.create(
            id=FIRST_MERCHANT + _next_number(), owner_id=owner_id, kind=Account.Kind.MERCHANT, name=name
        )
        open_lanes(account_id=account.id, kind=Account.Kind.MERCHANT, lanes=MANY_LANES)
    return account


def open_lanes(*, account_id: int, kind: str, lanes: int) -> None:
    """Give a new account its balance rows, all of them empty; rows that are there stay."""
    guarded = kind not in {Account.Kind.BANK, Account.Kind.FEE_REVENUE}
    Lane.objects.bulk_create(
        [
            Lane(account_id=account_id, no=no, amount=0, version=0, guarded=guarded, open=True)
            for no in range(lanes)
        ],
        ignore_conflicts=True,
    )


def add_lanes(*, account_id: int, lanes: int) -> None:
    """Widen an account to so many lanes in all; new ones are open or frozen as lane 0 is.

    The lock on lane 0 keeps a freeze from passing between the reading and the adding.
    """
    with transaction.atomic():
        first = Lane.objects.select_for_update(no_key=True).get(account_id=account_id, no=0)
        there = Lane.objects.filter(account_id=account_id).count()
        Lane.objects.bulk_create(
            [
                Lane(
                    account_id=account_id, no=no, amount=0, version=0, guarded=first.guarded, open=first.open
                )
                for no in range(there, lanes)
            ]
        )


def freeze(*, account_id: int, reason: str) -> None:
    """Let an account neither pay nor be paid until it is unfrozen; what is in escrow for it still arrives."""
    _set_open(account_id, value=False)
    logger.warning("Account %s frozen: %s", account_id, reason)


def unfreeze(*, account_id: int, reason: str) -> None:
    """End a freeze."""
    _set_open(account_id, value=True)
    logger.warning("Account %s unfrozen: %s", account_id, reason)


def is_frozen(account_id: int) -> bool:
    """Return whether an account is frozen."""
    return Lane.objects.filter(account_id=account_id, open=False).exists()


def has_frozen(user_id: UUID) -> bool:
    """Return whether a person's wallet, or the account of a shop of his, is frozen."""
    return Lane.objects.filter(account__owner_id=user_id, open=False).exists()


def rename(*, account_id: int, name: str) -> None:
    """Change the name under which others see an account from now on; confirmed payments keep theirs."""
    Account.objects.filter(pk=account_id).update(name=name)


def wallet_of(user_id: UUID) -> Account:
    """Return a person's wallet.

    Raises:
        Account.DoesNotExist: staff may have none.
    """
    return Account.objects.get(owner_id=user_id, kind=Account.Kind.WALLET)


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('payments_account', 'id'))")
        return int(cursor.fetchone()[0])


def _set_open(account_id: int, *, value: bool) -> None:
    with transaction.atomic():
        # In the ledger's order, lane 0 first: neither a payment nor a widening can cross us.
        locked = Lane.objects.select_for_update(no_key=True).filter(account_id=account_id).order_by("no")
        list(locked.values_list("no"))
        Lane.objects.filter(account_id=account_id).update(open=value)
