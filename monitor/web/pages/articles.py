"""An article: its text with every topic's evidence in its colour, why it matched, its versions, its story elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Annotated

from fastapi import APIRouter, Query, Request
from markupsafe import Markup, escape
from starlette.responses import Response

from monitor.steps.explaining import explain_article
from monitor.storage.search_rows import ArticleRow, Finding, RevisionRow
from monitor.web.gate import Reader, TheDesk
from monitor.web.marking import Mark, marked, paragraphs
from monitor.web.pages.inbox import Key
from monitor.web.shell import render

router = APIRouter(include_in_schema=False)
MARKS = {"del": Markup("<del>{}</del>"), "ins": Markup("<ins>{}</ins>")}
OfDossier = Annotated[str, Query(max_length=64, pattern=r"^[a-z0-9-]*$")]
BREAK = "\n"  # between the paragraphs' words


@dataclass(frozen=True, slots=True)
class Edited:
    """An earlier version beside the one that replaced it: what went, what came."""

    revision: RevisionRow
    difference: list[Markup | None]


@router.get("/articles/{article}")
def show(request: Request, desk: TheDesk, principal: Reader, article: Key) -> Response:
    row = desk.queries.article(article)
    found = desk.queries.findings(article)
    carriers = [head for head in desk.queries.story(row.story_id).articles if head.id != article]
    return render(
        request,
        desk,
        principal,
        "article.html",
        row=row,
        findings=found,
        title=marked(row.title, marks(found, "title")),
        lead=marked(row.lead, marks(found, "lead")),
        paragraphs=paragraphs(row.text, marks(found, "body")),
        carriers=carriers,
        edits=edits(row, desk.queries.revisions(article)),
    )


@router.get("/articles/{article}/why")
def why(request: Request, desk: TheDesk, principal: Reader, article: Key, dossier: OfDossier = "") -> Response:
    """Every topic of one dossier (the first in force by default), fired or not, with what counted and what lacked."""
    topics = desk.queries.topics()
    slug = dossier or next((row.dossier for row in topics), "")
    found = explain_article(desk.monitor.store, article, slug, desk.settings.cache_dir)
    return render(
        request,
        desk,
        principal,
        "why.html",
        row=desk.queries.article(article),
        found=found,
        topics=sorted(found.topics, key=lambda topic: (-topic.fired, -topic.score, -topic.raw)),
        titles={row.slug: row.title for row in topics if row.dossier == slug},
        slug=slug,
    )


def marks(found: Sequence[Finding], field: str) -> list[Mark]:
    """The evidence of all topics in one field; each topic has a tone."""
    return [
        Mark(span["start"], span["end"], tone, finding.title)
        for tone, finding in enumerate(found)
        for span in finding.evidence
        if span["field"] == field
    ]


def edits(row: ArticleRow, earlier: Sequence[RevisionRow]) -> list[Edited]:
    """Each earlier version against the one that came after it, newest first."""
    found, after = [], (row.title, row.lead, row.text)
    for revision in earlier:
        before = (revision.title, revision.lead, revision.text)
        found.append(Edited(revision, difference("\n".join(before), "\n".join(after))))
        after = before
    return found


def difference(before: str, after: str) -> list[Markup | None]:
    """The paragraphs that changed: words that went as `<del>`, those that came as `<ins>`, and some of what stayed
    around them. None stands for paragraphs in between in which every word stayed.
    """
    old, new = _pieces(before), _pieces(after)
    paragraphs: list[list[tuple[str, list[str]]]] = [[]]
    for kind, i, j, k, m in SequenceMatcher(a=old, b=new, autojunk=True).get_opcodes():
        runs = [("", new[k:m])] if kind == "equal" else [("del", old[i:j]), ("ins", new[k:m])]
        for tag, run in runs:
            for number, words in enumerate(_cut(run)):
                if number and tag != "del":  # what went gives no paragraph of its own
                    paragraphs.append([])
                if words:
                    paragraphs[-1].append((tag, words))
    return _only_changed(paragraphs)


def _pieces(text: str) -> list[str]:
    return [piece for line in text.split("\n") if line.strip() for piece in (*line.split(), BREAK)]


def _cut(run: list[str]) -> list[list[str]]:
    cut: list[list[str]] = [[]]
    for piece in run:
        if piece == BREAK:
            cut.append([])
        else:
            cut[-1].append(piece)
    return cut


def _only_changed(paragraphs: list[list[tuple[str, list[str]]]]) -> list[Markup | None]:
    found: list[Markup | None] = []
    for runs in paragraphs:
        if any(tag for tag, _ in runs):
            found.append(Markup(" ").join(_shown(tag, words) for tag, words in runs))
        elif runs and found and found[-1] is not None:
            found.append(None)
    while found and found[-1] is None:
        found.pop()
    return found


def _shown(tag: str, words: list[str], keep: int = 24) -> Markup:
    if tag:
        return MARKS[tag].format(" ".join(words))
    if len(words) <= 2 * keep:
        return escape(" ".join(words))
    return escape(f"{' '.join(words[:keep])} […] {' '.join(words[-keep:])}")
