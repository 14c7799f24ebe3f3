"""Who signs, and what the title is, in the shapes that pages give them."""

import json

import pytest

from monitor.fetch.pages import extract_page
from monitor.fetch.pages.names import LONGEST, clean_names, is_outlet

TEXT = (
    "<p>Le chantier commence en avril, selon la préfecture, et doit durer dix-huit mois au plus dans la commune.</p>"
    "<p>La commune attend trois cents emplois, dont la moitié pour des techniciens formés sur place.</p>"
)
TITLE = "Un centre de données à Brumath"


def page(*, data: object = None, head: str = "", above: str = "", below: str = "", top: str = "") -> tuple[str, ...]:
    """The authors of a page with JSON-LD `data`, meta elements, and markup around its title."""
    linked = f'<script type="application/ld+json">{json.dumps(data)}</script>' if data else ""
    body = (
        f"<!doctype html><html lang=fr><head><title>{TITLE} - La Gazette</title>{head}{linked}</head><body>{top}"
        f"<article>{above}<h1>{TITLE}</h1>{below}{TEXT}</article></body></html>"
    )
    found = extract_page(body.encode(), url="https://gazette.example/centre")
    assert found.title == TITLE
    return found.authors


def article(author: object) -> dict[str, object]:
    return {"@type": "NewsArticle", "headline": TITLE, "author": author}


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ("Lucie Weber et Paul Ott", ["Lucie Weber", "Paul Ott"]),
        ("Lucie Weber, Paul Ott and Ana Lima", ["Lucie Weber", "Paul Ott", "Ana Lima"]),
        ("Lucie Weber/Paul Ott", ["Lucie Weber", "Paul Ott"]),
        ("Par Lucie Weber (texte) et Paul Ott (photos)", ["Lucie Weber", "Paul Ott"]),
        ("Lucie Weber (lw.)", ["Lucie Weber"]),
        ("Jeanne Morvan (avec Tom Lachaud et Nadia Kessler)", ["Jeanne Morvan", "Tom Lachaud", "Nadia Kessler"]),
        ("Lucie Weber, Lille", ["Lucie Weber"]),
        ("Lucie Weber, économiste à l’université de Lille", ["Lucie Weber"]),
        ("Lucie Weber, journaliste", ["Lucie Weber"]),
        ("Voir tous les articles de Lucie Weber →", ["Lucie Weber"]),
        ("View all posts by Lucie Weber", ["Lucie Weber"]),
        ("Tom Lachaud Jr.", ["Tom Lachaud Jr."]),
        ("wordpressadmin", []),
        ("No author", []),
        ("Lucie Weber et Paul Ott, AFP", ["Lucie Weber", "Paul Ott"]),
        ("Ott, Paul", ["Ott, Paul"]),
        ("E.P.", ["E.P."]),
        ("Service Science et Santé", ["Service Science et Santé"]),
        ("https://www.facebook.com/lagazette", []),
        ("l.weber@gazette.example", []),
        ("105092", []),
        ("Afficher mon profil complet", []),
    ],
)
def test_names_in_a_signature(raw: str, names: list[str]) -> None:
    assert clean_names(raw) == names


def test_of_an_endless_signature_the_beginning_is_read() -> None:
    assert len(clean_names("Lucie Weber et " * 30_000)) < LONGEST / 10


@pytest.mark.parametrize(
    ("name", "site", "host", "outlet"),
    [
        ("Isabelle Martin", "Elle", "elle", False),
        ("Elle", "Elle", "elle", True),
        ("Le Parisien", "leparisien.fr", "leparisien", True),
        ("LTO", "Legal Tribune Online", "lto", True),
        ("Lucie Weber", "", "lucieweber", False),
        ("Rédaction Gazette", "", "", True),
        ("AFP", "", "", True),
    ],
)
def test_a_paper_is_told_from_a_person(name: str, site: str, host: str, outlet: bool) -> None:
    assert is_outlet(name, site, host) is outlet


