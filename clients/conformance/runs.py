"""Rules about runs: started once, told in order, ended once."""

from clients.conformance.bench import LIVES_MS, Bench, Body, Broken, Heard, Skipped
from clients.conformance.commands import repeats, verdict

STARTS_WITHIN_S = 20
STOPS_WITHIN_S = 10
BOOTS_WITHIN_S = 120
ENDS = ("finished", "failed", "interrupted")


def starts(bench: Bench) -> None:
    """accepts a start, then tells `started` with its evidence"""
    run = started(bench)
    body = bench.named(run, "started")[0].body
    if not isinstance(body.get("evidence"), str) or not body["evidence"]:
        raise Broken("`started` names no evidence that it physically runs")
    if type(body.get("left_s")) is not int:
        raise Broken("`started` does not say left_s")
    numbers = [one.body["n"] for one in bench.events(run)]
    if numbers != sorted(set(numbers)):
        raise Broken(f"its event numbers do not rise: {numbers}")
    stopped(bench, run)


def starts_once(bench: Bench) -> None:
    """answers the same start again with the same events, also under another session, and starts nothing"""
    run = started(bench)
    repeats(bench, run)
    repeats(bench, run | {"sess": "another"})
    repeats(bench, run | {"op": "query"})
    stopped(bench, run)
    repeats(bench, run)


def refuses_a_second_run(bench: Bench) -> None:
    """refuses a second start while it runs, and keeps to that after the first has ended"""
    run = started(bench)
    second = bench.give(bench.start_command())
    verdict(bench, second, "rejected", "busy")
    stopped(bench, run)
    repeats(bench, second)


def stops_the_run_it_was_told(bench: Bench) -> None:
    """accepts a stop for another run and goes on"""
    run = started(bench)
    since = bench.mark()
    stop = bench.give(bench.command("stop", {"run": "00000000-0000-7000-8000-000000000001"}))
    verdict(bench, stop, "accepted")
    bench.silence(since, lambda one: one.body.get("ev") not in ENDS, "it ended a run that nobody meant")
    stopped(bench, run)


def survives_a_power_cut(bench: Bench) -> None:
    """after a power cut tells how the run ended, and never starts it again"""
    if bench.power_cut is None:
        raise Skipped("nobody here can cut its power: see --power-cut and --manual")
    refused = bench.give(bench.command("dance")) if bench.sess else None
    run = started(bench)
    boot, since = bench.heard("hello")[-1].body["boot"], bench.mark()
    bench.power_cut()
    hello = _back(bench, since, boot)
    bench.publish("sync", bench.syncs[-1])  # whoever overheard the last one plays it now
    bench.silence(since, lambda one: one.body.get("ev") != "synced", "it took a sync of an earlier power-up")
    if hello.body["running"]:
        raise Broken("it says it runs, after a power cut")
    bench.open_session(since)
    end = bench.wait(lambda: bench.named(run, "interrupted"), "it did not say how the run ended")[0].body
    if end.get("ran") is not True or type(end.get("left_s")) is not int:
        raise Broken("`interrupted` lacks ran and left_s")
    for command in [run, *([refused] if refused else [])]:
        repeats(bench, command | {"sess": bench.sess})


def leaves_a_will(bench: Bench) -> None:
    """has the broker say that it is gone"""
    if bench.power_cut is None:
        raise Skipped("nobody here can cut its power: see --power-cut and --manual")
    bench.ensure_session()
    last, since = bench.heard("hello")[-1].body, bench.mark()
    bench.power_cut()
    gone = {"on": 0, "boot": last["boot"], "c": last["c"]}
    bench.sess = ""
    bench.wait(
        lambda: gone in [one.body for one in bench.heard("conn", since)], "no last will came", BOOTS_WITHIN_S
    )


def started(bench: Bench) -> Body:
    """A run that has started. Raises Broken."""
    bench.ensure_session()
    run = bench.give(bench.start_command())
    verdict(bench, run, "accepted")
    within_s = LIVES_MS / 1000 + STARTS_WITHIN_S
    bench.wait(lambda: bench.events(run)[1:], "accepted, and then nothing", within_s)
    if bench.events(run)[1].body.get("ev") != "started":
        raise Broken(f"after `accepted` came {bench.events(run)[1].body.get('ev')}")
    return run


def stopped(bench: Bench, run: Body) -> None:
    """Stop a run. Raises Broken."""
    stop = bench.give(bench.command("stop"))
    verdict(bench, stop, "accepted")
    end = bench.wait(
        lambda: bench.named(run, "interrupted"), "stopped, and no `interrupted` came", STOPS_WITHIN_S
    )[0].body
    if end.get("code") != "stopped" or end.get("ran") is not True or type(end.get("left_s")) is not int:
        raise Broken("`interrupted` lacks code stopped, ran true or left_s")


def _back(bench: Bench, since: int, boot: int) -> Heard:
    bench.sess = ""
    found = bench.wait(
        lambda: [one for one in bench.heard("hello", since) if one.body["boot"] != boot],
        "it did not come back with another boot number",
        BOOTS_WITHIN_S,
    )
    return found[-1]  # type: ignore[no-any-return]


RULES = (
    starts,
    starts_once,
    refuses_a_second_run,
    stops_the_run_it_was_told,
    survives_a_power_cut,
    leaves_a_will,
)
