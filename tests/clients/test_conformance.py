"""The conformance command: our own client passes, and each bad one fails for its own reason."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clients.conformance import commands, runs, sessions
from clients.conformance.bench import Bench, Setup
from clients.conformance.report import RULES, Result, Rule, Verdict, tried
from clients.micropython import mqtt
from clients.micropython.core import Core
from clients.micropython.wire import check, encode
from devices.protocol.keys import encode_key
from simulator.journal import VolatileJournal
from tests.clients.conftest import DEVICE, KEY, NAME, PASSWORD, Appliance

PROJECT = Path(__file__).resolve().parents[2]
FEW = (commands.answers_a_query, commands.refuses_the_expired)

Actions = list[Any]


class NoDedupe(Core):
    def known(self, command_id: str) -> None:
        return None


class Forgetful(Core):
    """Stores no rejections."""

    def keep(self, record: dict[str, Any]) -> Actions:
        if json.loads(record["events"][-1])["ev"] == "rejected":
            return []
        return super().keep(record)


class Late(Core):
    """Does not look at the expiry."""

    def expired(self, exp: int, now: int) -> bool:
        return False


class TakesSyncTwice(Core):
    def accepts(self, sync: dict[str, Any], now: int) -> bool:
        return True


class TakesOldSyncs(Core):
    """Looks at the nonce alone."""

    def accepts(self, sync: dict[str, Any], now: int) -> bool:
        nonce = self.session._nonce
        return bool(nonce) and sync["nonce"] == nonce


class AnySession(Core):
    def _command(self, command: dict[str, Any], now: int) -> Actions:
        return super()._command(command | {"sess": self.session.sess}, now)


class AnyKey(Core):
    """Believes what nobody signed."""

    def received(self, topic: str, message: bytes, now: int) -> Actions:
        try:
            body = json.loads(message.rpartition(b".")[0])
            check(body, v=int)
            return self._sync(body, now) if topic == "sync" else self._command(body, now)
        except Exception:  # noqa: BLE001  # a bad machine
            return []


class AlwaysFree(Core):
    """Takes a second run beside the first."""

    def _refusal(self, record: dict[str, Any], now: int) -> str:
        refusal = super()._refusal(record, now)
        return "" if refusal == "busy" else refusal


class Deaf(Core):
    """Does not understand stop."""

    def _stop(self, run: dict[str, Any], now: int) -> Actions:
        return []


class StopsAnything(Core):
    def _obey(self, record: dict[str, Any], now: int) -> Actions:
        return (
            super()._obey(record | {"a": {}}, now) if record["op"] == "stop" else super()._obey(record, now)
        )


class TellsAnew(Core):
    """Answers a command that came again with a fresh event number."""

    def _repeat(self, record: dict[str, Any]) -> Actions:
        self._n += 1
        return [self._send("evt", encode(json.loads(text) | {"n": self._n})) for text in record["events"]]


class NoEvidence(Core):
    def report(self, report: tuple[str, str, dict[str, Any]], now: int) -> Actions:
        what, run_id, details = report
        return super().report((what, run_id, details | {"evidence": ""}), now)


class Resumes(Core):
    """Goes on after a power cut as if nothing had happened."""

    def _sync(self, sync: dict[str, Any], now: int) -> Actions:
        cut_short, self._cut_short = self._cut_short, []
        for run in cut_short:
            self.open.append(run["id"])
            self._to_move.append(run["id"])
        return super()._sync(sync, now)


class SameNonce(Core):
    def __init__(self, **details: Any) -> None:
        super().__init__(**details | {"random": bytes})


BAD: list[tuple[type[Core], Rule, str]] = [
    (NoDedupe, runs.starts_once, "changed its mind"),
    (Forgetful, commands.remembers_a_question, "accepted the run"),
    (Forgetful, commands.refuses_the_expired, "changed its mind"),
    (Late, commands.refuses_the_expired, "not rejected expired"),
    (TakesSyncTwice, sessions.takes_a_sync_once, "second sync"),
    (TakesSyncTwice, sessions.ignores_foreign_syncs, "not meant for it"),
    (TakesOldSyncs, sessions.refuses_a_late_sync, "five seconds old"),
    (AnySession, commands.drops_a_foreign_session, "another session"),
    (AnyKey, commands.drops_what_is_not_for_it, "must not believe"),
    (AlwaysFree, runs.refuses_a_second_run, "not rejected busy"),
    (Deaf, runs.starts, "no `interrupted` came"),
    (StopsAnything, runs.stops_the_run_it_was_told, "nobody meant"),
    (TellsAnew, runs.starts_once, "changed its mind"),
    (NoEvidence, runs.starts, "no evidence"),
    (SameNonce, sessions.says_hello_again, "same nonce"),
]


def result_of(setup: Setup, appliance: Appliance, *rules: Rule) -> list[Result]:
    with Bench(setup, appliance.cut_power) as bench:
        return list(tried(bench, rules))


@pytest.mark.timeout(400)
def test_our_own_client_keeps_every_rule(setup: Setup, appliance: Appliance) -> None:
    results = result_of(setup, appliance, *RULES)

    assert [str(result) for result in results if result.verdict is not Verdict.KEPT] == []
    assert len(results) == len(RULES)


@pytest.mark.parametrize(
    ("appliance", "rule", "reason"),
    BAD,
    ids=[f"{core.__name__}-{rule.__name__}" for core, rule, _ in BAD],
    indirect=["appliance"],
)
def test_a_bad_client_is_found_out(setup: Setup, appliance: Appliance, rule: Rule, reason: str) -> None:
    [result] = result_of(setup, appliance, rule)

    assert result.verdict is Verdict.BROKEN
    assert reason in result.reason


def test_a_client_that_retains_nothing_is_found_out(
    setup: Setup, appliance: Appliance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "RETAINED", ())
    appliance.cut_power()  # its last will stands there now

    [result] = result_of(setup, appliance, sessions.leaves_its_presence)

    assert result.verdict is Verdict.BROKEN


def test_a_client_that_remembers_in_memory_alone_is_found_out(setup: Setup, appliance: Appliance) -> None:
    appliance.switch_off()
    appliance.memory = VolatileJournal
    appliance.switch_on()

    [result] = result_of(setup, appliance, runs.survives_a_power_cut)

    assert (result.verdict, "how the run ended" in result.reason) == (Verdict.BROKEN, True)


@pytest.mark.parametrize("appliance", [Resumes], indirect=True)
def test_a_client_that_goes_on_after_a_power_cut_is_found_out(setup: Setup, appliance: Appliance) -> None:
    [result] = result_of(setup, appliance, runs.survives_a_power_cut)

    assert result.verdict is Verdict.BROKEN
    assert appliance.starts == 2


def test_the_command_prints_what_it_found(setup: Setup, appliance: Appliance) -> None:
    done = command(setup.mqtt_url, "--only", *(rule.__name__ for rule in FEW), "survives_a_power_cut")

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("pass  ") == len(FEW)
    assert "skip  after a power cut" in done.stdout
    assert "3 rules: 2 pass, 0 fail, 1 skip" in done.stdout


@pytest.mark.parametrize("appliance", [Forgetful], indirect=True)
def test_the_command_fails_for_a_bad_client(setup: Setup, appliance: Appliance) -> None:
    done = command(setup.mqtt_url, "--only", "refuses_the_expired")

    assert done.returncode == 1
    assert "FAIL  refuses an expired start" in done.stdout
    assert "it changed its mind" in done.stdout


def test_without_a_broker_the_command_says_so() -> None:
    done = command("mqtt://127.0.0.1:1")

    assert done.returncode == 2
    assert "cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr


def command(url: str, *more: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "clients.conformance", "--device-id", DEVICE, "--key", encode_key(KEY)]
    argv += ["--mqtt", url, "--user", NAME, "--password", PASSWORD, *more]
    return subprocess.run(argv, cwd=PROJECT, capture_output=True, text=True, check=False)
