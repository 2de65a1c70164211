"""Looking at a page in both schemes: it fits the phone. SCREENSHOTS=folder keeps the pictures."""

import os
from pathlib import Path

from playwright.sync_api import Page

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
_FITS = "() => document.documentElement.scrollWidth <= window.innerWidth"


def look(page: Page, name: str) -> None:
    """Look at the page as it is now, light and dark."""
    folder = os.environ.get("SCREENSHOTS")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert page.evaluate(_FITS), f"{name} is wider than the phone"
        if folder:
            page.screenshot(path=Path(folder) / f"{name}-{scheme}.png")
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
