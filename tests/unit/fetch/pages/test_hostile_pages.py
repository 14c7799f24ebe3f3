"""Pages made to exhaust or mislead the reader: each ends soon, as a page or a `ContentError`."""

import time
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.errors import ContentError
from monitor.fetch import trimming
from monitor.fetch.pages import extract_page
from monitor.fetch.pages.markup import MAX_TAG, cut_long_tags, cut_long_tags_in_python

PROSE = """<p>Le chantier commence en avril, selon la préfecture, et doit durer dix-huit mois au plus.</p>
<p>La commune attend trois cents emplois, dont la moitié pour des techniciens formés sur place.</p>
<p>Les maraîchers craignent pour la nappe, déjà basse depuis trois étés, et demandent une étude.</p>"""
LINKED = '<script type="application/ld+json">{{"@type":"NewsArticle","headline":"x",{}}}</script>'
URL = "https://gazette.example/a"

BOMBS: dict[str, Callable[[], str]] = {
    "forty-thousand-attributes": lambda: "<p " + " ".join(f'a{n}="x"' for n in range(40_000)) + ">" + PROSE,
    "attributes-that-hold-brackets": lambda: "<p " + " ".join(f'a{n}="<>"' for n in range(40_000)) + ">" + PROSE,
    "tag-never-closed": lambda: PROSE + "<p " + "a " * 200_000,
    "quote-never-closed": lambda: PROSE + "<p title='" + "x" * 500_000,
    "divs-a-hundred-thousand-deep": lambda: "<div>" * 100_000 + PROSE,
    "bold-a-hundred-thousand-deep": lambda: "<b>" * 100_000 + PROSE,
    "tables-in-tables": lambda: "<table><tr><td>" * 20_000 + PROSE,
    "brackets-only": lambda: "<" * 140_000,
    "comments-never-closed": lambda: PROSE + "<!--" * 20_000,
    "references": lambda: PROSE + "&#x1F600;" * 200_000,
    "huge-json-ld": lambda: LINKED.format('"author":"' + "A, " * 100_000 + '"') + PROSE,
    "deep-json-ld": lambda: LINKED.format('"author":' + "[" * 90_000) + PROSE,
    "author-made-of-commas": lambda: LINKED.format('"author":"' + "a, et " * 20_000 + '"') + PROSE,
    "one-line-of-spaces": lambda: "<p>" + " " * 1_000_000 + "x</p>" + PROSE,
    "ten-thousand-headings-over-teasers": lambda: (
        PROSE * 2 + "<h2>À lire aussi</h2><p><a href=/>x</a></p>" * 10_000 + "<h3>L’auteur</h3>" * 10_000
    ),
    "names-of-hyphens": lambda: "<p>Par " + "A-" * 90 + "</p><p>" + "A-" * 38 + "!</p>" + PROSE,
    "par-par-par": lambda: "<p>" + "par " * 50 + "</p>" + PROSE,
    "everybody-signs": lambda: "<p>Mot.</p><a rel=author>Lucie Weber</a></div>".join(["<div>"] * 8_000) + PROSE,
    "authors-in-authors": lambda: '<div class="author fn">' * 200 + "mot " * 30_000 + "</div>" * 200 + PROSE,
    "lists-of-links-in-lists": lambda: (
        PROSE + "<ul><li><a href=/a>Un titre assez long pour un article</a>" * 3_000 + "</ul>" * 3_000
    ),
    "ten-thousand-lists-of-links": lambda: (
        PROSE
        + "<h3>Dossier</h3><ul><li><a href=/a>Un titre assez long</a><li><a href=/b>Et un autre, long</a></ul>" * 5_000
    ),
    "twenty-thousand-points": lambda: PROSE + "<ul><li>Une chose à dire ici</ul>" * 20_000,
    "ten-thousand-calls-to-subscribe": lambda: PROSE + "<div><a href=/abo>S’abonner</a>" * 10_000,
    "cards-in-cards": lambda: PROSE + "<div><h3><a href=/a>Un titre</a></h3>" * 10_000,
    "titles-in-menus": lambda: "<nav><h1>Un titre</h1>" * 4_000 + PROSE * 300,
    "four-thousand-headings-over-notes": lambda: PROSE + "<h2>Notes</h2><p>[1] Valtor, 2019.</p>" * 4_000,
    "four-thousand-cards": lambda: (
        PROSE
        + "".join(
            f"<p><a href=/{n}>Un titre assez long pour un article</a></p>"
            f"<p class=k{n // 3}>Une chose à dire de cet article, et elle est longue assez pour en être une.</p>"
            for n in range(4_000)
        )
    ),
    "linked-text-beside-boxes": lambda: (
        PROSE + "<a href=#a>Un titre assez long pour être un titre</a><div></div>" * 8_000
    ),
    "eight-thousand-quotes": lambda: "".join(
        f"<p>Il reste une chose à dire ici, au point {n}, selon la mairie.</p>"
        f"<p>Au conseil : il reste une chose à dire ici, au point {n}, selon la mairie. Et voilà.</p>"
        for n in range(4_000)
    ),
    "twenty-thousand-paragraphs": lambda: "<p>Il reste une chose à dire ici.</p>" * 20_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_within_seconds(name: str) -> None:
    page = f"<html><body><h1>Un titre de page</h1>{BOMBS[name]()}</body></html>".encode()
    start = time.process_time()
    extract_page(page, url=URL)
    assert time.process_time() - start < 5  # the child process's own limit


def test_a_page_of_millions_of_tags_is_refused() -> None:
    with pytest.raises(ContentError) as caught:
        extract_page(b"<p>" * 200_000, url=URL)
    assert caught.value.kind == "too-large"


def test_the_text_around_an_overlong_tag_stays() -> None:
    page = f'<p>avant</p><p {"a=1 " * 8_000}>dedans</p><p title="<b>">après</p>'
    assert cut_long_tags(page.encode()).decode() == '<p>avant</p><p>dedans</p><p title="<b>">après</p>'


LONG = "x" * (MAX_TAG // 2)
PIECES = ["<", ">", "</", "/", '"', "'", "<p", "<p ", "<a b='", "</div>", "<script>", "</script>", "<SCRIPT "]
PIECES += [
    "<style>",
    "</style",
    "</x",
    "<!--",
    LONG,
    LONG[:-2],
    "x" * MAX_TAG,
    "<" * 30,
    "<" + "a" * 45,
    "é",
    " = ",
    "\n",
]


@settings(max_examples=600)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join).map(str.encode))
@example(f"<p {LONG}{LONG}>".encode())
@example(f"<script>{LONG}{LONG}<p '</script><p {LONG}>".encode())
@example(f"</p><p {LONG}{LONG[8:]}></p>".encode())
def test_whether_a_tag_is_long_is_told_as_by_cutting_it(page: bytes) -> None:
    assert cut_long_tags(page) == cut_long_tags_in_python(page)
    if trimming.COMPILED:
        assert trimming.has_long_tag(page, MAX_TAG) == (cut_long_tags_in_python(page) != page)


