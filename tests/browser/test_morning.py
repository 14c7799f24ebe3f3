"""An analyst's morning in a real Chromium, at desktop and phone width."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.storage.tables import Article, Match
from tests.newsroom import Newsroom
from tests.site import PASSWORD, Site, serve

pytest.importorskip("playwright")
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: the browser tests are left out"),
]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Path(__file__).parent.parent / "data" / "axe" / "axe.min.js"
SIZES = {"desktop": {"width": 1360, "height": 900}, "phone": {"width": 390, "height": 844}}
PAGES = (
    "/alerts",
    "/alerts/1",
    "/articles/1",
    "/articles/1/why",
    "/search",
    "/search?q=exclure",
    "/search?q=exclure+AND+(",
    "/feeds",
    "/deliveries",
    "/dossiers/huawei",
    "/dossiers/huawei/bench",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serve(tmp_path_factory.mktemp("site"), VEILLE_WEB_PASSWORD=PASSWORD) as running:
        room = Newsroom(running.monitor.store)
        for number in range(6):
            article = room.article(
                f"La Suède exclut Huawei de la 5G ({number})",
                "Les opérateurs suédois écartent l’équipementier Huawei.\n\nLe nuage attend.",
                source="Les Échos" if number % 2 else "Le Courrier",
                matches={"5g-exclusion": 0.8, "cloud": 0.6} if number % 2 else {"5g-exclusion": 0.9},
            )
            room.alert(article)
        _mark_words(running)
        running.monitor.add_feed("https://press.example/feed.xml", "Le Courrier")
        yield running


def _mark_words(site: Site) -> None:
    """Evidence in the body, as matching gives it: the sentence, then words."""
    with site.monitor.store.write() as session:
        for match in session.query(Match).all():
            body = session.get_one(Article, match.article_id).text
            end, start = body.index("\n\n"), body.index("écartent")
            match.evidence = [
                {"field": "body", "start": 0, "end": end, "text": body[:end]},
                {"field": "body", "start": start, "end": start + 8, "text": "écartent"},
            ]
            match.arithmetic = [{"label": "écarter", "value": 1.0, "count": 1, "spans": []}]


@pytest.fixture(params=list(SIZES))
def page(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Page]:
    """A signed-in page; an error in the console, or of a script, fails the test."""
    site.app.state.desk.limits._buckets.clear()
    context = browser.new_context(viewport=SIZES[request.param], locale="fr-FR")  # type: ignore[arg-type]
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{site.url}/sign-in")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_label("Votre nom").fill("Ada")
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_url("**/alerts")
    yield page
    context.close()
    assert said == []


def test_a_morning(page: Page, site: Site, request: pytest.FixtureRequest) -> None:
    _filter_and_read(page)
    _decide(page)
    _search(page, site)
    _try_a_rule(page, site)
    assert page.get_by_role("alert").is_visible()  # of the rule with a mistake


def _filter_and_read(page: Page) -> None:
    rail = page.locator("details.rail")
    if rail.get_attribute("open") is None:
        rail.locator("summary").click()
    page.get_by_label("Thème").select_option("cloud")
    page.get_by_role("button", name="Filtrer").click()
    assert "topic=cloud" in page.url
    assert page.locator(".card mark").first.inner_text() == "écartent"
    page.locator(".card h2 a").first.click()
    page.locator("main ul.list a").first.click()
    assert page.locator("article.text mark").first.is_visible()


def _decide(page: Page) -> None:
    page.goto(page.url.split("/articles")[0] + "/alerts")
    first, second = page.locator(".card").nth(0), page.locator(".card").nth(1)
    first.get_by_role("button", name="Confirmer").click()
    page.locator(".card.settled .status-confirmed").wait_for()
    second.locator("summary").click()
    second.get_by_label("Motif").fill("hors sujet")
    second.locator("details button").click()
    page.get_by_text("Écartée : hors sujet").wait_for()
    page.reload()
    assert page.get_by_text("hors sujet").count() == 0


def _search(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/search")
    page.get_by_role("searchbox").or_(page.locator("#q")).first.fill("exclure AND opérateur")
    page.keyboard.press("Enter")
    page.locator(".hit").first.wait_for()
    assert "exclut" in page.locator(".hit mark").all_inner_texts()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert "La Suède exclut Huawei" in download.value.path().read_text(encoding="utf-8")


def _try_a_rule(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/dossiers/huawei/bench")
    rules = page.get_by_label("Règles du dossier (TOML)")
    before = 'title = "Cloud"\nrequires = "huawei"'
    rules.fill(rules.input_value().replace(before, before.replace("huawei", "satellite")))
    page.get_by_role("button", name="Essayer").click()
    page.get_by_role("heading", name="Perdus").wait_for()
    rules.fill("slug = 3")
    page.get_by_role("button", name="Essayer").click()
    page.get_by_role("alert").wait_for()


def test_the_keyboard_does_it_all(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/alerts?status=all")
    page.keyboard.press("j")
    page.keyboard.press("j")
    chosen = page.locator(".card.here").get_attribute("data-id")
    page.keyboard.press("k")
    assert page.locator(".card.here").get_attribute("data-id") != chosen
    page.keyboard.press("v")
    page.locator(".card.settled .status-to-verify").wait_for()
    page.keyboard.press("o")
    page.wait_for_url("**/alerts/*")


def test_no_page_has_a_barrier_or_runs_off_the_screen(page: Page, site: Site) -> None:
    found = {}
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        for path in PAGES:
            page.goto(site.url + path)
            page.evaluate(AXE.read_text(encoding="utf-8"))
            result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            names = [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in result["violations"]]
            wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
            if names or wide:
                found[theme, path] = [*names, *(["wider than the screen"] if wide else [])]
    assert found == {}


def test_reading_needs_no_script(browser: Browser, site: Site) -> None:
    site.app.state.desk.limits._buckets.clear()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}/sign-in")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button").click()
    for path in PAGES:
        assert page.goto(site.url + path).status == 200  # type: ignore[union-attr]
    page.goto(f"{site.url}/alerts?status=all")
    page.locator(".card").nth(3).locator("button[value='follow-up']").click()
    assert page.url.endswith("/alerts?status=all")
    assert page.locator(".status-follow-up").count() == 1
    context.close()


def test_a_new_alert_shows_without_reloading(browser: Browser, site: Site) -> None:
    site.app.state.desk.limits._buckets.clear()
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site.url}/sign-in")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button").click()
    page.wait_for_url("**/alerts")
    room = Newsroom(site.monitor.store, slug=f"late-{id(page)}")
    room.alert(room.article("Arrivée à l’instant", matches={"cloud": 0.9}))
    page.locator("#fresh a").wait_for(timeout=15_000)
    assert page.locator("#fresh").is_visible()
    context.close()
