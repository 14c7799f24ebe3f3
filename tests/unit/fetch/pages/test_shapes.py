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


@pytest.mark.parametrize(
    "line",
    [
        "Par Lucie Weber | 02.03.26",
        "Lucie Weber | Le 2 mars 2026 à 8h15",
        "Lucie Weber lucie@gazette.example",
        "2 mars 2026 · 3 min · Lucie Weber",
        "Par Lucie Weber | Modifié le Lundi 2 mars 2026 à 10:02",
        "Par Lucie Weber. Traduit de l’anglais par Paul Ott.",
        "Soumis par Lucie Weber le lun, 02/03/2026 - 08:15",
    ],
)
def test_who_signs_beside_a_day_an_address_or_a_translator_is_no_text(line: str) -> None:
    found = page(above=f"<p>{line}</p>")
    assert (found.authors, found.text) == (("Lucie Weber",), WHOLE)


@pytest.mark.parametrize(
    "line",
    [
        "Le 2 mars 2026 à 08h15, mis à jour le 4 mars 2026 à 9h",
        (
            'Mis à jour <time datetime="2026-03-05T10:00">05.03.26</time>'
            ' Publié <time datetime="2026-03-02T08:15">02.03.26</time>'
        ),
    ],
)
def test_when_it_came_out_and_was_changed_is_no_text(line: str) -> None:
    found = page(above=f"<p>{line}</p>")
    assert found.text == WHOLE
    assert found.published_at is not None
    assert found.published_at.date().isoformat() == "2026-03-02"


def test_a_box_of_prose_just_before_the_text_is_of_it() -> None:
    fact = (
        "La firme Valtor a été condamnée lundi à rembourser deux millions d’euros à la commune de Brumath,"
        " qui lui reproche d’avoir caché ce que boit son centre de données."
    )
    told = page(above=f'<div class="faits">{fact}</div>')
    assert (told.lead, told.text) == (fact, WHOLE)


def test_a_title_with_a_word_about_pictures_is_not_repeated_in_the_text() -> None:
    assert page(above=f"<h2>{TITLE} (photos)</h2>").text == WHOLE


def test_the_clock_of_a_live_page_stands_apart_from_what_happened() -> None:
    events = "".join(f"<li><span>{n}h15</span><div>{paragraph}</div></li>" for n, paragraph in enumerate(TEXT, 8))
    found = page(below=f"<ol>{events}</ol>").text
    assert all(f"{n}h15 {paragraph}" in found for n, paragraph in enumerate(TEXT, 8))


@pytest.mark.parametrize(
    "line",
    [
        "Pour ne rien manquer de l’actualité, suivez La Gazette sur Google Actualités et WhatsApp.",
        "Via : The Verge",
        "Lundi 2 mars à 8h15",
        "L’accès aux articles réservés aux inscrits",
        "Tous nos articles en illimité",
        "Une sélection de newsletters gratuites",
        "La sauvegarde de vos articles sur le site et l’application",
        "Le journal en version numérique le jour de sa parution",
        "Offre 100% numérique",
        "8€/ mois",
        "Toute notre actualité est aussi sur Google : suivez-nous pour ne rien manquer !",
        "📲 Rejoignez la chaîne WhatsApp de La Gazette pour suivre toute l’actualité de votre commune.",
        "Vous avez repéré une erreur dans cet article ? Signalez-la-nous.",
        "Nos derniers articles sur l’eau",
        "Thématiques associées",
        "EN VIDÉO - La piscine de Brumath vue du ciel",
        "<span>Lire aussi</span><span>Les centres de données, gourmands en eau</span>",
        "AFP, publié le lundi 02 mars 2026 à 08h15",
        (
            "Signataires : Anne Roth (Valtor) ; Jean Klein (lycée de Brumath) ; Marc Ott (Chambre d’agriculture) ;"
            " Ève Schmitt (Nappe en danger) ; Luc Zorn, du CNRS ; Ida Haas, hydrologue"
        ),
        "Les signataires :",
        "Nos partenaires",
        "À ne pas manquer : La nappe d’Alsace au plus bas",
        "Vous avez déjà un compte abonné?",
    ],
)
def test_what_a_paper_says_of_itself_is_no_text(line: str) -> None:
    assert page(below=f"<p>{line}</p>").text == WHOLE


