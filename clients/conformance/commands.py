"""Rules about commands that start nothing."""

from clients.conformance.bench import Bench, Body, Broken, Heard

FOREIGN_DEVICE = "00000000-0000-7000-8000-000000000000"
REMEMBERED = 32


def answers_a_query(bench: Bench) -> None:
    """answers an operator's query"""
    bench.ensure_session()
    verdict(bench, bench.give(bench.command("query")), "accepted")


def drops_what_is_not_for_it(bench: Bench) -> None:
    """drops in silence what is signed for another key, device, topic or version, too long, or not JSON"""
    bench.ensure_session()
    since, command = bench.mark(), bench.command("query")
    bench.give(command, key=bytes(32))
    bench.give(command, device_id=FOREIGN_DEVICE)
    bench.give(command, signed_as="evt")
    bench.give(command | {"v": 2})
    bench.give(command | {"a": {"text": "x" * 400}})
    for rubbish in (b"", b".", b"[]", b"\xff" * 40, b"{" * 300):
        bench.publish("cmd", rubbish)
    bench.silence(since, _is_no_answer, "it answered a message it must not believe")
    verdict(bench, bench.give(bench.command("query")), "accepted")  # and it lives


def drops_a_foreign_session(bench: Bench) -> None:
    """drops in silence a new command of another session"""
    bench.ensure_session()
    since = bench.mark()
    bench.give(bench.command("query", sess="another"))
    bench.silence(since, _is_no_answer, "it obeyed a command of another session")


def refuses_the_expired(bench: Bench) -> None:
    """refuses an expired start, and says the very same when it is asked again"""
    bench.ensure_session()
    command = bench.start_command()
    bench.give(command | {"exp": command["t"] - 1})
    verdict(bench, command, "rejected", "expired")
    repeats(bench, command)


def refuses_what_it_cannot_do(bench: Bench) -> None:
    """refuses an operation nobody has heard of as unsupported"""
    bench.ensure_session()
    verdict(bench, bench.give(bench.command("dance")), "rejected", "unsupported")


def refuses_strange_arguments(bench: Bench) -> None:
    """refuses a start with strange arguments"""
    bench.ensure_session()
    verdict(bench, bench.give(bench.start_command() | {"a": {"nonsense": True}}), "rejected", "args")


def remembers_a_question(bench: Bench) -> None:
    """answers the question after a run it does not know with expired, and then never starts that run"""
    bench.ensure_session()
    command = bench.start_command()
    bench.give(command | {"op": "query"})
    verdict(bench, command, "rejected", "expired")
    since = bench.mark()
    bench.give(command)
    bench.wait(lambda: bench.events(command, since), "it did not answer the start that followed")
    if bench.named(command, "accepted"):
        raise Broken("it accepted the run whose question it had refused")


def remembers_enough(bench: Bench) -> None:
    """remembers at least 32 commands, rejections too"""
    bench.ensure_session()
    commands = []
    for _ in range(REMEMBERED):
        command = bench.start_command()
        commands.append(bench.give(command | {"exp": command["t"] - 1}))
        verdict(bench, command, "rejected", "expired")
    repeats(bench, commands[0])


def verdict(bench: Bench, command: Body, ev: str, code: str = "") -> Heard:
    """The first event of a command, which must be this one. Raises Broken."""
    wanted = f"{ev} {code}".strip()
    first: Heard = bench.wait(lambda: bench.events(command), f"no answer, {wanted} was due")[0]
    said = f"{first.body.get('ev')} {first.body.get('code', '')}".strip()
    if first.body.get("ev") != ev or (code and first.body.get("code") != code):
        raise Broken(f"it said {said}, not {wanted}")
    return first


def repeats(bench: Bench, command: Body) -> None:
    """Sent again, a command is answered by the same events, byte for byte. Raises Broken."""
    told = [one.raw for one in bench.events(command)]
    since = bench.mark()
    bench.give(command)
    bench.wait(lambda: bench.events(command, since), "it did not answer a command that came again")
    bench.silence(
        since, lambda one: one.body.get("id") != command["id"] or one.raw in told, "it changed its mind"
    )


def _is_no_answer(one: Heard) -> bool:
    return one.body.get("id") is None


RULES = (
    answers_a_query,
    drops_what_is_not_for_it,
    drops_a_foreign_session,
    refuses_the_expired,
    refuses_what_it_cannot_do,
    refuses_strange_arguments,
    remembers_a_question,
    remembers_enough,
)
