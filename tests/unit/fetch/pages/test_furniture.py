"""Boxes and lines that French pages set among a text: teasers under a label, calls, pointers, the law's words."""

from __future__ import annotations

import pytest

from monitor.domain.model import PageData
from monitor.fetch.pages import extract_page
from tests.unit.fetch.pages.gazette import TEXT, TITLE

WHOLE = "\n\n".join(TEXT)
CALL = (
    "<div class=support><div><p>CET ARTICLE EST GRATUIT</p><p>La Gazette vit de ses lecteurs, et d’eux seuls, depuis "
    "sa fondation à Brumath.</p></div><div><p><a href=/don>Je fais un don défiscalisé</a></p></div></div>"
)


def page(*, above: str = "", among: str = "", below: str = "", boxed: bool = False) -> PageData:
    """A page with markup before its text, before its last paragraph, and after it."""
    texts = [f"<p>{text}</p>" for text in TEXT]
    own = "".join((*texts[:4], among, *texts[4:]))
    own = f"<div class=content>{own}</div>" if boxed else own
    body = f"<html lang=fr><title>{TITLE}</title><main><article><h1>{TITLE}</h1>{above}{own}{below}</article></main>"
    return extract_page(body.encode(), url="https://gazette.example/centre")


@pytest.mark.parametrize("label", ["À lire aussi", "Sur le même sujet", "A lire aussi :", "Pour aller plus loin"])
@pytest.mark.parametrize("tag", ["div", "span", "h3"])
def test_a_title_and_what_it_leads_to_go_with_the_label_over_them(tag: str, label: str) -> None:
    teaser = (
        f"<div class=ext><{tag}>{label}</{tag}><div><a href=/b>À Mutzig, la piscine ferme faute de chauffage</a></div>"
        "<p>Les nageurs vont à celle de la ville voisine, et les écoles attendent la réparation depuis mars.</p></div>"
    )
    assert page(among=teaser).text == WHOLE


def test_a_box_of_more_text_than_titles_is_of_the_article() -> None:
    said = "La nappe a baissé de deux mètres en dix ans, selon le relevé du syndicat des eaux de la vallée."
    more = "Le syndicat tient ses relevés depuis la guerre, et il les publie chaque printemps sur son site."
    box = f"<div><span>Pour aller plus loin</span><p>{said} <a href=/c>Le relevé du syndicat</a></p><p>{more}</p></div>"
    assert said in page(among=box).text


def test_a_call_for_gifts_below_the_box_of_the_text_is_no_text() -> None:
    assert page(below=CALL, boxed=True).text == WHOLE


def test_a_last_box_of_paragraphs_that_links_to_a_gift_is_text() -> None:
    last = "".join(f"<p>{text.replace('Le', 'Puis le').replace('La', 'Puis la')}</p>" for text in TEXT[:4])
    below = f"<div class=content>{last}<p><a href=/don>Faire un don</a></p></div>"
    assert "Puis la commune attend" in page(below=below, boxed=True).text


@pytest.mark.parametrize(
    "line",
    [
        '&gt;&gt; <a href="/d">« Je nage depuis mes cinq ans », une championne de Mutzig raconte</a>',
        "&gt;&gt; Revoir le sujet du 12 h 45 sur la piscine de Mutzig",
        "→ ENTRETIEN. « La nappe ne suffira pas »",
        "&gt; Consultez le site du lycée",
        "🟣 Pour ne manquer aucune nouvelle de Brumath, abonnez-vous sur Google Actualités.",
        "Vous voulez tout savoir des piscines et de leurs chaufferies ? Abonnez-vous vite à notre newsletter !",
        "La version originale de cet article a été publiée sur La Conversation.",
        "Article initialement publié sur Gazette US",
        "Découvrez notre nouvelle chronique en vidéo, Le Bassin :",
    ],
)
def test_a_line_that_points_elsewhere_is_no_text(line: str) -> None:
    assert page(among=f"<p>{line}</p>").text == WHOLE


def test_what_the_law_has_a_form_say_is_no_text() -> None:
    law = (
        "La Gazette de Brumath, en tant que responsable de traitement, recueille dans ce formulaire des informations "
        "qui sont enregistrées dans un fichier informatisé par le service des abonnements, afin de gérer votre "
        "abonnement et de vous adresser des offres. Vous disposez d’un droit d’accès, de rectification et "
        "d’effacement des données vous concernant, que vous exercez par courrier."
    )
    assert page(among=f"<p>{law}</p>").text == WHOLE


def test_a_paragraph_about_a_controller_of_data_is_text() -> None:
    said = (
        "La société est responsable du traitement des eaux, un marché de huit ans que la commune a passé en mars avec "
        "Valtor. Le maire assure que ses agents n’auront pas à s’en occuper, et que le contrat prévoit des pénalités "
        "pour chaque jour où l’eau du bassin dépasse les normes que fixe l’agence de santé de la région depuis 2019."
    )
    assert said in page(among=f"<p>{said}</p>").text


@pytest.mark.parametrize("mark", ["caption", "legend", "image__caption", "credits", "legende"])
def test_a_picture_s_words_are_known_by_their_mark(mark: str) -> None:
    picture = f"<div><img src=a.jpg><p class={mark}>La piscine de Brumath sous la neige, le matin du marché</p></div>"
    assert page(among=picture).text == WHOLE


def test_a_lead_that_is_the_text_s_beginning_cut_off_is_none() -> None:
    found = page(above=f"<div class=intro>{TEXT[0][:80]}...</div>")
    assert (found.lead, found.text) == ("", WHOLE)


@pytest.mark.parametrize("card", ["<div>{}</div>", "<div class=content><div>{}</div></div>"])
def test_cards_with_a_day_over_their_titles_are_no_text(card: str) -> None:
    titles = ("La piscine de Mutzig ferme faute de chauffage", "Le lycée ouvre une section", "Valtor change de chef")
    cards = "".join(
        card.format(f"<span>{day} mars 2026</span><h3><a href=/{day}>{title}</a></h3><div>{TEXT[day]} Bis.</div>")
        for day, title in enumerate(titles, 1)
    )
    assert page(below=f"<section><h2>Nos archives</h2>{cards}</section>").text == WHOLE
