"""Machines and runs as the API shows them: for the document, the answers are made by queries."""

from typing import Any

from rest_framework import serializers

from devices.states import RunStatus


class RunMachine(serializers.Serializer[Any]):
    """Which machine a run is on."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    name = serializers.CharField()
    type = serializers.CharField()


class RunView(serializers.Serializer[Any]):
    """One use of a machine."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=RunStatus.values)
    machine = RunMachine()
    option = serializers.CharField()
    ends_at = serializers.DateTimeField(allow_null=True)
    release_at = serializers.DateTimeField(allow_null=True)
    unlock_code = serializers.CharField(allow_null=True)
    failure = serializers.CharField(allow_null=True)


class OptionView(serializers.Serializer[Any]):
    """Something a machine sells."""

    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the contract's name; a field has one too
    amount = serializers.IntegerField()
    details = serializers.CharField(allow_blank=True)


class DeviceView(serializers.Serializer[Any]):
    """A merchant's machine."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    name = serializers.CharField()
    type = serializers.CharField()
    place = serializers.CharField(allow_blank=True)
    online = serializers.BooleanField()
    busy = serializers.BooleanField()
    run = RunView(allow_null=True)
    options = OptionView(many=True)
