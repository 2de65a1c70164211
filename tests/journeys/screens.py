"""What a person does on the wallet's screens."""

from playwright.sync_api import Page, expect

from people.models import User
from tests.cast import PASSWORD, PIN

AT_ONCE_MS = 15_000  # for what the server does in milliseconds, on a machine that does other things too


def sign_in(page: Page, user: User, then: str = "/") -> None:
    """Sign in on the way to a page."""
    page.goto(then)
    page.get_by_label("Phone number").fill(user.phone)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{then}")


def press(page: Page, keys: str, inside: str = "[data-amount-form]") -> None:
    """Press drawn keys, one after another."""
    for key in keys:
        page.locator(f"{inside} [data-key='{key}']").click()


def pay(page: Page, pin: str = PIN) -> None:
    """Open the sheet and type the PIN, which sends it."""
    page.locator("[data-open-sheet]").click()
    type_pin(page, pin)


def choose(page: Page, option: str) -> None:
    """Choose what to buy by its label."""
    page.locator(".option", has_text=option).click()


def act(page: Page, words: str) -> None:
    """Press the button, once it says this."""
    expect(page.locator("[data-open-sheet]")).to_have_text(words)
    page.locator("[data-open-sheet]").click()


def secret(page: Page) -> str:
    """The code that the page shows, as it is typed."""
    return "".join(page.locator("[data-code] span").all_inner_texts())


def type_pin(page: Page, pin: str = PIN) -> None:
    """Type the PIN into the open sheet."""
    press(page, pin, inside="#sheet")


def money(page: Page) -> str:
    """The upper line of the pair."""
    return page.locator(".pair-line .state").first.inner_text()


def machine(page: Page) -> str:
    """The lower line of the pair."""
    return page.locator(".pair-line .state").last.inner_text()


def expect_machine(page: Page, words: str, *, within_s: float = 30) -> None:
    """Wait, without reloading, until the lower line says this."""
    expect(page.locator(".pair-line .state").last).to_contain_text(words, timeout=within_s * 1000)


def expect_money(page: Page, words: str, *, within_s: float = 30) -> None:
    """Wait, without reloading, until the upper line says this."""
    expect(page.locator(".pair-line .state").first).to_contain_text(words, timeout=within_s * 1000)


def available(page: Page) -> str:
    """What the balance card says."""
    page.goto("/")
    return page.locator(".balance .amt-xl").inner_text().replace("\n", "")
