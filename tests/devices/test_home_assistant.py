"""Home Assistant finds the machines by itself, reads their sensors, and can do nothing else."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from devices import home_assistant, keys
from devices.broker.users import own_users
from devices.models import Device, Session
from devices.services import discovery
from devices.services.provision import provision
from merchants.models import Merchant, Place
from outbox.wake import wake
from tests.devices.probe import Probe
from tests.devices.wire import WiredMachine
from tests.rig.mosquitto import Mosquitto
from tests.rig.service import Service
from tests.rig.waiting import eventually

PREFIX = "homeassistant"


@pytest.fixture
def on(settings: Settings) -> None:
    settings.HOME_ASSISTANT_PREFIX = PREFIX


class Shelf:
    """A broker's retained messages."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.works = True

    def keep(self, topic: str, payload: bytes) -> bool:
        if self.works:
            self.kept[topic] = payload
        return self.works


def rendered(config: dict[str, Any], payload: bytes) -> object:
    """Return what a value template makes of a message; these use one idiom of Jinja, and so can be played."""
    expression = config["value_template"].removeprefix("{{ ").removesuffix(" }}")
    if expression.startswith("value_json."):
        return json.loads(payload)[expression.removeprefix("value_json.")]
    body, _, field = expression.partition(" | from_json).")
    assert body == "(value.rsplit('.', 1)[0]"
    name, _, default = field.partition(" | default(")
    return json.loads(payload.decode().rsplit(".", 1)[0]).get(name, default.rstrip(")"))


