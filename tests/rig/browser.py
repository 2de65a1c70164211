"""A real Chromium in the shape of a phone, and a list of everything that went wrong in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Playwright, Request, expect

from tests.rig import needs

# What happens, not how fast: the machine may be busy with other tests, or run a browser for the first time.
EXPECT_MS = 30_000
LOAD_MS = 90_000
expect.set_options(timeout=EXPECT_MS)

PHONE = "Pixel 7"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Quiet and offline: nothing but the page under test may open a connection.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (e) => {
  window.reportViolation(`${e.violatedDirective} ${e.blockedURI} in ${e.sourceFile}:${e.lineNumber}`);
});
"""


def camera_flags(video: Path) -> tuple[str, ...]:
    """Chromium's fake camera playing a video (Motion-JPEG will do), and nobody asked for permission."""
    return (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={video}",
    )


REFUSED_CAMERA = ("--use-fake-device-for-media-stream", "--deny-permission-prompts")


@dataclass  # no slots: Playwright keeps notes on whoever listens
class Faults:
    """What a page must not do: errors on the console, broken security policy, requests to strangers."""

    origin: str
    seen: list[str] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)

    def forgive(self, text: str) -> None:
        """Expect faults that contain this text, e.g. the console's line about a 402."""
        self.forgiven.append(text)

    def check(self) -> None:
        """Fail when there was a fault that was not forgiven."""
        left = [fault for fault in self.seen if not any(text in fault for text in self.forgiven)]
        assert not left, f"faults in the browser: {left}"

    def watch(self, context: BrowserContext) -> None:
        """Collect from every page of this context."""
        context.expose_binding("reportViolation", lambda _, text: self.seen.append(f"policy: {text}"))
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.seen.append(f"script: {error.error}"))
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.seen.append(f"console: {message.text} {message.location.get('url', '')}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.origin}/", "data:", "blob:")):
            self.seen.append(f"stranger: {request.url}")


class Phone:
    """Opens pages in a fresh Chromium; `faults` are checked when the test ends."""

    def __init__(self, playwright: Playwright, origin: str) -> None:
        self._playwright = playwright
        self.faults = Faults(origin)

    @contextmanager
    def page(self, *flags: str, **context: Any) -> Iterator[Page]:
        """A page with a profile of its own; more flags (a camera) and options of the context as wanted."""
        program = needs.program("browser", *CHROMIUM)
        browser = self._playwright.chromium.launch(executable_path=program, args=[*FLAGS, *flags])
        try:
            phone = self._playwright.devices[PHONE]
            pages = browser.new_context(**(phone | {"base_url": self.faults.origin} | context))
            pages.set_default_navigation_timeout(LOAD_MS)
            self.faults.watch(pages)
            yield pages.new_page()
        finally:
            browser.close()
