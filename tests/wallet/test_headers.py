"""Headers of static files."""

from wallet.headers import static_headers


def headers_of(url: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    static_headers(headers, f"/root{url}", url)
    return headers


def test_the_scanner_worker_may_compile_webassembly_and_nothing_else() -> None:
    for url in ("/static/wallet/js/scan-worker.js", "/static/wallet/js/scan-worker.0a1b2c3d4e5f.js"):
        policy = headers_of(url)["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "'wasm-unsafe-eval'" in policy
        assert "'unsafe-eval'" not in policy


def test_other_files_get_no_policy_of_their_own() -> None:
    assert headers_of("/static/wallet/js/pay.js") == {}
