"""GET me/statement: every movement of a wallet, newest first."""

from payments.models import Code
from tests.api.callers import Caller, Person, pages, refusal
from tests.api.machines import Machine


def lines(caller: Caller) -> list[tuple[object, ...]]:
    entries = caller.get("me/statement").json()["data"]
    return [
        (entry["kind"], entry["amount"], entry["balance_after"], entry["counterparty"]) for entry in entries
    ]


def test_each_side_reads_a_payment_with_its_own_sign(alice: Person, bob: Person) -> None:
    alice.gets(1_000)
    paid = alice.pay(bob.code().token, amount=300).json()

    assert lines(alice) == [("payment", -300, 700, "Bob"), ("top_up", 1_000, 1_000, "Bank")]
    assert lines(bob) == [("payment", 300, 300, "Alice")]
    (received,) = bob.get("me/statement").json()["data"]
    assert set(received) == {
        "id",
        "kind",
        "amount",
        "balance_after",
        "counterparty",
        "payment",
        "withdrawal",
        "top_up",
        "created_at",
    }
    assert received["payment"] == paid["id"]


def test_escrow_is_nobody_the_lines_name_the_shop(alice: Person, ready_chair: Machine) -> None:
    alice.gets(5_000)
    run = alice.pay(ready_chair.token, option="10min").json()["run"]["id"]
    ready_chair.is_told_to_start(run)
    ready_chair.says("rejected", about=run, code="busy")

    assert lines(alice)[:2] == [
        ("release", 1_000, 5_000, "Corner Laundry"),
        ("hold", -1_000, 4_000, "Corner Laundry"),
    ]


def test_a_payer_s_line_to_a_shop_is_the_whole_amount(alice: Person, counter: Code) -> None:
    alice.gets(1_000)
    alice.pay(counter.token, amount=1_000)

    assert lines(alice)[0] == ("payment", -1_000, 0, "Corner Laundry")


def test_pages_go_on_where_they_were_while_new_lines_arrive(alice: Person) -> None:
    for amount in range(1, 8):
        alice.gets(amount)

    first = alice.get("me/statement", limit=3).json()
    alice.gets(1_000)
    second = alice.get(first["next"]).json()
    alice.gets(1_000)
    third = alice.get(second["next"]).json()

    seen = [[entry["amount"] for entry in page["data"]] for page in (first, second, third)]
    assert seen == [[7, 6, 5], [4, 3, 2], [1]]
    assert third["next"] is None


def test_a_page_that_ends_with_the_last_line_has_no_next(alice: Person) -> None:
    for _ in range(4):
        alice.gets(10)

    assert [len(page) for page in pages(alice, "me/statement", limit=2)] == [2, 2]


def test_twenty_lines_are_a_page(alice: Person) -> None:
    for _ in range(21):
        alice.gets(10)

    assert [len(page) for page in pages(alice, "me/statement")] == [20, 1]


def test_the_statement_of_others_cannot_be_asked_for(alice: Person, charlie: Person) -> None:
    alice.gets(1_000)

    assert charlie.get("me/statement", user=str(alice.pk)).json() == {"data": [], "next": None}


def test_a_cursor_is_what_next_gave(alice: Person) -> None:
    for cursor in ("x", "-1", "1.5", "", "١٢", "9" * 30, "\0", "1 OR 1=1"):
        refusal(alice.get("me/statement", cursor=cursor), 400, "invalid", "cursor")
