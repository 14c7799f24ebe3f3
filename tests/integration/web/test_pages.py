"""Pages as an analyst uses them, without a browser."""

from __future__ import annotations

import html
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.cli.run import free_port
from monitor.cli.web import _listen
from monitor.errors import ConfigError
from tests.integration.web.conftest import fill
from tests.press import Answer, Press, open_press, rss
from tests.site import Site, serve

HTML = "text/html"


@pytest.fixture
def press() -> Iterator[Press]:
    with open_press() as opened:
        yield opened


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Site]:
    """Open on loopback, and allowed to fetch from it."""
    with serve(tmp_path, VEILLE_ALLOW_PRIVATE_HOSTS="127.0.0.0/8") as running:
        fill(running)
        yield running


def page(site: Site, path: str) -> str:
    answer = site.get(path, accept=HTML)
    assert answer.status == 200
    return answer.text


def test_a_feed_is_looked_at_before_it_is_watched(reading: Site, press: Press) -> None:
    items = [("1", "Un titre du flux", "/1")]
    press.answers["/feed"] = Answer(rss(press.url, items), headers={"content-type": "application/rss+xml"})
    url = f"{press.url}/feed"
    shown = reading.form("/feeds/preview", {"url": url, "csrf": reading.csrf}, accept=HTML).text
    assert "Un titre du flux" in shown
    assert reading.monitor.feeds() == []
    reading.form("/feeds", {"url": url, "name": "T", "csrf": reading.csrf})
    assert "déjà suivi" in reading.form("/feeds/preview", {"url": url, "csrf": reading.csrf}, accept=HTML).text


def test_an_address_without_a_feed_is_said(reading: Site, press: Press) -> None:
    shown = reading.form("/feeds/preview", {"url": f"{press.url}/none", "csrf": reading.csrf}, accept=HTML).text
    assert "Aucun flux à cette adresse." in shown


def test_the_trail_of_an_alert_speaks_the_reader_s_language(open_site: Site) -> None:
    values = {"csrf": open_site.csrf, "status": "dismissed", "reason": "hors sujet"}
    open_site.form("/alerts/1/status", values)
    assert "statut : Écartée, hors sujet" in page(open_site, "/alerts/1")
    open_site.cookies["veille_lang"] = "en"
    assert "status : Dismissed, hors sujet" in page(open_site, "/alerts/1")


def test_a_search_counts_the_alerts_that_answer_and_narrows_down(open_site: Site) -> None:
    shown = page(open_site, "/search?q=exclure")
    assert "Parmi les alertes <small>1</small>" in shown
    assert "/search?q=exclure+topic%3Acloud" in shown


def test_a_search_for_a_topic_there_is_not_says_so(open_site: Site) -> None:
    shown = html.unescape(page(open_site, "/search?q=exclure+topic%3Aclaud"))
    assert "Il n’y a pas de thème « claud ». Vouliez-vous dire « cloud » ?" in shown
    assert "pas de thème" not in page(open_site, "/search?q=baleine+topic%3Acloud")


def test_a_search_can_be_copied_out_as_a_topic_and_as_a_subscription(open_site: Site) -> None:
    shown = html.unescape(page(open_site, "/search?q=exclure+topic%3Acloud+since%3A7d"))
    assert 'requires = "exclure"' in shown
    assert 'query = "exclure topic:cloud"' in shown


def test_a_question_that_cannot_be_read_shows_the_place(open_site: Site) -> None:
    for path in ("/search", "/alerts"):
        shown = page(open_site, f"{path}?q=exclure+AND+(huawei")
        assert "Une parenthèse n’est jamais fermée" in shown
        assert f"exclure AND (huawei\n{' ' * 12}^</pre>" in shown


def test_the_bench_goes_to_each_topic_of_its_dossier(open_site: Site) -> None:
    assert '<option value="cloud">Cloud</option>' in page(open_site, "/dossiers/huawei/bench")


def test_an_article_tells_why_each_topic_fired_or_fell_short(open_site: Site) -> None:
    assert "/articles/1/why" in page(open_site, "/articles/1")
    shown = html.unescape(page(open_site, "/articles/1/why"))
    assert "5g-exclusion" in shown or "Exclusion" in shown
    assert "Ses règles :" in shown
    open_site.cookies["veille_lang"] = "en"
    assert "Its rules:" in page(open_site, "/articles/1/why?dossier=huawei")


def test_a_dossier_that_is_not_in_force_explains_nothing(open_site: Site) -> None:
    assert open_site.get("/articles/1/why?dossier=autre", accept=HTML).status == 404


def test_a_port_that_is_taken_is_passed_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(port) > port
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1, port {port}"):
            _listen("127.0.0.1", port)
