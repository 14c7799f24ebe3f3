"""A text that stands in several boxes is read whole; what is marked otherwise than its paragraphs stays out."""

from __future__ import annotations

import pytest

from monitor.fetch.pages import extract_page
from tests.unit.fetch.pages.gazette import TEXT, TITLE

LINKS = (
    'Le dossier, <a href="/a">présenté en mars par la firme Valtor et la région</a>, prévoit aussi '
    "un réseau de chaleur pour le lycée."
)


def text_of(inside: str) -> str:
    body = f"<html lang=fr><title>{TITLE}</title><main><article><h1>{TITLE}</h1>{inside}</article></main>"
    page = extract_page(body.encode(), url="https://gazette.example/centre")
    return f"{page.lead}\n\n{page.text}".strip()


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def test_paragraphs_before_the_box_that_holds_the_others_are_read() -> None:
    more = [text.replace(" ", " ici ", 3) for text in TEXT]
    rest = f'<div class="locked"><div class="post-body">{paragraphs(*TEXT[2:], *more)}</div></div>'
    found = text_of(f'<div class="post__content">{paragraphs(*TEXT[:2])}{rest}</div>')
    assert found == "\n\n".join((*TEXT, *more))


def test_a_text_in_several_boxes_of_a_kind_is_read_to_its_end() -> None:
    aside = '<div class="pub"><div class="label">Valtor recrute à Brumath, sans diplôme</div></div>'
    ended = (*TEXT[:4], LINKS, TEXT[4])
    boxes = f'<div class="entry-content">{paragraphs(*TEXT[:4])}</div>{aside}'
    found = text_of(boxes + f'<div class="entry-content">{paragraphs(*ended[4:])}</div>')
    assert found.startswith("\n\n".join(TEXT[:4]))
    assert found.endswith(TEXT[4])
    assert "un réseau de chaleur" in found


def test_an_intertitle_in_a_row_of_its_own_is_read() -> None:
    row = '<div class="row"><div class="cell">{}</div></div>'
    rows = [paragraphs(*TEXT[:2]), "<h2>Une nappe très demandée</h2>", paragraphs(*TEXT[2:])]
    assert "\n\nUne nappe très demandée\n\n" in text_of("".join(map(row.format, rows)))


def test_a_paragraph_marked_otherwise_is_not_taken_from_below_the_text() -> None:
    teaser = (
        '<div class="teaser"><p class="blurb">Une piscine de Mutzig ferme faute de chauffage, et les nageurs '
        "vont à celle de la ville voisine.</p></div>"
    )
    own = f'<div class="entry-content">{paragraphs(*TEXT)}</div>'
    assert text_of(own + teaser) == "\n\n".join(TEXT)


@pytest.mark.parametrize("line", ["Enquête de la Commission européenne", "Reportage des chaînes du groupe Valtor"])
def test_an_intertitle_of_an_inquiry_signs_nothing(line: str) -> None:
    assert line in text_of(paragraphs(TEXT[0]) + f"<h2>{line}</h2>" + paragraphs(*TEXT[1:]))
