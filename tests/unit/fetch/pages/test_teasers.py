"""Lists of links, runs of cards and calls to subscribe, in shapes of our own: they lead away and are no text."""

from __future__ import annotations

import pytest
from lxml import html

from monitor.domain.model import Access, PageData
from monitor.fetch.pages import extract_page
from monitor.fetch.pages.teasers import drop_teasers

TITLE = "À Brumath, un centre de données veut chauffer la piscine"
TEXT = tuple(
    f"{start} {end}"
    for start, end in zip(
        (
            "Le chantier commence en avril, selon la préfecture, et doit durer dix-huit mois au plus.",
            "La commune attend trois cents emplois, dont la moitié pour des techniciens formés par le lycée.",
            "Les agriculteurs sont moins convaincus : le dossier prévoit de prélever de l’eau dans la nappe.",
            "Le maire, lui, promet que la chaleur des serveurs fera baisser la facture de la piscine.",
        ),
        (
            "Rien n’est encore signé, rappelle pourtant le sous-préfet de Haguenau.",
            "Une première session est prévue à la rentrée, avec vingt places.",
            "Une réunion publique est annoncée pour le mois de mai à la salle des fêtes.",
            "L’étude qu’il cite a été faite par l’entreprise, qui ne la publie pas.",
        ),
        strict=True,
    )
)
WHOLE = "\n\n".join(TEXT)
SUBJECTS = ("L’eau des serveurs inquiète la plaine", "Dix communes veulent leur centre", "La nappe au plus bas")


