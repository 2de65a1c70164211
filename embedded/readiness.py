"""Whether the whole demo answers: the service is ready and its simulated machines are online."""

import http.client
import json
import time
from pathlib import Path
from urllib.parse import urlsplit

from embedded.errors import EmbeddedError


class Readiness:
    """Asked again and again while the service starts; true when everything answers."""

    def __init__(self, base_url: str, demo_json: Path, within_s: float) -> None:
        self._address = urlsplit(base_url).netloc
        self._demo_json = demo_json
        self._within_s = within_s
        self._deadline: float | None = None

    def __call__(self) -> bool:
        """Raises EmbeddedError when the time is over."""
        now = time.monotonic()
        self._deadline = self._deadline or now + self._within_s
        if self._service_is_ready() and self._machines_are_online():
            return True
        if now > self._deadline:
            raise EmbeddedError(
                f"The service did not answer within {self._within_s} s; .demo/logs may say why."
            )
        return False

    def _service_is_ready(self) -> bool:
        status, answer = self._get("/readyz")
        return status == http.client.OK and not answer.get("degraded")

    def _machines_are_online(self) -> bool:
        """Asks as the machines' owners would. A person's machine is nobody's shop and is not asked for."""
        demo = json.loads(self._demo_json.read_text())
        simulated = {machine["id"] for machine in demo["machines"] if machine["simulated"]}
        for merchant in demo["merchants"]:
            _, page = self._get("/api/v1/devices?limit=100", merchant["api_key"])
            if any(machine["id"] in simulated and not machine["online"] for machine in page.get("data", [])):
                return False
        return True

    def _get(self, path: str, api_key: str = "") -> tuple[int, dict[str, list[dict[str, object]]]]:
        connection = http.client.HTTPConnection(self._address, timeout=2)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {api_key}"} if api_key else {})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, ValueError, http.client.HTTPException):
            return 0, {}
        finally:
            connection.close()
