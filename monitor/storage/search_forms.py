"""Words that the index is asked: on PostgreSQL without forms that no article has, on SQLite whole ones for beginnings.

SQLite gathers all articles of all words with a beginning before it gives the newest; of the words themselves it gives
the newest at once. An inflected verb has some forty forms, most of which the press never writes; GIN weighs each of
them for every article that it looks at. Forms once found absent are asked for all at once before each search, which
takes a tenth of a millisecond; the answer holds for what that search can see.
"""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from monitor.domain.words import Every, Some, Word, Words, every, has_prefix, some
from monitor.storage.search_descent import FEW_FORMS

MOST_KNOWN = 50_000
MOST_WORDS = 200  # that begin alike; of more, SQLite gathers the articles itself

_COMMON = text(
    "SELECT unnest(most_common_elems::text::text[]) FROM pg_stats "
    "WHERE schemaname = current_schema() AND tablename = 'article_words' AND attname = 'words'"
)
_PRESENT = text(
    "SELECT form FROM unnest(CAST(:forms AS text[])) AS form WHERE EXISTS "
    "(SELECT 1 FROM article_words WHERE words @@ CAST(quote_literal(form) AS tsquery))"
)
_ANY = text("SELECT EXISTS (SELECT 1 FROM article_words WHERE words @@ CAST(:words AS tsquery))")


class _Known:
    """What a process learnt of one database."""

    def __init__(self, session: Session) -> None:
        self.present = set(session.connection().execute(_COMMON).scalars())
        self.absent: set[str] = set()

    def learn(self, session: Session, forms: set[str]) -> None:
        """Ask for each of the forms."""
        there = set(session.connection().execute(_PRESENT, {"forms": sorted(forms)}).scalars())
        if len(self.present) + len(self.absent) < MOST_KNOWN:
            self.present |= there
            self.absent |= forms - there


_KNOWN: WeakKeyDictionary[Engine, _Known] = WeakKeyDictionary()


_VOCABULARY = text(
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.article_vocabulary USING fts5vocab(main, article_words, row)"
)
_BEGINNING = text("SELECT term FROM temp.article_vocabulary WHERE term >= :first AND term < :last LIMIT :most")


def present_words(session: Session, words: Words) -> Words | None:
    """The words as the index should be asked for them; None when no article can have them."""
    if session.get_bind().dialect.name == "sqlite":
        return _whole(session, words) if has_prefix(words) else words
    return _present(session, words)


def _whole(session: Session, words: Words) -> Words | None:
    """Beginnings replaced by the words there are."""
    if isinstance(words, Word):
        return _beginning(session, words) if words.prefix else words
    whole = tuple(_whole(session, part) for part in words.parts)
    if isinstance(words, Every):
        return None if None in whole else every(whole)
    return some(one for one in whole if one is not None)


def _beginning(session: Session, word: Word) -> Words | None:
    session.connection().execute(_VOCABULARY)
    # the index holds its words in the order of their bytes, and no byte of a word is the highest
    asked = {"first": word.text, "last": word.text + "\U0010ffff", "most": MOST_WORDS + 1}
    found = session.connection().execute(_BEGINNING, asked).scalars().all()
    return word if len(found) > MOST_WORDS else some(Word(one) for one in found)


def _present(session: Session, words: Words) -> Words | None:
    forms = {word.text for word in _leaves(words) if not word.prefix}
    if len(forms) <= FEW_FORMS:
        return words
    engine = session.get_bind().engine
    known = _KNOWN.get(engine) or _KNOWN.setdefault(engine, _Known(session))
    unknown = forms - known.present - known.absent
    if unknown:
        known.learn(session, unknown)
    absent = forms & known.absent
    if absent and session.connection().execute(_ANY, {"words": " | ".join(f"'{form}'" for form in absent)}).scalar():
        known.absent -= absent
        known.learn(session, absent)
        absent &= known.absent
    return _without(words, absent)


def _leaves(words: Words) -> Iterator[Word]:
    if isinstance(words, Word):
        yield words
    else:
        for part in words.parts:
            yield from _leaves(part)


def _without(words: Words, absent: set[str]) -> Words | None:
    match words:
        case Word(form, prefix):
            return words if prefix or form not in absent else None
        case Every(parts):
            kept = tuple(_without(part, absent) for part in parts)
            return Every(tuple(one for one in kept if one is not None)) if None not in kept else None
        case Some(parts):
            left = tuple(one for part in parts if (one := _without(part, absent)) is not None)
            return (left[0] if len(left) == 1 else Some(left)) if left else None