@pytest.mark.parametrize(
    "below",
    [
        '<p class="article__author">Par Lucie Weber</p>',
        '<div class="authorName">Lucie Weber</div>',
        '<ul class="authors"><li class="authors__list-item">Lucie Weber</li></ul>',
        '<div class="meta"><a href="/auteur/lucie-weber">Lucie Weber</a></div>',
        "<p>Publié le 3 mars 2026 à 8 h par Lucie Weber</p>",
        "<p>Lucie Weber | 3 mars 2026</p>",
        "<p>3 mars 2026 à 8h15 | Lucie Weber</p>",
        "<p>Publié le 03/03/2026 - Lucie Weber</p>",
        '<p class="articleByline">Lucie Weber</p>',
        '<small itemprop="author"><span itemprop="name">Lucie Weber</span></small>',
        '<p>Le 3 mars, <span class="author vcard"><a class="url fn" href="/?a=3">Lucie Weber</a></span></p>',
        "<p>Lucie Weber Publié le 3 mars 2026</p>",
        "<p>mardi 3 mars 2026, par Lucie Weber</p>",
        "<p>Article rédigé par Lucie Weber</p>",
        "<p>Un podcast de Lucie Weber</p>",
        "<p>De notre correspondante à Berlin, Lucie Weber</p>",
        "<p>Une chronique de Lucie Weber</p>",
        "<p>By Lucie Weber</p>",
        "<p>By <span>Lucie Weber</span><time>November 3, 2026</time></p>",
        '<p class="meta-author"><b>Lucie Weber</b><i>3 mars 2026</i></p>',
        "<p>Lucie Weber, journaliste à Lille</p>",
        '<aside><a href="/auteur/ana-lima">Ana Lima</a></aside><p class="byline">Lucie Weber, Lille</p>',
        "<p>Lucie Weber avec AFP</p>",
        "<p>Lucie Weber (AFP)</p>",
        "<p>Lucie Weber (à Bruxelles)</p>",
        "<p>Lucie Weber, à Bruxelles</p>",
        "<p>Lucie Weber</p><p>Publié le 3 mars 2026 à 8h15</p>",
        "<div>Lucie Weber</div><div>Journaliste</div><div>3 mars 2026</div>",
        "<p>Analyse par Lucie Weber</p>",
        "<p>Dossier réalisé par Lucie Weber</p>",
        "<p>Texte et photos : Lucie Weber</p>",
        "<p>Mardi 3 mars 2026 - Lucie Weber</p>",
        "<p>Mis à jour le 3 mars 2026 par Lucie Weber</p>",
        "<p>Entretien mené par Lucie Weber</p>",
        "<p>Interview réalisée par Lucie Weber</p>",
        "<p>L’édito de Lucie Weber</p>",
        "<p>La chronique de Lucie Weber</p>",
        "<p>Tribune par Lucie Weber</p>",
        "<p>Correspondance de Lucie Weber</p>",
        "<p>Auteur(s) : Lucie Weber</p>",
        "<p>Auteur·e : Lucie Weber</p>",
        "<p>Par Lucie Weber Temps de lecture : 4 min</p>",
        "<p>Par Lucie Weber - La Gazette de Brumath</p>",
        "<p>Par Lucie Weber - Photos Paul Ott</p>",
    ],
)
def test_a_signature_that_only_the_page_shows(below: str) -> None:
    assert page(below=below) == ("Lucie Weber",)
    outlet = article({"@type": "Organization", "name": "La Gazette"})
    assert page(data=outlet, below=below) == ("Lucie Weber",)


@pytest.mark.parametrize(
    "below",
    [
        "<p>Par Lucie Weber (à Lille), Paul Ott (à Metz) et Ana Lima</p>",
        "<p>Par Lucie Weber, Paul Ott, professeur de droit, et Ana Lima, économiste</p>",
        "<p>Par Lucie Weber (texte), Paul Ott (dessins) et Ana Lima (New York)</p>",
        "<p>Lucie Weber, Paul Ott et Ana Lima • 3 mars 2026</p>",
        '<ul class="auteurs"><li>Lucie Weber</li><li>Paul Ott</li><li>Ana Lima</li></ul>',
        "".join(
            f'<b itemprop="author">{name}</b>{after}'
            for name, after in (("Lucie Weber", ", "), ("Paul Ott", " et "), ("Ana Lima", ""))
        ),
    ],
)
def test_several_who_sign(below: str) -> None:
    assert page(below=below) == ("Lucie Weber", "Paul Ott", "Ana Lima")


