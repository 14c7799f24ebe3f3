"""Which words are so frequent that their pairs are words of the index (see `search_pairs`)."""

from __future__ import annotations

from collections import Counter

from sqlalchemy.orm import Session

from monitor.domain.terms import SMALL_WORDS
from monitor.domain.words import index_words
from monitor.storage.dossiers import put_setting
from monitor.storage.engine import Store
from monitor.storage.search_filters import newest_article
from monitor.storage.search_pairs import KEY, paired_words
from monitor.storage.search_walk import newest_documents

SHARE = 0.05  # of the articles: a phrase of rarer words has few to be looked for in
MOST = 1000  # words
ENOUGH, SAMPLE = 5000, 2000  # articles before the first words are taken; articles that are looked at
AHEAD = 1000  # ids, which transactions that are not seen yet may have taken


def learn_pairs(store: Store, enough: int = ENOUGH) -> int:
    """Take words that have become frequent among those whose pairs are indexed; gives how many are new.
    None before there are `enough` articles.

    A quarter of a second. Words that are frequent no more stay: what was indexed with them is to be told.
    """
    with store.read() as session:
        if newest_article(session) < enough:
            return 0
        frequent = _frequent(session)
        if set(frequent) <= set(paired_words(session).since):
            return 0
    with store.write_alone() as session:
        known = paired_words(session).since
        since = newest_article(session) + AHEAD
        new = [word for word in frequent if word not in known][: max(MOST - len(known), 0)]
        put_setting(session, KEY, {**known, **dict.fromkeys(new, since)})
    return len(new)


def _frequent(session: Session) -> list[str]:
    """Words that stand in many of the newest articles, the most frequent first; of letters and digits alone, as any
    index takes them."""
    articles = newest_documents(session, SAMPLE)
    counted = Counter(word for _, document in articles for word in index_words(document))
    return [
        word
        for word, count in counted.most_common()
        if count >= SHARE * len(articles)
        and len(word) > 1
        and word.isascii()
        and word.isalnum()
        and word not in SMALL_WORDS
    ]
