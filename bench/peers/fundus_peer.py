"""fundus as its documentation shows: a publisher for each host, its RSS sources, a parser for its pages; `Crawler`.

`crawl FEEDS.txt 0`: every article of these feeds; one thread a publisher, no delay between downloads.
"""

import datetime
import json
import sys
from pathlib import Path
from urllib.parse import urlsplit

from fundus import Crawler, RSSFeed
from fundus.parser import ArticleBody, BaseParser, ParserProxy, attribute
from fundus.parser.utility import extract_article_body_with_selector, generic_author_parsing, generic_date_parsing
from fundus.publishers.base_objects import Publisher, PublisherGroup
from lxml.etree import XPath

BODIES = "article__body", "post-content", "article-text", "story-body"


class FarmParser(ParserProxy):
    class V1(BaseParser):
        _paragraphs = XPath("|".join(f"//*[contains(@class, '{name}')]//p" for name in BODIES))

        @attribute
        def body(self) -> ArticleBody | None:
            return extract_article_body_with_selector(self.precomputed.doc, paragraph_selector=self._paragraphs)

        @attribute
        def title(self) -> str | None:
            return self.precomputed.meta.get("og:title")

        @attribute
        def publishing_date(self) -> datetime.datetime | None:
            return generic_date_parsing(self.precomputed.ld.bf_search("datePublished"))

        @attribute
        def authors(self) -> list[str]:
            return generic_author_parsing(self.precomputed.ld.bf_search("author"))


def publishers(feeds: list[str]) -> list[Publisher]:
    hosts: dict[str, list[str]] = {}
    for feed in feeds:
        hosts.setdefault(urlsplit(feed).netloc, []).append(feed)
    made = {
        f"Farm{number}": Publisher(
            name=f"Farm {host}", domain=f"http://{host}/", parser=FarmParser, sources=[RSSFeed(url) for url in urls]
        )
        for number, (host, urls) in enumerate(hosts.items())
    }
    group = PublisherGroup("FarmGroup", (), {"default_language": "fr", **made})
    return [getattr(group, name) for name in made]


def main() -> None:
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        _, path, _ = line.split()
        crawler = Crawler(*publishers(Path(path).read_text().split()), delay=0.0)
        texts = sum(bool(article.body) for article in crawler.crawl(only_complete=False, error_handling="raise"))
        print(json.dumps({"texts": texts}), flush=True)


main()
