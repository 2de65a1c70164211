"""Answers of the merchants' part of the API."""

from rest_framework import serializers


class ShopBalance(serializers.Serializer[None]):
    """What a shop has, in minor units."""

    currency = serializers.CharField(read_only=True)
    available = serializers.IntegerField(read_only=True)
    in_escrow = serializers.IntegerField(read_only=True)
    withdrawing = serializers.IntegerField(read_only=True)
