"""What every deployment has before anybody pays: its currency, the system's accounts, the caps."""

from collections.abc import Sequence

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from payments import accounts, caps, money, tiers
from payments.bank import demo
from payments.books import Account, Deployment, Lane, System
from payments.errors import OtherCurrency


# Django has no other hook after a migrate. Whoever empties the tables sends the signal too.
@receiver(post_migrate, sender=apps.get_app_config("payments"))
def after_migrate(**_: object) -> None:
    """Store currency, system accounts, caps and terms where they are missing; change nothing that is there.

    Raises:
        OtherCurrency: the database was set up for another one.
    """
    Deployment.objects.get_or_create(id=1, defaults={"currency": money.currency()})
    refuse_other_currency()
    open_system_accounts()
    caps.install()
    tiers.install()
    demo.install()


def refuse_other_currency() -> None:
    """Let no process work with a currency that the stored amounts were not counted in.

    Raises:
        OtherCurrency: the database was set up for another one.
    """
    stored = Deployment.objects.values_list("currency", flat=True).get(id=1)
    if stored != money.currency():
        raise OtherCurrency(
            f"This database counts in {stored}; CURRENCY={money.currency()} would change every amount."
        )


@register(Tags.database)
def check_currency(
    *, app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: object
) -> list[CheckMessage]:
    """Say so in `manage.py check --database default` and before a migrate."""
    if not databases:
        return []  # only looked at when somebody asks for the database to be checked
    if Deployment._meta.db_table not in connection.introspection.table_names():
        return []  # nothing is migrated yet
    try:
        refuse_other_currency()
    except Deployment.DoesNotExist:
        return []
    except OtherCurrency as error:
        return [Error(str(error), id="payments.E001")]
    return []


def open_system_accounts() -> None:
    for account in System:
        kind = Account.Kind[account.name]
        Account.objects.get_or_create(id=account.value, defaults={"kind": kind})
        lanes = 1 if account is System.WITHDRAWAL_CLEARING else accounts.MANY_LANES
        if not Lane.objects.filter(account_id=account.value).exists():
            accounts.open_lanes(account_id=account.value, kind=kind, lanes=lanes)
