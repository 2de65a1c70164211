"""What a machine sells and for how much. Pure."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from devices.machines.arguments import Schema
from devices.machines.base import Machine, Option
from payments.books import LARGEST_AMOUNT


def price_of(option: Option, *, prices: Mapping[str, Any], currency: str) -> int | None:
    """Return the owner's price of an option, else the type's usual one, in minor units; None: not sold here.

    An owner takes an option off by setting its price to null.
    """
    price = prices.get(option.id, option.prices.get(currency))
    least = 0 if option.may_be_free else 1
    return price if type(price) is int and least <= price <= LARGEST_AMOUNT else None


def offers(machine: Machine, *, prices: Mapping[str, Any], currency: str) -> dict[str, int]:
    """Return what is sold: option id -> amount in minor units, in the type's order."""
    priced = {option.id: price_of(option, prices=prices, currency=currency) for option in machine.options}
    return {option_id: price for option_id, price in priced.items() if price is not None}


def shown_options(machine: Machine, offered: Mapping[str, int]) -> list[dict[str, object]]:
    """Return the options as the contract shows them, in the reader's language."""
    return [
        {
            "id": option.id,
            "label": gettext(option.label),
            "amount": offered[option.id],
            "details": gettext(option.details) if option.details else "",
            "per": option.per or None,
            "quoted": option.quoted,
            "args_schema": shown_schema(machine.schema_of(option)),
        }
        for option in machine.options
        if option.id in offered
    ]


def shown_schema(schema: Schema) -> dict[str, object]:
    """Return a schema with its titles in the reader's language."""
    return {
        **schema,
        "properties": {
            name: {**rule, "title": gettext(rule["title"])} if "title" in rule else dict(rule)
            for name, rule in schema["properties"].items()
        },
    }
