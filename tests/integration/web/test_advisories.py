"""What went wrong for peers must not go wrong here."""

from __future__ import annotations

import pytest

from tests.site import Site


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/%0d%0aX: y\r\nX: z",
        "\t//evil.example",
    ],
)
def test_open_redirect_ghsa_m999_j542_5w3r(site: Site, target: str) -> None:
    location = site.sign_in(next=target).headers["location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert "\n" not in location


def test_metrics_behind_a_forged_forwarding_header_cve_2023_27591(site: Site) -> None:
    for path in ("/metrics", "/api/v1/statistics"):
        assert site.get(path, x_forwarded_for="127.0.0.1", x_real_ip="127.0.0.1").status in {401, 404}


def test_errors_escape_what_they_repeat_cve_2023_27592(site: Site) -> None:
    site.sign_in()
    for path in ("/search?q=<script>x</script>:", "/dossiers/<script>", "/alerts/<svg onload=1>", "/export?kind=<b>"):
        body = site.get(path.replace(" ", "%20").replace("<", "%3C").replace(">", "%3E"), accept="text/html").text
        assert "<script>x" not in body
        assert "<svg onload" not in body


@pytest.mark.parametrize(
    "name",
    ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "....//app.py", "/etc/passwd", "%2fetc%2fpasswd", "veille.css%00.py"],
)
def test_static_traversal_cve_2026_25527(site: Site, name: str) -> None:
    answer = site.get(f"/static/{name}")
    assert answer.status in {400, 401, 404}
    assert b"import" not in answer.body


def test_stored_pages_are_text_never_html_ghsa_cgj8_g98g_4p9x(site: Site) -> None:
    site.sign_in()
    pages = [site.get(f"/articles/{number}", accept="text/html") for number in (1, 2)]
    pages.append(site.get("/alerts?status=all"))
    for page in pages:
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["x-content-type-options"] == "nosniff"
    assert 'href="javascript:' not in site.get("/articles/3").text
    assert 'href="javascript:' not in site.get("/alerts/3").text


def test_mass_assignment(site: Site) -> None:
    site.token = site.app.state.desk.access.make_token("writer", "write")
    for field in ("id", "score", "raised_at", "dossier_id", "title"):
        assert site.send("PATCH", "/api/v1/alerts/1", {"status": "confirmed", field: 1}).status == 422
    assert site.get("/api/v1/alerts/1").json["status"] == "new"


def test_a_wrong_name_takes_as_long_as_a_wrong_password(site: Site) -> None:
    """Both check one argon2 hash; here it is only shown that the check is made for names that do not exist."""
    access = site.app.state.desk.access
    access.put_user("Grace", "another long password")
    assert access._user("nobody", "another long password") is None
    from monitor.steps.access import _nobody

    assert _nobody.cache_info().currsize == 1


def test_no_answer_may_be_framed_sniffed_or_kept(site: Site) -> None:
    for path in ("/sign-in", "/nothing", "/api/v1/alerts", "/healthz"):
        headers = site.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"


def test_a_body_that_is_too_large_is_refused_whatever_its_header_says(site: Site) -> None:
    site.token = site.app.state.desk.access.make_token("writer", "write")
    big = b"x" * (300 * 1024)
    assert site.ask("POST", "/api/v1/alerts/1/notes", big, content_type="application/json").status == 413
    chunks = iter([b"x" * 64 * 1024] * 6)
    assert site.ask("POST", "/api/v1/feeds", chunks, content_type="application/json").status in {400, 413}  # type: ignore[arg-type]


def test_every_error_has_the_same_shape_and_an_id(site: Site) -> None:
    site.token = site.app.state.desk.access.make_token("writer", "write")
    wrong = {"/api/v1/alerts/99": 404, "/api/v1/alerts?q=(": 422, "/api/v1/alerts?limit=0": 422, "/api/v1/x": 404}
    for path, status in wrong.items():
        answer = site.get(path, x_request_id="abcdefgh")
        assert answer.status == status
        assert answer.json["error"]["request_id"] == answer.headers["x-request-id"] == "abcdefgh"