@pytest.mark.django_db
class TestWhatIsTold:
    """Configurations of sensors."""

    def test_each_sensor_reads_its_part_of_what_the_machine_says(self, chair: Device, on: None) -> None:
        machine = WiredMachine(chair).hardware
        told = {topic: json.loads(payload) for topic, payload in home_assistant.configs(chair).items()}
        by_name = {config["name"]: config for config in told.values()}

        assert sorted(by_name) == ["Online", "Signal", "Status", "Time left"]
        assert all(topic.split("/")[1] in {"sensor", "binary_sensor"} for topic in told)
        assert not any("command_topic" in config for config in told.values())
        assert by_name["Status"]["state_topic"] == f"v1/{chair.pk}/state"
        assert rendered(by_name["Status"], machine.state("a.b").payload) == "a.b"
        assert rendered(by_name["Time left"], machine.state("idle").payload) == "0"
        assert rendered(by_name["Signal"], machine.telemetry().payload) == -60
        assert rendered(by_name["Online"], machine.will().payload) == 0

    def test_a_machine_is_one_device_with_its_number_and_place(self, mei_shop: Merchant, on: None) -> None:
        place = Place.objects.create(merchant=mei_shop, name="Station Road 3")
        washer = provision(
            account_id=mei_shop.account_id, place_id=place.pk, type="washer", number="7", name="Washer"
        )
        devices = [json.loads(payload)["device"] for payload in home_assistant.configs(washer).values()]

        assert devices == [devices[0]] * 4
        assert devices[0]["name"] == "Washer 7" and devices[0]["suggested_area"] == "Station Road 3"
        names = [json.loads(payload)["unique_id"] for payload in home_assistant.configs(washer).values()]
        assert len(set(names)) == 4

    def test_only_what_changed_is_told_again(self, chair: Device, on: None) -> None:
        shelf = Shelf()
        assert [discovery.discover(keep=shelf.keep) for _ in range(2)] == [1, 0]
        Device.objects.update(name="Armchair")

        assert discovery.discover(keep=shelf.keep) == 1
        assert b"Armchair 07" in shelf.kept[home_assistant.topics_of(str(chair.pk))[0]]
        assert discovery.forget() == 1 and discovery.discover(keep=shelf.keep) == 1

    def test_what_the_broker_did_not_take_is_told_later(self, chair: Device, on: None) -> None:
        shelf = Shelf()
        shelf.works = False
        assert discovery.discover(keep=shelf.keep) == 0
        shelf.works = True

        assert discovery.discover(keep=shelf.keep) == 1

    def test_a_machine_that_was_shut_out_is_taken_back(self, chair: Device, on: None) -> None:
        shelf = Shelf()
        discovery.discover(keep=shelf.keep)
        Device.objects.update(enabled=False)

        assert [discovery.discover(keep=shelf.keep) for _ in range(2)] == [1, 0]
        assert set(shelf.kept.values()) == {b""}
        assert Session.objects.get().discovery == ""

    def test_a_pass_tells_a_hundred_and_the_next_one_the_others(
        self, mei_shop: Merchant, on: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(discovery, "MOST", 2)
        for number in ("1", "2", "3"):
            provision(
                account_id=mei_shop.account_id, place_id=None, type="chair", number=number, name="Chair"
            )

        assert [discovery.discover(keep=Shelf().keep) for _ in range(3)] == [2, 1, 0]

    def test_a_machine_without_a_radio_has_no_sensors(self, chair: Device, on: None) -> None:
        Device.objects.update(type="bike")

        assert discovery.discover(keep=Shelf().keep) == 0

    def test_while_it_is_off_nothing_is_told_and_nobody_may_look(self, chair: Device) -> None:
        shelf = Shelf()

        assert discovery.discover(keep=shelf.keep) == 0 and shelf.kept == {}
        assert keys.VIEWER_USER not in own_users()
        assert own_users()[keys.WORKER_USER].publish == ("v1/+/cmd",)
        with pytest.raises(CommandError, match="HOME_ASSISTANT_PREFIX"):
            call_command("home_assistant")

    def test_the_command_says_what_to_type(self, chair: Device, on: None) -> None:
        said = StringIO()
        call_command("home_assistant", stdout=said)

        assert f"Username: {keys.VIEWER_USER}" in said.getvalue()
        assert keys.password_of(keys.VIEWER_USER) in said.getvalue()


def viewer(port: int) -> Probe:
    user = keys.VIEWER_USER
    return Probe(port, user=user, password=keys.password_of(user), client_id=f"{user}-home")


def sees_everything_and_says_nothing(port: int, url: str, device: Device) -> None:
    """Play Home Assistant beside a machine."""
    with viewer(port) as home, WiredMachine(device, url=url) if url else WiredMachine(device) as machine:
        for topic in (f"{PREFIX}/#", "v1/+/state", "v1/+/conn", "v1/+/tel"):
            assert home.subscribe(topic)
        eventually(lambda: sum(topic.startswith(PREFIX) for topic, _ in home.got) == 4, within_s=90)
        machine.say(machine.hardware.state("running", retained=True))
        eventually(lambda: any(topic.endswith("/state") for topic, _ in home.got))
        home.subscribe("v1/+/cmd")
        home.subscribe("v1/+/evt")
        machine.say(machine.hardware.event("fault", code="door"))
        home.publish(f"v1/{device.pk}/cmd", b"anything")
        assert machine.is_silent_for(1.5)
        assert not any(topic.endswith(("/cmd", "/evt")) for topic, _ in home.got)


def _tell() -> None:
    wake("devices.tasks.discover", queue="default")
    eventually(lambda: Session.objects.exclude(discovery="").exists(), within_s=60, what="it was told")


@pytest.fixture
def telling(service: Service, chair: Device, on: None) -> Service:
    """A service that tells Home Assistant; nothing runs yet."""
    service.env(HOME_ASSISTANT_PREFIX=PREFIX)
    return service


@pytest.mark.django_db(transaction=True)
class TestAtABroker:
    """The same with a real broker in between."""

    def test_over_nats_it_finds_a_machine_and_hears_its_state(self, telling: Service, chair: Device) -> None:
        telling.admit_devices()
        telling.start("default", "gateway")
        _tell()
        sees_everything_and_says_nothing(telling.servers.nats.port, "", chair)

    @pytest.mark.mosquitto
    def test_over_mosquitto_too(self, telling: Service, mosquitto: Mosquitto, chair: Device) -> None:
        mosquitto.admit_devices()
        mosquitto.start()
        telling.env(MQTT_URL=mosquitto.url)
        telling.start("default", "gateway")
        _tell()
        sees_everything_and_says_nothing(mosquitto.port, mosquitto.url, chair)
