"""What the press of the demo shows, without a server."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest

from monitor.demo.edition import Edition, inline, make_edition
from monitor.demo.library import ARCHIVE, LATER, Library, load_library, parse_article
from monitor.domain.topics import load_dossier
from monitor.errors import ConfigError

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CORRECTED = "demontage-antennes-iberia"
DOSSIER = Path(__file__).parents[3] / "config" / "dossiers" / "huawei-europe.toml"


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


@pytest.fixture(scope="module")
def origins(library: Library) -> dict[str, str]:
    return {outlet.slug: f"http://127.0.0.{n}:80" for n, outlet in enumerate(library.outlets, 2)}


@pytest.fixture(scope="module")
def before(library: Library, origins: dict[str, str]) -> Edition:
    return make_edition(library, origins, opened_at=NOON)


@pytest.fixture(scope="module")
def after(library: Library, origins: dict[str, str]) -> Edition:
    return make_edition(library, origins, opened_at=NOON, later_at=NOON + timedelta(minutes=1), stage=LATER)


def test_a_dozen_outlets_and_some_forty_articles(library: Library) -> None:
    assert len(library.outlets) == 12
    assert len(library.articles) >= 40


def test_every_topic_of_the_dossier_appears(library: Library) -> None:
    written = {topic for article in library.articles for topic in article.topics}
    assert written == {topic.slug for topic in load_dossier(DOSSIER).topics}


def test_relevant_articles_and_only_they_have_topics(library: Library) -> None:
    assert all(article.relevant == bool(article.topics) for article in library.articles)


def test_one_text_stands_in_three_outlets(library: Library) -> None:
    texts = [article.blocks[-6:] for article in library.articles if "APH" in article.agency]
    assert len(texts) == 3
    assert len(set(texts)) == 1


def test_every_feed_parses_without_complaint(library: Library, before: Edition) -> None:
    for outlet in library.outlets:
        resource = before.find(outlet.slug, outlet.feed_path)
        assert resource is not None
        assert not feedparser.parse(io.BytesIO(resource.body)).bozo, outlet.slug


def test_the_three_kinds_of_feed_are_there(library: Library) -> None:
    assert {outlet.feed for outlet in library.outlets} == {"rss", "rss-full", "atom"}


def test_pages_come_in_five_shapes_with_what_surrounds_an_article(library: Library, before: Edition) -> None:
    assert len({outlet.theme for outlet in library.outlets}) == 5
    page = before.find("octet-quotidien", "/2026/11/harmonyos-debarque/")
    assert page is not None
    assert b"Articles similaires" in page.body
    assert b"cookies" in page.body


def test_a_paywalled_page_says_so_and_keeps_the_rest_back(before: Edition) -> None:
    issue = next(issue for issue in before.issues if issue.article.free_blocks)
    page = before.find(issue.outlet.slug, issue.path)
    assert page is not None
    assert b'"isAccessibleForFree": false' in page.body
    assert issue.article.blocks[-1].text.encode() not in page.body


def test_the_wave_brings_two_articles_and_a_correction_at_the_same_address(before: Edition, after: Edition) -> None:
    assert len({issue.url for issue in after.issues} - {issue.url for issue in before.issues}) == 2
    old, new = (_issue(edition, CORRECTED) for edition in (before, after))
    assert (old.url, old.published_at) == (new.url, new.published_at)
    assert new.modified_at > old.modified_at


def test_the_archive_is_what_came_out_before_today(library: Library) -> None:
    assert {article.hours_ago >= 24 for article in library.published(ARCHIVE)} == {True}


def test_the_wave_changes_only_the_feeds_it_concerns(library: Library, before: Edition, after: Edition) -> None:
    changed = {
        o.slug for o in library.outlets if _etag(before, o.slug, o.feed_path) != _etag(after, o.slug, o.feed_path)
    }
    assert changed == {"fibre-et-onde", "bruxelles-bit-a-bit", "octet-quotidien"}


def test_the_same_moment_gives_the_same_bytes(library: Library, origins: dict[str, str], before: Edition) -> None:
    assert make_edition(library, origins, opened_at=NOON).resources == before.resources


def test_a_correction_and_its_subject_have_one_key(library: Library) -> None:
    assert len({article.key for article in library.articles}) == len(library.articles) - 1


def test_every_page_says_that_it_is_invented(before: Edition) -> None:
    pages = [before.resources[issue.outlet.slug, issue.path] for issue in before.issues if not issue.article.shell]
    assert all(re.search("inventés pour la démonstration".encode(), page.body) for page in pages)


def test_text_of_a_block_is_escaped_and_its_links_are_made() -> None:
    assert inline("a < b, [ici](https://x.invalid/?a=1&b=2)") == (
        'a &lt; b, <a href="https://x.invalid/?a=1&amp;b=2">ici</a>'
    )


def test_a_file_without_a_head_is_named(tmp_path: Path) -> None:
    file = tmp_path / "sans-tete.md"
    file.write_text("Un texte.")
    with pytest.raises(ConfigError, match=r"octet/sans-tete\.md"):
        parse_article(file, "octet", {})


def _issue(edition: Edition, slug: str):
    return next(issue for issue in edition.issues if issue.article.key[1] == slug)


def _etag(edition: Edition, outlet: str, path: str) -> str:
    resource = edition.find(outlet, path)
    assert resource is not None
    return resource.etag
