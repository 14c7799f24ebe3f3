"""Cards whose titles are no headings, notes, and menus that were not closed, in shapes of our own."""

from __future__ import annotations

import pytest

from monitor.domain.model import PageData
from monitor.fetch.pages import extract_page
from tests.unit.fetch.pages.gazette import TEXT, TITLE

WHOLE = "\n\n".join(TEXT)
ELSEWHERE = (
    ("La piscine de Mutzig ferme ses portes", "Les nageurs vont à celle de la ville voisine jusqu’au mois de mars."),
    ("Trois ponts seront refaits cet été", "Les travaux commencent en juin, annonce le syndicat, qui les paie seul."),
    ("Le lycée cherche des techniciens", "Vingt places sont ouvertes à la rentrée, et la moitié ont déjà un nom."),
)


def page(*, among: str = "", end: str = "", below: str = "", around: str = "{}") -> PageData:
    """A page with markup before its last paragraph, after it, below the box of the text, and `around` all of it."""
    own = "".join(f"<p>{text}</p>" for text in TEXT[:-1]) + f"{among}<p>{TEXT[-1]}</p>{end}"
    body = around.format(f"<main><h1>{TITLE}</h1><div class=story>{own}</div>{below}</main>")
    whole = f"<html lang=fr><title>{TITLE}</title><body>{body}</body></html>"
    return extract_page(whole.encode(), url="https://gazette.example/centre")


def cards(href: str = "/n", *, label: str = "<p>Culture</p>", mark: str = "chapo") -> str:
    return "".join(
        f"<div class=c>{label}<p class=t><a href='{href}/{at}'>{name}</a></p>"
        f"<p class={mark}>{said}</p><p>3 mars</p></div>"
        for at, (name, said) in enumerate(ELSEWHERE)
    )


@pytest.mark.parametrize("heading", ["", "<h2>Dans la rubrique culture</h2>", "<p>Nos sujets du jour</p>"])
def test_cards_whose_titles_are_links_and_no_headings_are_no_text(heading: str) -> None:
    assert page(below=heading + cards()).text == WHOLE
    assert page(below=heading + cards(label="")).text == WHOLE


def test_cards_among_paragraphs_are_no_text() -> None:
    assert page(among=cards()).text == WHOLE


def test_a_list_of_places_with_links_is_text_where_its_paragraphs_are_the_text_s() -> None:
    places = "".join(
        f"<p><a href='/lieu/{at}'>{name}</a></p><p>{said}</p>" for at, (name, said) in enumerate(ELSEWHERE)
    )
    found = page(among=places).text
    assert all(said in found for _, said in ELSEWHERE)


def test_notes_under_titles_that_lead_nowhere_else_are_text() -> None:
    found = page(end=cards("#n", label="", mark="definition").replace("#n/", "#n")).text
    assert all(said in found for _, said in ELSEWHERE)


def test_what_is_most_of_a_page_is_its_text_whatever_leads_away() -> None:
    more = cards().replace("jusqu’au mois de mars", "jusqu’au mois de mars, " + " ".join(TEXT))
    assert ELSEWHERE[1][1] in page(end=more * 3).text


@pytest.mark.parametrize("heading", ["Notes", "Références", "Bibliographie", "Sources :"])
def test_what_was_read_for_a_text_is_no_text(heading: str) -> None:
    books = "<p>Lucie Weber, L’eau de la plaine, Valtor, 2019.</p><p>https://nappe.example/releves</p>"
    assert page(end=f"<h2>{heading}</h2>{books}").text == WHOLE


def test_a_part_called_sources_that_tells_of_springs_is_text() -> None:
    said = "Les sources du massif donnent moitié moins, et personne ne sait si la pluie y suffira encore longtemps."
    assert said in page(among=f"<h2>Sources</h2><p>{said}</p>").text


def test_numbered_notes_that_end_a_text_are_none_and_one_alone_is() -> None:
    notes = ("[1] Le relevé du syndicat est public.", "[2] Valtor n’a pas répondu à la Gazette.")
    assert page(end="<p>{}</p><p>{}</p>".format(*notes)).text == WHOLE
    alone = "(1) Le prénom a été modifié."
    assert page(end=f"<p>{alone}</p>").text.endswith(alone)