def page(*, among: str = "", below: str = "", marked: bool = True) -> PageData:
    """An article with markup before its last paragraph and after it, in an `article` or in nothing that says so."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in TEXT[:-1])
    body = f"<h1>{TITLE}</h1><div class=t>{text}{among}<p>{TEXT[-1]}</p></div>{below}"
    body = f"<article>{body}</article>" if marked else f"<div>{body}</div>"
    whole = f"<html lang=fr><title>{TITLE}</title><body>{body}</body></html>"
    return extract_page(whole.encode(), url="https://gazette.example/centre")


def links(href: str, label: str = "") -> str:
    points = "".join(f"<li>{label}<a href='{href}/{at}'>{said}</a></li>" for at, said in enumerate(SUBJECTS))
    return f"<ul>{points}</ul>"


@pytest.mark.parametrize("above", ["<p>Notre dossier sur l’eau :</p>", "<h3>Tous les épisodes</h3>", ""])
@pytest.mark.parametrize("label", ["", "<b>L’enquête : </b>"])
def test_a_list_of_the_paper_s_own_articles_is_no_text(above: str, label: str) -> None:
    assert page(below=f"<div>{above}{links('/eau', label)}</div>").text == WHOLE
    assert page(below=above + links("https://gazette.example/eau", label), marked=False).text == WHOLE


def test_a_list_of_articles_among_paragraphs_goes_with_the_line_over_it() -> None:
    assert page(among=f"<p>Notre dossier sur l’eau :</p>{links('/eau')}").text == WHOLE


def test_a_list_of_sources_on_other_sites_stays() -> None:
    root = html.fromstring(f"<div><p>Ce que l’on sait :</p>{links('https://rapports.example.org')}</div>")
    drop_teasers(root, "https://gazette.example/centre")
    assert [point.text_content() for point in root.iter("li")] == list(SUBJECTS)


def test_a_list_in_which_links_are_words_of_sentences_is_text() -> None:
    points = "".join(f"<li><a href=/eau>La nappe</a> {paragraph.lower()}</li>" for paragraph in TEXT[:2])
    assert "La nappe le chantier" in page(among=f"<ul>{points}</ul>").text


def test_cards_in_a_row_are_not_of_an_article_that_nothing_marks() -> None:
    cards = "".join(
        f"<div><h3><a href=/film/{at}>{said}</a></h3><p>Un détective de province enquête sur la mort d’un banquier, et"
        " trouve bien plus qu’il ne cherchait dans les papiers du notaire.</p></div>"
        for at, said in enumerate(SUBJECTS)
    )
    assert page(below=f"<div><h2>Au cinéma</h2>{cards}</div>", marked=False).text == WHOLE


CALL = (
    "<div class=x><h3>Une bonne raison de nous lire</h3><p>Tout le monde n’a pas les moyens de payer l’information, et"
    " c’est pourquoi notre journal reste ouvert à tous.</p>{}</div>"
)


@pytest.mark.parametrize(
    "asked",
    [
        "<a href=/abo>S’abonner à La Gazette</a>",
        "<a href=/abo><span>Je m'abonne</span></a>",
        "<button>Installer La Gazette</button>",
        "<a href=/don>Je fais un don</a>",
        "<a href=/abo>Découvrir nos offres</a>",
    ],
)
def test_a_box_that_asks_to_subscribe_to_give_or_to_install_is_no_text(asked: str) -> None:
    assert page(among=CALL.format(asked)).text == WHOLE


def test_a_paragraph_that_links_to_a_subscription_is_text() -> None:
    said = "Le maire invite les habitants à <a href=/abo>s’abonner</a> au bulletin municipal, gratuit depuis janvier."
    assert "invite les habitants à s’abonner au bulletin" in page(among=f"<p>{said}</p>").text


def test_a_wall_within_a_box_still_says_that_the_text_is_not_whole() -> None:
    wall = "<div><p>Cet article est réservé aux abonnés.</p><a href=/abo>S’abonner</a></div>"
    assert page(among=wall).access is Access.PARTIAL


TEASER = "<div class=b><h2><a href=/{0}>{1}</a></h2><p>{2}</p></div>"
TEASERS = [TEASER.format(at, said, paragraph) for at, (said, paragraph) in enumerate(zip(SUBJECTS, TEXT, strict=False))]


@pytest.mark.parametrize("head", ["<h3>À LIRE AUSSI</h3>", "<a name=x></a><h3>Ailleurs sur le web</h3>"])
def test_a_box_that_says_to_read_other_articles_goes_whole(head: str) -> None:
    boxes = "".join(f"<div class=c>{teaser}</div>" for teaser in TEASERS)
    text = "".join(f"<p>{paragraph} Ce que d’autres contestent, et depuis longtemps.</p>" for paragraph in TEXT)
    whole = f"<h1>{TITLE}</h1><article>{text}<div><div>{head}</div><div>{boxes}</div></div></article>"
    found = extract_page(f"<html lang=fr><title>{TITLE}</title>{whole}".encode(), url="https://gazette.example/c").text
    assert found.endswith(f"{TEXT[-1]} Ce que d’autres contestent, et depuis longtemps.")


def short(text: str, around: str) -> str:
    body = f"<div><h1>{TITLE}</h1><span>17/03/2026</span></div><div><div><div>{text}</div>{around}</div></div>"
    whole = f"<html lang=fr><title>{TITLE}</title><body>{body}</body></html>"
    return extract_page(whole.encode(), url="https://gazette.example/centre").text


def test_a_text_of_a_few_sentences_that_nothing_marks_stands_without_the_teasers_around() -> None:
    around = "".join(f"<div>{teaser}</div><p>Suivez-nous !</p>" for teaser in TEASERS)
    assert short("".join(f"<p>{paragraph}</p>" for paragraph in TEXT), around) == WHOLE


def test_paragraphs_in_boxes_of_their_own_are_of_a_short_text_too() -> None:
    parts = [f"<p>{paragraph}</p>" for paragraph in TEXT]
    assert short(f"<div>{parts[0]}{parts[1]}</div><div>{parts[2]}</div>", f"<div>{parts[3]}</div>") == WHOLE


def test_messages_that_are_most_of_what_a_page_tells_are_text() -> None:
    quotes = [f"<blockquote class=twitter-tweet><p>{said}</p>— Lucie (@lucie)</blockquote>" for said in TEXT[:2]]
    text = "<p>La maire a répondu sans attendre.</p>".join([f"<p>{TEXT[2]}</p>", *quotes, f"<p>{TEXT[3]}</p>"])
    whole = f"<html lang=fr><title>{TITLE}</title><article><h1>{TITLE}</h1>{text}</article>"
    found = extract_page(whole.encode(), url="https://gazette.example/centre")
    assert all(said in f"{found.lead}\n{found.text}" for said in TEXT)