def test_controls_and_overrides_never_reach_the_values() -> None:
    page = f"<h1>Un \x00titre\x07 \u202ede page\r\nBcc: x</h1><article>{PROSE}&#0;&#xD800;&#8238;fin</article>"
    read = extract_page(page.encode("utf-8", "surrogatepass"), url=URL)
    assert read.title == "Un titre de page Bcc: x"
    assert not set(read.title + read.text) & set("\x00\x07\u202e\ud800\r")


def test_anothers_canonical_address_is_not_believed() -> None:
    page = f'<link rel="canonical" href="https://autre.example.org/b"><h1>Un titre de page</h1>{PROSE}'
    assert extract_page(page.encode(), url=URL).canonical_url is None


def test_a_canonical_front_page_is_not_believed() -> None:
    page = f'<link rel="canonical" href="https://gazette.example/"><h1>Un titre de page</h1>{PROSE}'
    assert extract_page(page.encode(), url=URL).canonical_url is None


def test_a_known_text_of_another_article_does_not_replace_what_is_read() -> None:
    data = LINKED.format('"articleBody":"<p>x"')
    assert "La commune attend" in extract_page(f"{data}<h1>Un titre</h1>{PROSE}".encode(), url=URL).text


def test_a_tag_that_no_library_would_make_costs_no_text() -> None:
    page = f'<h1>Un titre de page</h1><article>{PROSE}<blockquote>Une <b"x">citation</blockquote></article>'
    assert "La commune attend" in extract_page(page.encode(), url=URL).text
