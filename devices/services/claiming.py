"""Making a machine one's own by its set-up code. The first who scans it wins, everybody else is told no."""

from uuid import UUID

from django.db import IntegrityError, transaction

from devices import setup_codes
from devices.errors import NotYourShop, NumberTaken, UnknownSetupCode
from devices.models import Device, OperatorAction
from devices.services.provision import print_code
from merchants.models import Merchant, Place
from payments import accounts

REASON = "Claimed with its set-up code"
ONE_NUMBER = "number_names_one_device_of_an_account"


def claim(
    *, token: str, user_id: UUID, number: str, merchant_id: UUID | None = None, place_id: UUID | None = None
) -> Device:
    """Let a machine earn for a person, or for a shop of his, and make its printed code.

    The set-up code is used up by the same compare-and-set that gives the machine its owner.

    Args:
        number: as painted on the machine, clean; names one machine of the account.
        merchant_id: the shop it earns for; None: the person's own wallet.
        place_id: where of the shop it stands.

    Raises:
        UnknownSetupCode: no machine waits for it: never made, used, or withdrawn. Nothing was changed.
        NotYourShop: the shop or the place is somebody else's, or takes no money.
        NumberTaken: another machine of the account has the number. The set-up code is still good.
    """
    setup_hash = setup_codes.hash_of(token)
    account_id = _account_of(user_id, merchant_id, place_id)
    waiting = Device.objects.filter(setup_hash=setup_hash, account__isnull=True, enabled=True)
    try:
        with transaction.atomic():
            device = waiting.first()
            taken = {"account_id": account_id, "place_id": place_id, "number": number, "setup_hash": ""}
            if device is None or not waiting.filter(pk=device.pk).update(**taken):
                raise UnknownSetupCode
            return _hand_over(device.pk, user_id)
    except IntegrityError as error:
        if ONE_NUMBER in str(error):
            raise NumberTaken(errors={"number": [NumberTaken.sentence]}) from error
        raise


def _account_of(user_id: UUID, merchant_id: UUID | None, place_id: UUID | None) -> int:
    """Return the account that is to earn; raises NotYourShop."""
    if merchant_id is None:
        if place_id is not None:
            raise NotYourShop
        return accounts.wallet_of(user_id).pk
    mine = Merchant.objects.filter(pk=merchant_id, owner_id=user_id, status=Merchant.Status.ACTIVE)
    shop = mine.first()
    if shop is None:
        raise NotYourShop
    if place_id is not None and not Place.objects.filter(pk=place_id, merchant=shop).exists():
        raise NotYourShop
    return shop.account_id


def _hand_over(device_id: UUID, user_id: UUID) -> Device:
    device = Device.objects.get(pk=device_id)
    code = print_code(device)
    OperatorAction.objects.create(
        device=device, op="claim", reason=REASON, user_id=user_id, args={"code": str(code.pk)}
    )
    return device
