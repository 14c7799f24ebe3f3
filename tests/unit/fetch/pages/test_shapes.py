"""Lines about pictures and signatures in the shapes that French pages give them: none is of the text."""

from __future__ import annotations

import pytest

from monitor.domain.model import PageData
from monitor.fetch.pages import extract_page

TITLE = "À Brumath, un centre de données veut chauffer la piscine"
TEXT = (
    "Le chantier commence en avril, selon la préfecture, et doit durer dix-huit mois au plus dans la commune.",
    "La commune attend trois cents emplois, dont la moitié pour des techniciens formés sur place par le lycée.",
    "Les agriculteurs sont moins convaincus : le dossier prévoit de prélever de l’eau en été dans la nappe.",
)
WHOLE = "\n\n".join(TEXT)


def page(*, above: str = "", below: str = "") -> PageData:
    """A page with markup between its title and its text, and after its text."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in TEXT)
    body = f"<html lang=fr><title>{TITLE}</title><main><article><h1>{TITLE}</h1>{above}{text}{below}</article></main>"
    return extract_page(body.encode(), url="https://gazette.example/centre")


@pytest.mark.parametrize(
    "line",
    [
        "La piscine de Brumath, le 12 février. Photo DNA / Paul Ott",
        "Un centre de données en Alsace. (Photo : DR)",
        "La salle des fêtes (illustration).",
        "La salle des fêtes (photo d’archives)",
        "Image illustrative",
        "Image illustrative : une salle de serveurs, en licence Creative Commons",
        "Photo d’archives",
        "Photo prétexte",
    ],
)
def test_what_says_of_a_picture_that_it_is_one_is_no_text(line: str) -> None:
    assert page(above=f"<p>{line}</p>").text == WHOLE


@pytest.mark.parametrize(
    "line",
    [
        "La photo d’archives montre la salle des fêtes avant les travaux. Elle est au musée de la ville.",
        "« C’est une photo. Photo que personne ne connaît ! » s’amuse le maire.",
    ],
)
def test_a_sentence_about_a_picture_is_text(line: str) -> None:
    assert line in f"{page(above=f'<p>{line}</p>').lead}\n{page(above=f'<p>{line}</p>').text}"


@pytest.mark.parametrize(
    ("line", "authors"),
    [
        ("Entretien réalisé par Lucie Weber et Paul Ott", ("Lucie Weber", "Paul Ott")),
        ("Propos recueillis et traduits par Lucie Weber", ("Lucie Weber",)),
        ("Lucie Weber, envoyée spéciale à Brumath", ("Lucie Weber",)),
        ("Texte : Lucie Weber – Photos : Paul Ott", ("Lucie Weber",)),
        ("Par La rédaction", ("La rédaction",)),
        ("Par notre rédaction", ("notre rédaction",)),
    ],
)
def test_who_signs_above_the_text_is_no_text(line: str, authors: tuple[str, ...]) -> None:
    found = page(above=f"<p>{line}</p>")
    assert (found.authors, found.text) == (authors, WHOLE)


@pytest.mark.parametrize(
    "line",
    ["Lucie Weber", "<em>Lucie Weber (à Strasbourg)</em>", "<b>Lucie Weber, avec AFP</b>", "Lucie Weber, à Strasbourg"],
)
def test_who_signs_below_the_text_is_no_text(line: str) -> None:
    found = page(below=f"<p>{line}</p>")
    assert (found.authors, found.text) == (("Lucie Weber",), WHOLE)


def test_a_sentence_with_the_author_s_name_is_text() -> None:
    said = "Lucie Weber était à la réunion."
    assert page(above="<p>Par Lucie Weber</p>", below=f"<p>{said}</p>").text == f"{WHOLE}\n\n{said}"