@pytest.mark.parametrize(
    "line",
    [
        "Cet article vous a plu ? Parlez-en autour de vous !",
        "Cet article vous a-t-il été utile ?",
        "N’hésitez pas à partager vos idées avec nous en commentaires !",
        "Téléchargez gratuitement notre guide pratique de la nappe.",
        "Pour rester informé sur l’eau et ne rien perdre de la suite, inscrivez-vous à notre newsletter du matin.",
        "Chaque samedi, le meilleur de la Gazette directement dans votre boîte mail.",
        "Les commentaires sont fermés.",
        "L’article À Brumath, un centre chauffe la piscine est apparu en premier sur La Gazette.",
        "Retrouvez cet article dans le numéro de mars de La Gazette, en kiosque.",
        "Découvrir aussi : Dix communes veulent leur centre",
        "Article réalisé en collaboration avec l’agence Valtor",
        "Vous avez aimé cet article ? "
        + "Parlez-en donc à vos voisins, au marché, à la mairie et partout ailleurs. " * 4,
        "Soutenez la Gazette en faisant un don",
        "Toute reproduction interdite",
        "Dans le cadre d’une utilisation de ce texte, la mention des sources est obligatoire.",
        "[cc] La Gazette, 2026, textes libres de copie et de diffusion sous réserve de mention de la source",
        "En photos : la piscine de Brumath, ses bassins et ses nageurs",
        "Pour aller plus loin > L’eau de la plaine, une longue histoire",
        "*Votre adresse email sera utilisée par La Gazette pour vous envoyer votre lettre contenant des offres " * 3,
    ],
)
def test_lines_about_the_page_are_no_text(line: str) -> None:
    assert page(end=f"<p>{line}</p>").text == WHOLE


@pytest.mark.parametrize(
    "line",
    [
        "Cet article de la loi vous a valu bien des lettres, dit le maire.",
        "N’hésitez pas à fermer le robinet, conseille le syndicat.",
        "Télécharger le plan prend une heure, regrette la mairie.",
        "La lettre est restée dans la boîte de la mairie.",
        "Retrouvez la place du marché samedi, avec ses vingt stands.",
        "Article premier : la nappe est à tous.",
        "Vous avez aimé la nappe ? Elle a disparu, et l’été ne l’a pas rendue.",
        "Toute reproduction de poissons cesse au-dessus de vingt degrés.",
        "Les plans sont libres de copie et de diffusion, assure la mairie.",
        "En photos comme en vrai, la piscine paraît vide.",
        "Pour aller plus loin que la ville, il faut une voiture.",
        (
            "L’adresse de la mairie sera connue en mars, et la gazette la donnera, comme toujours depuis dix ans. " * 4
        ).strip(),
    ],
)
def test_lines_that_begin_like_those_are_text(line: str) -> None:
    assert page(end=f"<p>{line}</p>").text.endswith(line)


def test_a_menu_that_was_not_closed_does_not_take_the_text_with_it() -> None:
    menu = "<nav class=menu><div class=row><ul><li><a href=/a>Région</a></li><li><a href=/b>Sport</a></li></ul></nav>{}"
    assert page(around=menu).text == WHOLE
    assert page(around=f"<div>{menu}</div>").text == WHOLE


def test_a_menu_with_the_paper_s_name_is_no_text() -> None:
    said = "Les abonnés de la Gazette lisent le journal dès la veille au soir sur leur téléphone."
    menu = f"<nav><h1>La Gazette de la plaine</h1><p>{said}</p></nav>{{}}"
    assert said not in page(around=menu).text


def test_boxes_that_a_publishing_program_calls_components_are_text() -> None:
    boxes = "".join(f"<div class='cmp-text'><p>{text}</p></div>" for text in TEXT)
    whole = f"<html lang=fr><title>{TITLE}</title><body><div><h1>{TITLE}</h1>{boxes}</div></body></html>"
    assert extract_page(whole.encode(), url="https://gazette.example/centre").text == WHOLE


def test_the_consent_program_s_box_is_no_text() -> None:
    said = "Nous et nos partenaires gardons des données sur votre appareil, que vous pouvez refuser à tout moment."
    assert page(below=f"<div class='cmp-banner'><p>{said}</p></div>").text == WHOLE


def test_points_that_a_line_announces_are_text() -> None:
    points = ("fermer le robinet quand on se lave", "relever l’eau de pluie dans une cuve")
    own = "".join(f"<li>{point}</li>" for point in points)
    among = f"<p>Le syndicat donne deux conseils :</p><ul class='wp-block-list share-list'>{own}</ul>"
    assert all(point in page(among=among).text for point in points)


def test_points_between_two_paragraphs_are_text() -> None:
    points = ("La cuve : elle garde l’eau de la pluie pour tout le mois d’août.", "Le puits : il descend chaque année.")
    own = "".join(f"<li>{point}</li>" for point in points)
    assert all(point in page(among=f"<ul class='share-list'>{own}</ul>").text for point in points)


def test_notes_whose_heading_no_line_says_are_no_text() -> None:
    notes = "".join(f"<li class=n>Lucie Weber, L’eau de la plaine, tome {at}, Valtor, 201{at}.</li>" for at in range(4))
    assert page(end=f"<div><h5>Sources</h5><ol>{notes}</ol></div>").text == WHOLE


