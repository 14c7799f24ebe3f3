"""Where on the page the article stands, found by structure: `article`, schema.org's microdata, mass of prose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import dropwhile, islice

from lxml import etree, html

from monitor.fetch.pages import trees
from monitor.fetch.pages.boxes import cut_boxes
from monitor.fetch.pages.teasers import HEADINGS, drop_calls, drop_teasers
from monitor.fetch.pages.trees import Prose, Question, prose_paragraphs

MIN_TEXT = 250  # characters of prose below which an element is a teaser
DOMINANT = 0.6  # share of the page's prose that makes an element the article
SHORT_PAGE = 2_000  # characters of prose below which a page may hold a text of few sentences
TITLED = 0.25  # the share that is enough for the element that holds the title
TIGHT = 0.8  # share of an element's prose that makes a child of it stand for the whole
MOST_WITH_TITLE = 0.6  # the same where the child holds the title too
PROSE = 80  # characters from which a `p` is prose
MOST_QUOTED = 0.4  # share of a text's prose above which the messages quoted in it are what it tells
LINE_BREAK = "\u23ce"  # stands for a paragraph break made of `br`s; no press text uses it

_AWAY = frozenset({"nav", "footer", "form", "figcaption", "dialog", "menu", "select", "textarea", "input"})
_ROLES = frozenset({"navigation", "complementary", "contentinfo", "search", "dialog", "alertdialog", "menu", "toolbar"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# Names that consent managers, comment threads and social networks' own embedding code use on every site.
_FOREIGN = re.compile(
    r"cookie|consent|gdpr|rgpd|didomi|onetrust|axeptio|tarteaucitron|quantcast"
    r"|(?:^|[ _-])cmp(?:$|[ _]|-?(?:banner|box|modal|notice|overlay|popup|root|ui|wrapper))"
    r"|(?:^|[ _-])(?:caption|l[ée]gende?|credits?)(?:$| )"
    r"|(?:^|[ _-])(?:comments?|comment-?(?:list|respond|form|thread|section)s?|commentaires?|disqus\w*)(?:$|[ _-])"
    r"|twitter-tweet|instagram-media|tiktok-embed|fb-post|reddit-embed|bluesky-embed",
    re.IGNORECASE,
)
# Of boxes that publishing programs set beside or into a text, which are believed of little text only.
_BOX = re.compile(
    r"(?:^|[ _-])(?:about-?(?:the-?)?authors?"
    r"|(?:author|auteur|writer)s?[_-]{0,2}(?:about|bio|box|card|desc|description|infos?)|bio(?:graph(?:y|ie))?"
    r"|newsletters?|nl-form|call-?to-?action|cta|donations?|related(?:-(?:articles?|content|posts?))?"
    r"|recommend(?:ed|ations?)|(?:easy-)?footnotes?(?:-list)?|table-?of-?contents|(?:lwp|ez-)?toc)(?:$|[ _-])",
    re.IGNORECASE,
)
_COMMENT_TYPE = re.compile(r"/(?:User)?Comments?$")
_KEPT = frozenset({"html", "body", "main"})
MOST_TITLES = 5  # of a page, and menus around one, that are looked at
MOST_OF_BOX = 800  # characters of prose in a box that is called one
_MOST_FOREIGN = 0.5  # share of the page's prose above which a name is not believed


def find_article(root: html.HtmlElement, url: str = "") -> html.HtmlElement:
    """The element of `root` that holds the article, or its body where none stands out; what is around text is cut.

    In place: menus, forms, captions, lists of links to other articles of the site at `url` go everywhere; consent,
    comments, hidden parts within the article's element.
    """
    _unwrap_forms(root)
    _unwrap_swallowing(root)
    etree.strip_elements(root, *_AWAY, with_tail=False)
    cut_boxes(root, MIN_TEXT)
    break_lines(root)
    prose = prose_in(root)  # until something is cut, asked once
    _unwrap_layout(root, prose)
    best = _article_element(root, prose)
    body = root.find("body")
    around = root if body is None else body
    found = around if best is None else best
    drop_calls(found)
    etree.strip_elements(root, "button", with_tail=False)
    drop_teasers(found, url)
    prune(found, prose)
    return _tightest(found) if best is None else found


def with_title(article: html.HtmlElement) -> html.HtmlElement:
    """The smallest element that holds both the article and an `h1`: a lead often stands between the two."""
    for element in (article, *article.iterancestors()):
        if next(element.iter("h1"), None) is not None:
            return element
    return article


def prune(root: html.HtmlElement, prose: Prose | None = None) -> None:
    """Take out, in place, parts under `root` that their names or roles say are no article: consent, comments, menus.

    `prose` is what `prose_in` said of the tree before teasers were cut.
    """
    prose = prose_in(root) if prose is None else prose
    total = prose.get(root, 0)
    away = [each for each in _MARKED(root) if prose.get(each, 0) <= MOST_OF_BOX or _is_away(each)]
    quoted = [element for element in away if "twitter-tweet" in element.get("class", "")]
    told = sum(map(trees.size, quoted)) > MOST_QUOTED * total
    for element in away if not told else [element for element in away if element not in quoted]:
        if element.tag not in _KEPT and element.getparent() is not None and _may_go(element, prose, total):
            element.drop_tree()  # none that comes later holds it: what the others hold stays true
    _drop_cards(root, total)


def _drop_cards(root: html.HtmlElement, total: int) -> None:
    """`article`s within that a link in their heading leads away from: teasers; posts of a live page link to it."""
    cards = [card for card in root.iterdescendants("article") if _is_card(card)]
    if sum(map(prose_of, cards)) <= _MOST_FOREIGN * total:
        for card in cards:
            card.drop_tree()


def _is_card(article: html.HtmlElement) -> bool:
    links = [link for heading in article.iter("h2", "h3", "h4", "h5", "h6") for link in heading.iter("a")]
    links += [around for around in article.iterancestors() if around.tag == "a"]
    return any(not (link.get("href") or "#").startswith("#") for link in links)


def break_lines(root: html.HtmlElement) -> None:
    """`br` becomes a space, and two of them the sign of a paragraph's end."""
    for element in list(root.iter("br")):
        following = element.getnext()
        double = following is not None and following.tag == "br" and not (element.tail or "").strip()
        element.tail = (LINE_BREAK if double else " ") + (element.tail or "")
    etree.strip_tags(root, "br")


