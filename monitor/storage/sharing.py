"""Which articles share most keys with a text: the question, asked and answered in one statement on each database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

NEWEST = 8  # articles looked at for each key: any of a story's reprints leads to it
KEY = 840  # what a key weighs, shared out among the articles that have it: it stays whole, divided by any of 1 to 8
LEAST = KEY // 4  # what an article must share to be weighed: a key that three others have, two that seven others have
CANDIDATES = 3  # weighed, those that share most; the true copy is among them

# Id, story and sketch of the articles that share most, most first. All keys are one value: a row or a parameter for
# each would cost several times as much. SQLite has no subquery in FROM that sees what stands beside it, so there the
# newest articles of each key become one text, which `most_shared` ranks.
SHARING = {
    "sqlite": f"""SELECT articles.id, story_id, sketch FROM json_each(most_shared((
        SELECT group_concat((SELECT group_concat(article_id) FROM (
            SELECT article_id FROM {{table}} WHERE hash = asked.value AND article_id >= ?
            ORDER BY article_id DESC LIMIT {NEWEST})), ';') FROM json_each(?) AS asked))) AS found
        JOIN articles ON articles.id = found.value ORDER BY found.key""",  # noqa: S608 - our own numbers
    "postgresql": f"""SELECT articles.id, story_id, sketch FROM (
        SELECT article_id, sum(share) AS weight FROM (
            SELECT article_id, {KEY} / count(*) OVER (PARTITION BY key) AS share
            FROM (SELECT CAST(%s AS bigint) AS first) AS age, unnest(CAST(%s AS bigint[])) AS asked(key)
            CROSS JOIN LATERAL (SELECT article_id FROM {{table}} WHERE hash = key AND article_id >= first
                ORDER BY article_id DESC LIMIT {NEWEST}) AS newest) AS shared
        GROUP BY article_id HAVING sum(share) >= {LEAST} ORDER BY weight DESC, article_id LIMIT {CANDIDATES}) AS found
        JOIN articles ON articles.id = found.article_id ORDER BY weight DESC, articles.id""",  # noqa: S608
}


# The same of many texts at once: each key with the newest articles that have it, newest first; they are ranked here, as
# texts that come together share keys as well.
NEWEST_OF_KEYS = {
    "sqlite": f"""SELECT asked.value, (SELECT group_concat(article_id) FROM (
        SELECT article_id FROM copy_keys WHERE hash = asked.value AND article_id >= ?
        ORDER BY article_id DESC LIMIT {NEWEST})) FROM json_each(?) AS asked""",  # noqa: S608 - our own numbers
    "postgresql": f"""SELECT key, string_agg(CAST(article_id AS text), ',' ORDER BY article_id DESC)
        FROM (SELECT CAST(%s AS bigint) AS first) AS age, unnest(CAST(%s AS bigint[])) AS asked(key)
        CROSS JOIN LATERAL (SELECT article_id FROM copy_keys WHERE hash = key AND article_id >= first
            ORDER BY article_id DESC LIMIT {NEWEST}) AS newest GROUP BY key""",  # noqa: S608
}


def most_shared(found: str | None) -> str:
    """Of the articles of each key ("7,3;7"), those that share most, as a JSON list; a function of our SQLite's."""
    return str(ranked([*map(int, key.split(","))] for key in (found or "").split(";") if key))


def ranked(keys: Iterable[Sequence[int]]) -> list[int]:
    """Of the articles of each key those that share most, most first."""
    shares: defaultdict[int, int] = defaultdict(int)
    for articles in keys:
        share = KEY // len(articles)
        for article in articles:
            shares[article] += share
    found = sorted((-share, article) for article, share in shares.items() if share >= LEAST)
    return [article for _, article in found[:CANDIDATES]]
