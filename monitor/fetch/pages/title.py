"""The title a reader sees: the `h1` that the page's own metadata agree with."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterable

from lxml import etree, html

from monitor.domain.cleaning import clean_line
from monitor.fetch.pages.blocks import all_text, blocks_of
from monitor.fetch.pages.head import Head
from monitor.fetch.pages.linked_data import squash
from monitor.fetch.pages.markup import UNSEEN
from monitor.fetch.pages.paper import LONGEST_NAME, PARTS, Paper

LONGEST_KICKER = 25  # characters of a place or a section's name that an `h1` begins with
LONGEST_MARKED_KICKER = 80  # where the page sets it in an element of its own
MOST_PARTS = 6  # elements of an `h1` in which a kicker or a subtitle is looked for
LONGEST_LABEL = 15  # letters of "article réservé" after a small heading
FEWEST_LETTERS = 8  # of a small heading that stands for a title
_LABEL = re.compile(
    r"(?:(?:article |contenu )?(?:réservée? aux )?abonné(?:e?s|·e·s)?|premium|payant|(?:contenu |article )?exclusif)",
    re.IGNORECASE,
)
_SET_APART = frozenset({"span", "div", "p", "small"})  # elements that kickers stand in; `i` and `b` are of the title
_UNSHOWN = re.compile(r"screen-?reader|sr-only|visually-?hidden", re.IGNORECASE)  # names of frameworks
_AFTER_TITLE = re.compile(r"\s*(?:\||\(?\d{1,2}[./ ]\d{1,2}[./ ]\d{2,4})")


def headings(root: html.HtmlElement) -> list[str]:
    """The texts of the page's `h1`s that have letters, in order, without repetitions.

    One that is for screen readers alone counts where a page has no other.
    """
    elements = list(root.iter("h1"))
    return _texts(element for element in elements if not _UNSHOWN.search(element.get("class", ""))) or _texts(elements)


def without_kickers(root: html.HtmlElement) -> dict[str, str]:
    """What each `h1` that begins with an element of its own ("Culture") says after it, by all that it says."""
    found: dict[str, str] = {}
    for heading in root.iter("h1"):
        kicker = _kicker(heading)
        whole = _texts([heading]) if kicker else []
        if whole and whole[0].startswith(kicker):
            rest = whole[0][len(kicker) :].lstrip(" :|–—/•-")
            if " " in rest and 2 * len(rest) >= len(kicker):
                found[whole[0]] = rest
    return found


def in_a_part(root: html.HtmlElement, said: Iterable[str]) -> dict[str, str]:
    """Of what is `said`, what an `h1` says but for an element at its beginning or end, by all that the `h1` says."""
    wanted = {squash(text): text for text in said if len(text) > LONGEST_KICKER}
    found: dict[str, str] = {}
    for heading in root.iter("h1"):
        children = [child for child in _inmost(heading) if squash(all_text(child))]
        if not children or len(children) > MOST_PARTS:
            continue
        whole = _texts([heading])
        ends = [squash(all_text(child)) for child in (children[0], children[-1])]
        all_of_it = squash(whole[0]) if whole else ""
        rests = (all_of_it.removeprefix(ends[0]), all_of_it.removesuffix(ends[1]))
        if part := next((wanted[rest] for rest in rests if rest != all_of_it and rest in wanted), None):
            found[whole[0]] = part
    return found


def _inmost(element: html.HtmlElement) -> html.HtmlElement:
    """`element`, or the one in it that holds all of its text."""
    while len(element) == 1 and not (element.text or "").strip() and not (element[0].tail or "").strip():
        element = element[0]
    return element


def small_headings(root: html.HtmlElement) -> list[str]:
    """The texts of the page's `h2`s and `h3`s, for a page whose `h1`s are none of the article's."""
    return _texts(root.iter("h2", "h3"))


def _texts(elements: Iterable[html.HtmlElement]) -> list[str]:
    texts = []
    for element in elements:
        etree.strip_elements(element, *UNSEEN, with_tail=False)
        texts.append(clean_line(" ".join(block.text for block in blocks_of(element))))
    return list(dict.fromkeys(text for text in texts if squash(text)))


def _kicker(heading: html.HtmlElement) -> str:
    element = _inmost(heading)
    first = next((child for child in element if all_text(child).strip()), None)
    if first is None or (element.text or "").strip() or first.tag not in _SET_APART:
        return ""
    text = clean_line(all_text(first))
    return text if len(text) <= LONGEST_MARKED_KICKER else ""


def find_title(root: html.HtmlElement, found: list[str], headline: str, head: Head, paper: Paper) -> str:
    """Of the headings `found`, the one closest to what JSON-LD, OpenGraph and `title` say; else those."""
    spoken = (headline, head.first("og:title", "twitter:title"), head.title)
    said = [text for text in (clean_line(entities.unescape(text)) for text in spoken) if text]
    if found:
        said = [text for text in said if " " in text or text in found]  # one word is the paper's name
    mastheads = paper.mastheads(head.title) - {squash(text) for text in spoken[:2]}
    own = [text for text in found if squash(text) not in mastheads or _is_no_masthead(root, text, head.title, paper)]
    own = own or (found if not said else [])
    best = max(own, key=lambda text: max((_closeness(text, other) for other in said), default=0.0), default="")
    if best and best not in said and (part := in_a_part(root, said).get(best)):
        return part
    if best and (spoken_heading := _said_by_a_small_heading(root, best, said)):
        return spoken_heading
    best = _without_label(best, [*said, *(parts[0] for text in said if len(parts := PARTS.split(text)) > 1)])
    if best and (len(found) == 1 == len(own) or not said or max(_closeness(best, other) for other in said) >= 0.3):
        whole = any(squash(text).startswith(squash(best)) for text in said)
        return best if whole else without_kickers(root).get(best, best)
    if not said:
        return best
    return _small_heading(root, said[0], paper) or _without_site(said, paper)


def _is_no_masthead(root: html.HtmlElement, heading: str, title: str, paper: Paper) -> bool:
    """Whether a `heading` that is one end of "Article - Paper" is the article's after all, where neither is known.

    It is where it stands in the article, or where it comes first and no other heading says the rest.
    """
    parts = [squash(part) for part in PARTS.split(title)]
    if paper.is_name(heading) or len(parts) < 2:
        return False
    wanted = squash(heading)
    places = [element for element in root.iter("h1") if squash(all_text(element)) == wanted]
    if any(around.tag in ("article", "main") for element in places[:1] for around in element.iterancestors()):
        return True
    said = (squash(all_text(element)) for element in root.iter("h1", "h2", "h3"))
    return parts[0] == wanted and set(parts[1:]).isdisjoint(said)


def _without_label(heading: str, said: list[str]) -> str:
    """`heading` without "Abonnés" at either end or a place before it, where the page gives the title without.

    What two places agree on may also be without a section's name and its colon ("Culture : "), have the colon that
    parts a kicker from the rest where the heading has only a line break, or be without a date and what follows it.
    """
    for text in said:
        rest = heading.removeprefix(text) if heading.startswith(text) else heading.removesuffix(text)
        agreed = said.count(text) > 1
        if agreed and len(text) > len(heading) and squash(text) == squash(heading):
            return text
        parted = rest.strip()[-1:].isalpha() or rest.strip().endswith(("|", "/", ":") if agreed else ("|", "/"))
        place = heading.endswith(text) and len(text) > LONGEST_KICKER >= len(rest) and parted
        added = agreed and heading.startswith(text) and len(text) > LONGEST_KICKER and _AFTER_TITLE.match(rest)
        if text and len(rest) < len(heading) and (place or added or _LABEL.fullmatch(rest.strip())):
            return text
    return heading


def _said_by_a_small_heading(root: html.HtmlElement, heading: str, said: list[str]) -> str:
    """What is `said` where a small heading says the same and the `heading` no word of it: it is a section's name.

    Or the paper's, with what it is; then a label may stand after the title ("Abonnés").
    """
    if any(_closeness(heading, text) for text in said):
        return ""
    own = [squash(text) for text in small_headings(root)]
    spoken = [*said, *(PARTS.split(text)[0] for text in said)] if len(heading) > LONGEST_KICKER else said
    for text in spoken:
        wanted = squash(text)
        longest = len(wanted) + (LONGEST_LABEL if len(wanted) > LONGEST_KICKER else 0)
        if len(wanted) >= FEWEST_LETTERS and any(part.startswith(wanted) and len(part) <= longest for part in own):
            return text
    return ""


def _small_heading(root: html.HtmlElement, said: str, paper: Paper) -> str:
    """The longest small heading with which what is `said` begins or ends; "" for none."""
    wanted = squash(said)
    fitting = (
        text
        for text in small_headings(root)
        if len(own := squash(text)) >= FEWEST_LETTERS
        and not paper.is_name(text)
        and (wanted.startswith(own) or wanted.endswith(own))
    )
    return max(fitting, key=len, default="")


def _closeness(a: str, b: str) -> float:
    """Words in common, of all the words of both."""
    left, right = set(re.findall(r"\w+", a.lower())), set(re.findall(r"\w+", b.lower()))
    return len(left & right) / len(left | right) if left and right else 0.0


def _without_site(said: list[str], paper: Paper) -> str:
    """The first of what is `said` without the paper's name at either end, where it is known or can only be one."""
    text, parts = said[0], PARTS.split(said[0])
    if any(other != text and text in other and _only_around(other, text) for other in said[1:]):
        return text  # another place says the same and the paper's name
    for name in (parts[-1], parts[0]):
        if len(parts) > 1 and paper.is_name(name):
            rest = text.removesuffix(name) if name == parts[-1] else text.removeprefix(name)
            return _without_name_again(rest.strip(" |•·»›‹–—-:/"), paper)
    if len(parts) > 1 and parts[-1] and len(parts[-1]) <= LONGEST_NAME < len(text):
        return _without_name_again(text[: text.rindex(parts[-1])].rstrip(" |•·»›‹–—-"), paper)
    return text


def _only_around(text: str, title: str) -> bool:
    before, _, after = text.partition(title)
    return bool(re.fullmatch(r"(?:.*[|•·»›:–—-]\s*)?", before) and re.fullmatch(r"(?:\s*[|•·»›–—-].*)?", after))


def _without_name_again(text: str, paper: Paper) -> str:
    """`text` without the beginning of the paper's name at its end: "Article | Paper - What the paper is"."""
    last = PARTS.split(text)[-1]
    named = len(last) >= 3 and last != text and paper.name.lower().startswith(last.lower())
    return text[: text.rindex(last)].rstrip(" |•·»›‹–—-") if named else text