def _unwrap_forms(root: html.HtmlElement) -> None:
    """A form around the title or prose is one around the whole page, as programs of Microsoft make it."""
    for form in list(root.iter("form")):
        if next(form.iter("h1"), None) is not None or prose_of(form) >= MIN_TEXT:
            form.tag = "div"


def _unwrap_swallowing(root: html.HtmlElement) -> None:
    """A menu that holds the title and most of the prose was not closed where it ends.

    libxml2 passes over `</nav>` while a `div` in it is open; a browser closes both.
    """
    for title in list(islice(root.iter("h1"), MOST_TITLES)):
        for around in islice(title.iterancestors(*_AWAY), MOST_TITLES):
            size = prose_of(around)
            if size >= MIN_TEXT and size > _MOST_FOREIGN * prose_of(root):
                around.tag = "div"
                around.attrib.clear()


def _unwrap_layout(root: html.HtmlElement, prose: Prose) -> None:
    """Tables that hold headings or prose lay a page out; they are no tables."""
    for table in list(root.iter("table")):
        if next(table.iter("h1"), None) is not None or prose.get(table, 0) >= 2 * MIN_TEXT:
            for part in list(table.iter("table", "tbody", "tr", "td")):
                part.tag = "div"


def prose_of(root: html.HtmlElement) -> int:
    """Characters in paragraphs that are long and not made of links."""
    return trees.prose_size(root, PROSE)


def prose_in(root: html.HtmlElement) -> Prose:
    """What `prose_of` says of `root` and of each element in it; those that are not named hold none."""
    return trees.prose(root, PROSE)


def _is_away(element: html.HtmlElement) -> bool:
    if element.get("hidden") is not None or element.get("role", "") in _ROLES:
        return True
    named = _foreign(element.get("class", "")) or _foreign(element.get("id", ""))
    return named or _hidden(element.get("style", "")) or bool(_COMMENT_TYPE.search(element.get("itemtype", "")))


def in_foreign(element: html.HtmlElement) -> bool:
    """Whether `element` stands in a part of the page that its names say is no article: comments above all."""
    return any(_is_away(around) for around in (element, *element.iterancestors()) if around.tag not in _KEPT)


def _may_go(element: html.HtmlElement, prose: Prose, total: int) -> bool:
    """Names mislead: what holds the title or most of the prose is the article, whatever it is called."""
    return prose.get(element, 0) <= _MOST_FOREIGN * total and next(element.iter("h1"), None) is None


def _is_box(element: html.HtmlElement) -> bool:
    """Whether its name says so; a heading that is named after a table of contents is only listed in one."""
    return element.tag not in HEADINGS and (_boxed(element.get("class", "")) or _boxed(element.get("id", "")))


_MARKED = Question(
    lambda element: _is_away(element) or _is_box(element),
    ("class", "id", "role", "hidden", "style", "itemtype"),
    HEADINGS,
)


@lru_cache(maxsize=8192)
def _boxed(name: str) -> bool:
    return bool(_BOX.search(name))