def test_initials_beside_an_agency() -> None:
    assert page(below="<p>Par L.W. avec AFP</p>") == ("L.W.",)


def test_two_in_capitals() -> None:
    assert page(below="<p>PAR LUCIE WEBER ET PAUL OTT AVEC AFP</p>") == ("LUCIE WEBER", "PAUL OTT")


def test_titles_in_a_list_that_is_marked_as_an_author_s_are_no_names() -> None:
    rest = "".join(f"<li>{what} Ouvre Ses Portes Aux Visiteurs De La Région</li>" for what in ("Brumath", "Lannion"))
    assert page(below=f'<p>Par Lucie Weber</p><ul class="author-posts author">{rest}</ul>') == ("Lucie Weber",)


@pytest.mark.parametrize(
    "name", ["L.W.", "L. Weber", "L. W.", "LUCIE WEBER", "Lucie WEBER", "Jean-Marc L’Hostis-d’Arcy"]
)
def test_names_as_they_are_printed(name: str) -> None:
    assert page(below=f"<p>Par {name}</p>") == (name,)


def test_two_sign_at_the_end() -> None:
    signed = f"<article><h1>{TITLE}</h1>{TEXT * 2}<p>Lucie Weber et Paul Ott</p></article>"
    body = f"<html lang=fr><title>{TITLE}</title>{signed}</html>"
    assert extract_page(body.encode(), url="https://gazette.example/centre").authors == ("Lucie Weber", "Paul Ott")


@pytest.mark.parametrize(
    "author",
    [
        {"@type": "Organization", "name": "Groupe Ostrea"},
        {"@type": "Person", "name": "La rédaction"},
        {"@type": "Person", "name": "Web"},
        {"@list": [{"@type": "Person", "name": "Lucie Weber"}]},
        {"@type": "Person", "name": "Lucie Weber - La Gazette de Brumath"},
        {"@type": "Person", "name": "Lucie Weber Journaliste"},
        {"@type": "Person", "name": "Lucie Weber à Bruxelles"},
        {"@type": "Person", "name": "Lucie Weber pour La Gazette"},
    ],
)
def test_a_person_signs_before_a_team_or_a_company(author: object) -> None:
    head = '<meta property="og:site_name" content="La Gazette de Brumath">'
    assert page(data=article(author), head=head, below="<p>Par Lucie Weber</p>") == ("Lucie Weber",)


def test_a_company_signs_where_no_person_does() -> None:
    assert page(data=article({"@type": "Organization", "name": "Groupe Ostrea"})) == ("Groupe Ostrea",)


def test_what_a_page_tells_the_cards_of_a_network() -> None:
    card = '<meta name="twitter:label1" content="{}"><meta name="twitter:data1" content="{}">'
    assert page(head=card.format("Écrit par", "Lucie Weber")) == ("Lucie Weber",)
    assert page(head=card.format("Durée de lecture estimée", "Quatre Minutes")) == ()


@pytest.mark.parametrize(
    "below",
    [
        "<p>jeudi 5 mars 2026, par lucie67</p>",
        '<p>Par <a rel="tag">lucie67</a></p>',
        '<p>Le <a href="/2026">5 mars</a> <a href="/author/lucie67">Lucie67</a></p>',
        '<p>Le 5 mars <span class="author"><a href="/membre/67">Lucie67</a></span></p>',
        '<p>Le 5 mars <span class="author vcard"><a class="url fn" href="/membre/67">lucie67</a></span></p>',
        '<div class="field-author">posté par lucie67</div>',
    ],
)
def test_a_pen_name_of_one_word(below: str) -> None:
    assert [name.lower() for name in page(below=below)] == ["lucie67"]


