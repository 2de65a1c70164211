"""The people, shops and codes that take part in a benchmark, made through the services themselves."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from benchmarks.load import Operation
from merchants.services import open_merchant
from outbox.ids import uuid7
from payments import accounts, codes, idempotency, services
from people.models import User

SHOPS = 200
TOP_UP = 10_000_000  # minor units; nobody runs dry within a benchmark
PATH = "/api/v1/payments"


@dataclass(frozen=True)
class World:
    """Payers by id, the codes they show, and the codes of the shops; the first shop is the busy one."""

    payers: list[UUID]
    personal: list[str]
    shops: list[str]


def build(*, payers: int) -> World:
    """Make wallets with money. Without passwords and PINs: hashing them would take minutes."""
    ids = [_person(number) for number in range(payers)]
    wallets = [accounts.wallet_of(user_id).id for user_id in ids]
    personal = [codes.create(account_id=wallet).token for wallet in wallets]
    return World(ids, personal, [_shop(ids[0], number) for number in range(SHOPS)])


def _shop(owner_id: UUID, number: int) -> str:
    merchant = open_merchant(owner_id=owner_id, name=f"Shop {number}", category="retail")
    return codes.create(account_id=merchant.account_id, payable="merchant").token


def _person(number: int) -> UUID:
    user = User.objects.create(phone=f"+861390{number:07d}", name=f"Payer {number}")
    accounts.open_wallet(user_id=user.id, name=user.name)
    top_up(user.id, TOP_UP)
    return user.id


def top_up(user_id: UUID, amount: int) -> None:
    """Bring money in."""
    services.top_up(call=_call(user_id, "/api/v1/top-ups", {"amount": amount}), amount=amount)


def between_people(world: World, number: int) -> Operation:
    """Anybody pays anybody, by printed personal code."""
    return partial(_pay_somebody, world, random.Random(number))


def many_shops(world: World, number: int) -> Operation:
    """Anybody pays any shop."""
    return partial(_pay_shop, world, world.shops, random.Random(number))


def one_shop(world: World, number: int) -> Operation:
    """Everybody pays the same shop."""
    return partial(_pay_shop, world, world.shops[:1], random.Random(number))


def _pay_somebody(world: World, dice: random.Random) -> bool:
    payer, payee = dice.sample(range(len(world.payers)), 2)
    return pay(world.payers[payer], world.personal[payee], amount=1)


def _pay_shop(world: World, shops: Sequence[str], dice: random.Random) -> bool:
    return pay(dice.choice(world.payers[1:]), dice.choice(shops), amount=100)  # the first owns the shops


def pay(payer: UUID, code: str, **asked: Any) -> bool:
    """Pay through the service in process; `asked` as in `payments.services.pay`."""
    call = _call(payer, PATH, {"code": code} | asked)
    return services.pay(call=call, code=code, **asked).status == 201


def _call(caller: UUID, path: str, body: dict[str, object]) -> idempotency.Call:
    return idempotency.Call(caller=caller, key=str(uuid7()), body_hash=idempotency.digest("POST", path, body))