@lru_cache(maxsize=8192)
def _foreign(name: str) -> bool:
    return bool(_FOREIGN.search(name))


@lru_cache(maxsize=1024)
def _hidden(style: str) -> bool:
    return bool(_HIDDEN.search(style))


def _article_element(root: html.HtmlElement, prose: Prose) -> html.HtmlElement | None:
    total = prose.get(root, 0)
    for candidates in (_microdata(root), _articles(root), list(root.iter("main"))):
        weighed = [(prose.get(element, 0), element) for element in candidates]
        titled = [pair for pair in weighed if next(pair[1].iter("h1"), None) is not None and pair[0] >= TITLED * total]
        best = max(titled or weighed, key=lambda pair: pair[0], default=(0, None))
        if best[0] >= max(MIN_TEXT, (TITLED if titled else DOMINANT) * total):
            return best[1]
        if _is_the_one(weighed, root):  # a stub before a paywall: the teasers around it weigh more
            return weighed[0][1]
    articles = [element for element in _articles(root) if trees.size(element) >= MIN_TEXT]
    return articles[0] if len(articles) == 1 and total < MIN_TEXT else None


def _is_the_one(weighed: list[tuple[int, html.HtmlElement]], root: html.HtmlElement) -> bool:
    """Whether the only `article` of the page has a text and holds its only `h1`."""
    if len(weighed) != 1 or weighed[0][1].tag != "article" or weighed[0][0] < MIN_TEXT:
        return False
    titles = list(islice(root.iter("h1"), 2))
    return len(titles) == 1 and weighed[0][1] in titles[0].iterancestors("article")


def _tightest(root: html.HtmlElement) -> html.HtmlElement:
    """The smallest element under `root` with most of its prose; `root` itself where there is next to none.

    What nothing marks as the article is where the paragraphs are; menus and teasers are around it.
    """
    share = prose_in(root)
    found = root
    while share.get(root, 0) >= 4 * MIN_TEXT:
        best = max(found, key=lambda child: share.get(child, 0), default=None)
        if best is None or best.tag == "p":
            break
        titled = next(best.iter("h1"), None) is not None
        if share.get(best, 0) < (MOST_WITH_TITLE if titled else TIGHT) * share[root]:
            break
        found = best
    closer = _after_title(root) if share.get(root, 0) < SHORT_PAGE else found
    return closer if found in closer.iterancestors() else found


def _after_title(root: html.HtmlElement) -> html.HtmlElement:
    """The element of a short page's paragraphs, if they are the heaviest and come next after its title; else `root`.

    Others beside it are of it too, and others elsewhere are teasers, or else nothing is known.
    """
    sizes: dict[html.HtmlElement, list[int]] = {}
    for paragraph, size in prose_paragraphs(_below_title(root, "p"), PROSE):
        if (around := paragraph.getparent()) is not None:
            sizes.setdefault(around, []).append(size)
    found = max(sizes, key=lambda around: sum(sizes[around]), default=root)
    if found is root or len(sizes[found]) < 2 or found not in list(sizes)[:2]:
        return root
    points = (point for point in _below_title(root, "li") if next(point.iter("a"), None) is None)
    if 2 * sum(map(trees.size, points)) > sum(sizes[found]):
        return root  # a text of lists, or a thing for sale
    others = [around for around in sizes if around is not found]
    teasers = list(filter(_is_teaser, others))
    while (outer := found.getparent()) is not None and outer.tag in {"div", "section"}:
        if next(outer.iter("h1"), None) is not None or any(outer in teaser.iterancestors() for teaser in teasers):
            break
        found = outer
    elsewhere = [around for around in others if around not in teasers and found not in around.iterancestors()]
    return root if elsewhere else found


def _below_title(root: html.HtmlElement, tag: str) -> Iterator[html.HtmlElement]:
    """The elements of a `tag` that stand after the first `h1`, in order; none without one."""
    elements = dropwhile(lambda element: element.tag != "h1", root.iter("h1", tag))
    return (element for element in elements if element.tag == tag)


def _is_teaser(around: html.HtmlElement) -> bool:
    """Whether a heading that leads away stands in what is `around` a paragraph, or before it."""
    places = (around, *around.itersiblings(*HEADINGS, preceding=True))
    headings = (heading for place in places for heading in place.iter(*HEADINGS))
    return any(next(heading.iter("a"), None) is not None for heading in headings)


def _microdata(root: html.HtmlElement) -> list[html.HtmlElement]:
    return [element for element in root.iter("div", "section", "article") if element.get("itemprop") == "articleBody"]


def _articles(root: html.HtmlElement) -> list[html.HtmlElement]:
    return [element for element in root.iter("article") if next(element.iterancestors("article"), None) is None]
