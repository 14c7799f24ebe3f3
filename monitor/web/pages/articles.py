"""An article: its text with every topic's evidence in its colour, why it matched, its versions, its story elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from fastapi import APIRouter, Request
from markupsafe import Markup, escape
from starlette.responses import Response

from monitor.storage.search_rows import ArticleRow, Finding, RevisionRow
from monitor.web.gate import Reader, TheDesk
from monitor.web.marking import Mark, marked, paragraphs
from monitor.web.pages.inbox import Key
from monitor.web.shell import render

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Edited:
    """An earlier version beside the one that replaced it: what went, what came."""

    revision: RevisionRow
    difference: Markup


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
    found, after = [], f"{row.title}\n{row.lead}\n{row.text}"
    for revision in earlier:
        before = f"{revision.title}\n{revision.lead}\n{revision.text}"
        found.append(Edited(revision, difference(before, after)))
        after = before
    return found


def difference(before: str, after: str) -> Markup:
    """Words that went as `<del>`, words that came as `<ins>`, and a little of what stayed around them."""
    old, new = before.split(), after.split()
    out: list[Markup] = []
    for kind, i, j, k, m in SequenceMatcher(a=old, b=new, autojunk=True).get_opcodes():
        if kind == "equal":
            out.append(_shortened(old[i:j]))
            continue
        if i < j:
            out.append(Markup("<del>{}</del>").format(" ".join(old[i:j])))
        if k < m:
            out.append(Markup("<ins>{}</ins>").format(" ".join(new[k:m])))
    return Markup(" ").join(out)


def _shortened(words: list[str], keep: int = 12) -> Markup:
    if len(words) <= 2 * keep:
        return escape(" ".join(words))
    return escape(f"{' '.join(words[:keep])} […] {' '.join(words[-keep:])}")