@pytest.mark.parametrize(
    "below",
    [
        "<p>Google Pixel 10 : notre test</p>",
        "<p>Envoyer par courriel</p>",
        '<a href="/auteurs/">Tous les auteurs</a>',
        '<p class="author-bio">La Gazette paraît chaque jour.</p>',
        "<p>Par défaut</p>",
        "<p>Grand Est</p><p>3 mars 2026</p>",
        "<p>Lire Aussi</p><p>Publié le 3 mars 2026</p>",
    ],
)
def test_what_is_no_signature(below: str) -> None:
    assert page(below=below) == ()


def test_an_address_in_one_meta_element_does_not_hide_a_name_in_another() -> None:
    head = '<meta property="article:author" content="https://www.facebook.com/lagazette">'
    assert page(head=f'{head}<meta name="sailthru.author" content="Lucie Weber">') == ("Lucie Weber",)
    assert page(head=f'{head}<meta name="cXenseParse:author" content="Lucie Weber">') == ("Lucie Weber",)
    assert page(head=f'{head}<meta name="twitter:creator" content="Lucie Weber">') == ()


def test_each_meta_element_names_one() -> None:
    head = '<meta name="author" content="Lucie Weber"><meta name="author" content="Paul Ott">'
    assert page(head=head) == ("Lucie Weber", "Paul Ott")


def test_the_one_person_described_signs_where_the_article_names_nobody() -> None:
    nodes = [{"@type": "NewsArticle", "headline": TITLE}, {"@type": "Person", "name": "Lucie Weber"}]
    assert page(data={"@graph": nodes}) == ("Lucie Weber",)
    assert page(data={"@graph": [*nodes, {"@type": "Person", "name": "Paul Ott"}]}) == ()


def test_authors_as_strings() -> None:
    assert page(data=article(["Lucie Weber", "Paul Ott"])) == ("Lucie Weber", "Paul Ott")


def test_a_paper_that_stands_as_a_person_signs() -> None:
    data = article({"@type": "Person", "name": "La Gazette avec AFP"})
    assert page(data=data, below='<p class="byline">Lucie Weber</p>') == ("La Gazette avec AFP",)


def test_the_signature_is_looked_for_below_the_heading_that_is_the_title() -> None:
    menu = "".join(f"<div><span>Rubrique {n}</span></div>" for n in range(100))
    assert page(top=f"<h1>La Gazette</h1>{menu}", below="<p>Par Lucie Weber</p>") == ("Lucie Weber",)


CARD = '<div><h2><a href="/{0}">Autre</a></h2><p>{1}</p><a rel="author" href="/auteur/{0}">{0}</a></div>'
ANSWERS = " ".join(["Ce qui est dit d’une autre affaire tient en quelques lignes."] * 6)


def test_who_signs_other_articles_of_the_page_does_not_sign_this_one() -> None:
    byline = '<p>Par <a rel="author" href="/auteur/lucie">Lucie Weber</a> et <a rel="author" href="/p">Paul Ott</a></p>'
    cards = "".join(CARD.format(name, ANSWERS) for name in ("Ana Lima", "Jeanne Morvan"))
    assert page(below=byline + cards) == ("Lucie Weber", "Paul Ott")
    assert page(top=cards, below=byline) == ("Lucie Weber", "Paul Ott")


def test_one_name_that_the_page_marks_far_from_the_title_signs_and_of_two_none_does() -> None:
    about = '<p>Rien.</p><footer><p class="author-name">{}</p></footer>'
    far = ANSWERS + ANSWERS
    assert page(below=f"<p>{far}</p>" * 4 + about.format("Lucie Weber")) == ("Lucie Weber",)
    assert page(below=f"<p>{far}</p>" * 4 + about.format("Lucie Weber") + about.format("Paul Ott")) == ()


@pytest.mark.parametrize("login", ["lucie.weber", "lucieweber", "lweber", "Lucie"])
def test_a_login_is_spelt_out_where_the_page_does(login: str) -> None:
    data = article({"@type": "Person", "name": login})
    assert page(data=data, below='<p class="byline">Par Lucie Weber</p>') == ("Lucie Weber",)
    other = '<p class="byline">Par Ana Lima</p>'
    assert page(data=data, head=f'<meta name="author" content="{login}">', below=other) == (login,)
    assert page(data=data, below=other) == ("Ana Lima",)


