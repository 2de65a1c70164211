"""Headers of static files that need more than a cache time."""

from collections.abc import MutableMapping

# A worker has the policy of its own answer, not of the page that started it. This one compiles WebAssembly.
_WORKER_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"


def static_headers(headers: MutableMapping[str, str], path: str, url: str) -> None:
    """Give the scanner's worker its Content-Security-Policy; WhiteNoise calls this once per file."""
    if "/wallet/js/scan-worker." in url:
        headers["Content-Security-Policy"] = _WORKER_POLICY