@pytest.mark.parametrize(
    "line",
    [
        "Une sélection de newsletters que la rédaction a lues, et ce qu’elle en pense.",
        "Tous nos articles sont fabriqués à Lille, assure le patron de l’usine.",
        "L’accès aux articles de presse est devenu payant en dix ans.",
        "À ne pas manquer : la piscine, les bords de la Zorn, le marché du samedi.",
        "VIDÉO : le mot d’ordre du groupe tient en six lettres, résume la patronne de Valtor.",
        "Cinq communes sont visées : Brumath ; Hœrdt, qui refuse ; Vendenheim ; Mommenheim ; Olwisheim.",
        "Offre 100% électrique, la gamme du constructeur n’a plus de moteur à essence.",
    ],
)
def test_a_sentence_that_begins_like_an_offer_is_text(line: str) -> None:
    assert line in page(below=f"<p>{line}</p>").text


LONG = [f"En {year}. {paragraph}" for year in (2024, 2025, 2026) for paragraph in TEXT]


def around(start: str, end: str) -> PageData:
    """A page without `article` whose title and text stand between `start` and `end`."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in LONG)
    body = f"<html lang=fr><title>{TITLE}</title><body>{start}<h1>{TITLE}</h1>{text}{end}</body></html>"
    return extract_page(body.encode(), url="https://gazette.example/centre")


def test_a_form_around_the_whole_page_is_no_form_to_fill_in() -> None:
    search = "<form><p>Que cherchez-vous aujourd’hui dans toutes les archives de notre journal depuis 1890 ?</p></form>"
    found = around(f'{search}<form id="aspnetForm"><div>', "</div></form>")
    assert found.text == "\n\n".join(LONG)


def test_films_beside_an_article_that_nothing_marks_are_not_of_it() -> None:
    film = (
        "<p>Un détective de province enquête sur la mort d’un banquier, et trouve plus qu’il ne cherchait, hélas.</p>"
    )
    found = around("<div><div>", f"</div><div><h2>Au cinéma</h2>{3 * film}</div></div>")
    assert found.text == "\n\n".join(LONG)


def test_a_day_in_brackets_is_no_text() -> None:
    assert page(above="<p>(02/03/2026)</p>").text == WHOLE


def test_a_name_before_a_weekday_signs() -> None:
    assert page(above="<p>Lucie Weber Lundi 2 mars 2026, 8h15 | mis à jour à 10:02</p>").authors == ("Lucie Weber",)


def test_the_paper_s_name_and_what_it_is_are_no_title_where_a_small_heading_says_the_page_s() -> None:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in LONG)
    body = (
        f"<html lang=fr><title>{TITLE} - gazette.example</title><h1>Le Quotidien, premier site d’information"
        f" d’Alsace</h1><div><h2>{TITLE} <span>article réservé</span></h2>{text}</div></html>"
    )
    assert extract_page(body.encode(), url="https://gazette.example/centre").title == TITLE


def test_a_day_of_change_is_the_day_where_the_page_tells_no_other() -> None:
    beside = '<aside><p>Paru <time datetime="2025-04-03T08:00">le 3 avril 2025</time></p></aside>'
    found = page(above="<p>Mise à jour : samedi 7 mars 2026 08h23</p>", below=beside)
    assert found.published_at is not None
    assert found.published_at.date().isoformat() == "2026-03-07"


def test_a_stub_in_the_page_s_one_article_stands_though_the_teasers_around_weigh_more() -> None:
    teasers = "".join(f"<li><h3><a href=/{at}>Chantier {at}</a></h3><p>{line}</p></li>" for at, line in enumerate(LONG))
    stub = "".join(f"<p>{paragraph}</p>" for paragraph in TEXT)
    body = f"<main><article><h1>{TITLE}</h1>{stub}</article><ul>{teasers * 2}</ul></main>"
    found = extract_page(f"<html lang=fr><title>{TITLE}</title>{body}".encode(), url="https://gazette.example/centre")
    assert found.text == WHOLE
