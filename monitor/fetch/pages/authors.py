"""Who signs: JSON-LD, meta, microdata and `rel=author`, then what the page shows; outlets go where a person signs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import html

from monitor.fetch.pages.blocks import all_text
from monitor.fetch.pages.bylines import signed
from monitor.fetch.pages.head import Head
from monitor.fetch.pages.linked_data import LinkedData, Node, is_article, squash, text_of, types_of
from monitor.fetch.pages.marked import in_microdata, marked, marked_anywhere, marked_outlet
from monitor.fetch.pages.names import clean_names, is_address, is_collective, is_outlet, owner_of, printed_names

MOST = 12


def find_authors(
    data: LinkedData, head: Head, root: html.HtmlElement, *, title: str, site_name: str, host: str
) -> tuple[str, ...]:
    """The names that sign, in order, at most `MOST`; `title` is the article's, the rest as `is_outlet` takes it.

    Where at least one person signs, outlets and agencies are left out; where none does, the signature stays as printed
    ("Source AFP"), since it is what the reader sees.
    """
    printed: list[str] = []
    groups = set(_organisations(data))
    sources = enumerate(_said(data, head, root, title))
    for source, names in sources:
        cleaned = _cleaned(names)
        if people := [name for name in cleaned if name not in groups and not is_outlet(name, site_name, host)]:
            if source == 0 and _only_data_says(people, head, root) and (shown := _shown(root, title, site_name, host)):
                people = [name for name in shown if " " in name and "." not in name] or people
            elif source == 0 and len(people) == 1 and (joined := _joined(people[0], root)):
                people += [name for name in _shown(root, title, site_name, host) if name in joined]
            spelt = dict(_spelt_out(people, (name for _, later in sources for name in _cleaned(later))))
            return tuple(dict.fromkeys(spelt.get(name, name) for name in people[:MOST]))
        printed = printed or (printed_names(names) if cleaned else [])
        if printed and source == 0 and _as_person(data) and not _by_habit(cleaned, data):
            break  # a paper that stands as a person is how the page signs
    return tuple(printed[:MOST] or owner_of(site_name))


def _only_data_says(people: list[str], head: Head, root: html.HtmlElement) -> bool:
    """Whether the linked data name `people` and nothing else of the page does: they posted what others wrote."""
    told = {squash(name) for names in head.authors.values() for name in names}
    if not told.isdisjoint(map(squash, people)):
        return False
    seen = all_text(root).casefold()
    return not any(name.split()[-1].casefold() in seen for name in people)


def _joined(name: str, root: html.HtmlElement) -> str:
    """What the page joins to `name` by "et": many programs tell machines only the first of those who sign."""
    text = all_text(root)
    if not any(f"{name}{joint}" in text for joint in (", ", " et ", " & ")):
        return ""  # as on most pages: to compile a pattern of each name takes longer than all else here
    pattern = rf"{re.escape(name)}((?:, [^,.;:\n]{{3,40}}){{0,3}} (?:et|&) [A-ZÀ-Þ][^,.;:\n]{{3,60}})"
    found = re.search(pattern, text)
    return found[1] if found else ""


def _by_habit(names: list[str], data: LinkedData) -> bool:
    """Whether a program fills in `names` where it knows nobody: a team, or the very name that publishes."""
    publisher = squash(organisation_of(data.article))
    return all(is_collective(name) or squash(name) == publisher for name in names)


def _shown(root: html.HtmlElement, title: str, site_name: str, host: str) -> list[str]:
    """The persons who sign near the title, as a reader sees it."""
    names = marked(root, title) or signed(root, title)
    return [name for name in _cleaned(names) if not is_outlet(name, site_name, host)]


def _cleaned(names: list[str]) -> list[str]:
    return list(dict.fromkeys(name for raw in names for name in clean_names(raw)))


def _organisations(data: LinkedData) -> Iterator[str]:
    """The names that the data say to be of organisations, where they name no person."""
    value = data.article.get("author")
    parts = value if isinstance(value, list) else [value]
    if not _as_person(data):
        for part in parts:
            if isinstance(part, dict) and any("Organization" in kind for kind in types_of(part)):
                yield from clean_names(text_of(part))


def _spelt_out(names: list[str], others: Iterator[str]) -> Iterator[tuple[str, str]]:
    """What logins ("lucie.weber") and first names alone among `names` are in full, where one of `others` says it."""
    short = [name for name in names if " " not in name]
    for other in others if short else ():
        for name in short:
            if " " in other and len(other.split()) < 5 and _is_short_for(name, other):
                yield name, other


def _is_short_for(name: str, whole: str) -> bool:
    """Whether `name` is a login or a first name of `whole`: "lucie.weber", "lweber", "Lucie"."""
    first, *_, last = whole.split()
    turned = re.split(r"[.\W_]+", name.casefold()) == [last.casefold(), first.casefold()]
    return turned or squash(name) in {squash(whole), squash(first[0] + last)} or name == first


def _as_person(data: LinkedData) -> bool:
    value = data.article.get("author")
    parts = value if isinstance(value, list) else [value]
    return any(isinstance(part, dict) and "Person" in types_of(part) for part in parts)


def _said(data: LinkedData, head: Head, root: html.HtmlElement, title: str) -> Iterator[list[str]]:
    yield _from_data(data)
    yield from _from_meta(head)
    yield in_microdata(root, title)
    yield marked(root, title)
    yield signed(root, title)
    yield marked_anywhere(root)
    yield marked_outlet(root, title)


def _from_data(data: LinkedData) -> list[str]:
    """The authors of the article's node; where it has none, of another article's, or the one person described."""
    nodes = [data.article, *(node for node in data.nodes if is_article(node))]
    value = next((said for node in nodes if (said := node.get("author") or node.get("creator"))), None)
    if value is None:
        persons = [node for node in data.nodes if "Person" in types_of(node) and node.get("name")]
        value = persons if len(persons) == 1 else None
    value = value["@list"] if isinstance(value, dict) and isinstance(value.get("@list"), list) else value
    parts = value if isinstance(value, list) else [value]
    return [name for part in parts[: 2 * MOST] for name in _named(part, data)]


def _named(part: object, data: LinkedData) -> Iterator[str]:
    if isinstance(part, dict) and not part.get("name") and part.get("@id"):
        part = next((node for node in data.nodes if node.get("@id") == part["@id"] and node.get("name")), part)
    if isinstance(part, dict) and isinstance(part.get("name"), list):
        yield from (text_of(name) for name in part["name"])
    elif isinstance(part, dict) and not part.get("name"):
        yield f"{text_of(part.get('givenName'))} {text_of(part.get('familyName'))}".strip()
    elif name := text_of(part):
        yield name


def _from_meta(head: Head) -> Iterator[list[str]]:
    """The names under each meta name that speaks of authors, those of many sites first; addresses are no names."""
    for names in head.authors.values():
        if said := [name for name in names if not is_address(name)]:
            yield said


def organisation_of(node: Node) -> str:
    """The publisher's name in an article's node."""
    publisher = node.get("publisher")
    return text_of(publisher) if isinstance(publisher, dict) and "Person" not in types_of(publisher) else ""