def test_who_wrote_a_text_is_told_below_it_and_is_no_text() -> None:
    signed = "<p rel=author class=author>Lucie Weber</p>"
    bio = "<p>Lucie Weber est journaliste à Strasbourg et suit l’eau de la plaine depuis dix ans.</p>"
    other = "<p>Jean Klein est maire de Brumath depuis dix ans, et il veut le rester.</p>"
    told = page(around=f"{signed}{{}}", end=bio)
    assert told.authors == ("Lucie Weber",)
    assert told.text == WHOLE
    assert page(around=f"{signed}{{}}", end=other).text.endswith("le rester.")


def test_a_quote_pulled_out_of_the_text_is_read_once() -> None:
    quote = "la piscine coûte chaque hiver plus cher à chauffer que les écoles du bourg"
    assert page(among=f"<p class=exergue>« {quote} »</p>").text == WHOLE
    assert page(among=f"<p class=exergue>{TEXT[0][:70]}</p>").text == WHOLE


def test_a_quote_that_the_text_does_not_hold_is_text() -> None:
    quote = "« La piscine coûte chaque été plus cher à refroidir que les écoles de la ville voisine »"
    assert quote in page(among=f"<p class=exergue>{quote}</p>").text


def test_a_heading_may_say_what_its_part_says() -> None:
    heading = "Prélever de l’eau en été dans la nappe : le dossier prévoit de tout pomper"
    more = f"Au conseil, un élu l’a redit : {heading[0].lower()}{heading[1:]}, et il a quitté la salle."
    assert heading in page(among=f"<h2>{heading}</h2><p>{more}</p>").text


def test_a_message_that_the_text_tells_again_stays_with_who_sent_it() -> None:
    message = "La commune attend trois cents emplois, dont la moitié pour des techniciens"
    found = page(among=f"<p>{message}</p><p>— La mairie (@brumath) 4 mars 2024</p>").text
    assert f"{message}\n\n— La mairie" in found


@pytest.mark.parametrize("name", ["author-bio", "saboxplugin-desc author__box", "newsletter", "nl-form", "lwptoc"])
def test_boxes_that_programs_name_alike_are_no_text(name: str) -> None:
    said = "Elle suit l’eau de la plaine depuis dix ans, et vous retrouverez ses enquêtes chaque samedi matin ici."
    assert page(end=f"<div class='{name}'><p>{said}</p></div>").text == WHOLE


@pytest.mark.parametrize("name", ["bioenergy", "actor", "tocade"])
def test_boxes_whose_names_begin_like_those_are_text(name: str) -> None:
    said = "Elle suit l’eau de la plaine depuis dix ans, et le syndicat dit que ses relevés sont les plus sûrs de tous."
    assert said in page(end=f"<div class='{name}'><p>{said}</p></div>").text


@pytest.mark.parametrize(
    "call", ["Je précommande le hors-série !", "J’en profite", "Acheter le numéro", "Je participe"]
)
def test_a_call_to_buy_is_no_text(call: str) -> None:
    said = (
        "<p>Trois cents pages sur l’eau de la plaine, ses puits, ses moulins et ses procès, à lire au coin du feu.</p>"
    )
    assert page(among=f"<div><h3>Le hors-série</h3>{said}<a href=/achat>{call}</a></div>").text == WHOLE


def test_numbered_notes_beside_a_paragraph_are_no_points() -> None:
    notes = (
        "<ol class='share-list'><li>1 Le relevé du syndicat, tome deux.</li><li>2 Valtor, lettre du 3 mars.</li></ol>"
    )
    assert page(among=notes).text == WHOLE


def test_a_box_that_holds_the_rest_of_the_text_is_text_whatever_it_is_called() -> None:
    more = "".join(f"<p>{text.replace('Le', 'Puis le').replace('La', 'Puis la')}</p>" for text in (*TEXT, *TEXT))
    assert "Puis le maire" in page(end=f"<div class=cta>{more}</div>", below=f"<p>{' '.join(TEXT)}</p>").text


def test_a_heading_over_cards_among_a_text_is_of_the_text() -> None:
    teasers = "".join(
        f"<h2>Partie {at}</h2><div class=c><p><a href=/n/{at}>{name}</a></p><p class=k>{said}</p></div>"
        f"<p>{TEXT[at]} Bis.</p>"
        for at, (name, said) in enumerate(ELSEWHERE)
    )
    found = page(among=teasers).text
    assert all(f"Partie {at}" in found and said not in found for at, (_, said) in enumerate(ELSEWHERE))


def test_a_heading_that_a_table_of_contents_leads_to_is_text() -> None:
    assert "La nappe baisse" in page(among="<h2 id='toc-2'>La nappe baisse</h2>").text
