"""The API's pages for people work in a real browser under the strict content policy."""

import pytest

from tests.rig.browser import Phone
from tests.rig.service import Service


@pytest.mark.browser
def test_a_reader_sees_the_calls_and_opens_one(service: Service, phone: Phone) -> None:
    service.web.start()

    with phone.page() as page:
        page.goto("/api/docs/")
        page.get_by_text("/api/v1/sessions/current").click()
        page.get_by_text("Refused; code says why.").first.wait_for()
