"""The article's paragraphs: trafilatura, on the one article's element where the page has one."""

from __future__ import annotations

from copy import deepcopy

from lxml import etree, html
from trafilatura import bare_extraction
from trafilatura.metadata import Document

from monitor.fetch.pages.blocks import squeeze

MIN_TEXT = 200  # characters below which an `article` element is a teaser


def paragraphs_of(root: html.HtmlElement) -> list[str]:
    """The paragraphs of the page's article, in order; [] when there is none to be seen."""
    document = bare_extraction(_scope(root), fast=True, include_comments=False)
    text = document.text if isinstance(document, Document) else None
    return [line for line in map(squeeze, (text or "").split("\n")) if line]


def _scope(root: html.HtmlElement) -> html.HtmlElement:
    articles = [element for element in root.iter("article") if not any(True for _ in element.iterancestors("article"))]
    if len(articles) != 1 or len(squeeze(articles[0].text_content())) < MIN_TEXT:
        return deepcopy(root)
    page = html.Element("html")
    etree.SubElement(page, "body").append(deepcopy(articles[0]))
    return page
