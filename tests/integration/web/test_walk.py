"""A walk over every route: who gets in, who may change what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import inspect, text

from monitor.web import callbacks, operations, outgoing
from monitor.web.gate import OPEN
from monitor.web.pages import articles, dossiers, entrance, inbox, running, search
from tests.site import Site

PAGES = (entrance, inbox, articles, dossiers, operations, outgoing, callbacks, running, search)
VALUES = {"alert": "1", "article": "1", "story": "1", "slug": "huawei", "delivery": "1", "saved": "1", "name": "x"}


def routes(router: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """(method, path) of every route, whatever it is mounted in."""
    for route in router.routes:
        path = prefix + getattr(route, "path", "")
        if getattr(route, "routes", None) is not None and not getattr(route, "methods", None):
            yield from routes(route, prefix + getattr(route, "prefix", getattr(route, "path", "")))
            continue
        for method in sorted((getattr(route, "methods", None) or set()) - {"HEAD"}):
            yield method, path


def all_routes(site: Site) -> list[tuple[str, str]]:
    found = {(method.upper(), path) for path, methods in site.app.openapi()["paths"].items() for method in methods}
    pages = set()
    for module in PAGES:
        pages |= set(routes(module.router))
    return sorted(found | pages)


def filled(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: VALUES.get(found[1], "1"), path)


def contents(site: Site) -> dict[str, Any]:
    """Every row of every table."""
    names = inspect(site.monitor.store.engine).get_table_names()
    with site.monitor.store.read() as session:
        return {
            name: session.execute(text(f"SELECT * FROM {name}")).all()
            for name in names
            if not name.startswith("article_words")
        }


def test_the_walk_leaves_no_route_out(site: Site) -> None:
    found = {path for _, path in all_routes(site)}
    assert len(found) > 40
    assert set(OPEN) <= found


def test_without_a_token_every_route_refuses_save_those_on_the_list(site: Site) -> None:
    let_in = []
    for method, path in all_routes(site):
        if path in OPEN:
            continue
        status = site.ask(method, filled(path)).status
        if status != 401:
            let_in.append((method, path, status))
    assert let_in == []


def test_a_feed_s_token_and_a_revoked_one_open_nothing_else(site: Site) -> None:
    site.token = site.app.state.desk.access.make_feed_token("f", "alerts", "")
    assert site.get("/api/v1/alerts").status == 401
    site.token = site.app.state.desk.access.make_token("t", "read")
    assert site.get("/api/v1/alerts").status == 200
    site.app.state.desk.access.revoke_token(2)
    assert site.get("/api/v1/alerts").status == 401


def test_a_read_token_changes_nothing(site: Site) -> None:
    site.token = site.app.state.desk.access.make_token("reader", "read")
    before = contents(site)
    passed = []
    for method, path in all_routes(site):
        if method == "GET" or path in OPEN:
            continue
        answers = (site.ask(method, filled(path)), site.form(filled(path), {"status": "confirmed", "q": "x"}))
        passed += [(method, path, answer.status) for answer in answers if answer.status not in {403, 405}]
    assert passed == []
    assert contents(site) == before


def test_get_never_changes_anything(site: Site) -> None:
    site.sign_in()
    before = contents(site)
    for method, path in all_routes(site):
        if method == "GET" and "stream" not in path:
            site.get(filled(path) + "?q=huawei&next=/feeds", accept="text/html")
    assert contents(site) == before


@pytest.mark.parametrize("path", ["/alerts/follow-up", "/alerts/1/status", "/feeds", "/sign-out"])
def test_a_change_without_the_form_s_token_is_refused(site: Site, path: str) -> None:
    site.sign_in()
    before = contents(site)
    for values in ({"status": "confirmed"}, {"status": "confirmed", "csrf": "x" * 43}):
        assert site.form(path, values).status == 403
    assert contents(site) == before


def test_a_form_that_another_site_sends_is_refused(site: Site) -> None:
    site.sign_in()
    values = {"status": "confirmed", "csrf": site.csrf}
    assert site.form("/alerts/1/status", values, sec_fetch_site="cross-site").status == 403
    assert site.form("/alerts/1/status", values, sec_fetch_site="same-origin").status == 303