def test_a_marked_signature_that_names_no_person_stays_as_printed() -> None:
    signature = '<div class="byline">Par La Gazette avec AFP Le 3 mars 2026 à 8h15</div>'
    assert page(below=signature) == ("La Gazette avec AFP",)


def test_a_blog_that_is_called_after_its_author_is_hers() -> None:
    head = '<meta property="og:site_name" content="{}">'
    assert page(head=head.format("Le blog de Lucie Weber")) == ("Lucie Weber",)
    assert page(head=head.format("Le journal de Brumath")) == ()
    assert page(head=head.format("Le blog de Lucie Weber"), below="<p>Par Paul Ott</p>") == ("Paul Ott",)


PUBLISHER = {"publisher": {"@type": "Organization", "name": "La Gazette"}}


def test_a_person_called_as_the_publisher_is_a_habit_of_the_page_s_program() -> None:
    signed = '<p class="author"><a href="/auteur/lucie-weber">Lucie Weber</a></p>'
    paper = article({"@type": "Person", "name": "La Gazette"}) | PUBLISHER
    assert page(data=paper, below=signed) == ("Lucie Weber",)
    assert page(data=paper) == ("La Gazette",)


@pytest.mark.parametrize(
    "shown",
    [
        "<p>Par Lucie Weber</p>",
        '<dl><dt>Auteur</dt><dd><a href="/equipe/lucie-weber">Lucie Weber</a></dd></dl>',
        "<div><p>Auteur :</p><p>Lucie Weber</p></div>",
    ],
)
def test_who_signs_on_the_page_goes_before_one_whom_only_the_data_name(shown: str) -> None:
    assert page(data=article({"@type": "Person", "name": "Marc Brun"}), below=shown) == ("Lucie Weber",)


@pytest.mark.parametrize(
    ("head", "shown"),
    [
        ('<meta name="author" content="Marc Brun">', "<p>Par Lucie Weber</p>"),
        ("", "<p>Par Lucie Weber</p><p>Marc Brun est journaliste.</p>"),
        ("", "<p>Par M.B.</p>"),
        ("", "<p>Par la rédaction</p>"),
        ("", ""),
    ],
)
def test_whom_the_data_name_signs_where_something_else_says_so_or_nobody_else_does(head: str, shown: str) -> None:
    assert page(data=article({"@type": "Person", "name": "Marc Brun"}), head=head, below=shown) == ("Marc Brun",)


def test_an_article_that_is_part_of_a_described_page() -> None:
    whole = {"@type": "WebPage", "hasPart": article({"@type": "Person", "name": "Lucie Weber"})}
    assert page(data=whole) == ("Lucie Weber",)


@pytest.mark.parametrize(
    ("signature", "authors"),
    [
        ("Par Lucie Weber et Paul Ott", ("Lucie Weber", "Paul Ott")),
        ("Par Lucie Weber, Ana Lima et Paul Ott", ("Lucie Weber", "Ana Lima", "Paul Ott")),
        ("Par Lucie Weber, Université de Lille", ("Lucie Weber",)),
        ("Par Lucie Weber", ("Lucie Weber",)),
    ],
)
def test_who_signs_with_the_one_that_the_data_name_is_named_too(signature: str, authors: tuple[str, ...]) -> None:
    found = page(data=article({"@type": "Person", "name": "Lucie Weber"}), below=f"<p class=author>{signature}</p>")
    assert found == authors


def test_a_name_that_only_the_text_joins_to_the_author_s_does_not_sign() -> None:
    told = "<p>Lucie Weber et Paul Ott ont visité le chantier en avril, avec la préfète et le maire de Brumath.</p>"
    below = f"<p class=author>Par Lucie Weber</p>{told}"
    assert page(data=article({"@type": "Person", "name": "Lucie Weber"}), below=below) == ("Lucie Weber",)


def test_a_quote_that_breaks_the_linked_data_s_headline_takes_no_author_away() -> None:
    broken = '{"@type":"NewsArticle","headline":"Un "centre" à Brumath","author":[{"name":"Lucie Weber"}]}'
    assert page(head=f'<script type="application/ld+json">{broken}</script>') == ("Lucie Weber",)
