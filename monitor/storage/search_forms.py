"""Words that the index is asked: on PostgreSQL without forms that no article has, on SQLite whole ones for beginnings.

SQLite gathers all articles of all words with a beginning before it gives the newest; of the words themselves it gives
the newest at once. An inflected verb has some forty forms, most of which the press never writes; GIN weighs each of
them for every article that it looks at. Forms once found absent are asked for all at once before each search, which
takes a tenth of a millisecond; the answer holds for what that search can see.
"""

from __future__ import annotations

import math
import time
from collections.abc import Hashable, Iterator
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, cast, column, exists, literal, select, table, text
from sqlalchemy.orm import Session

from monitor.domain.words import But, Every, Some, Word, Words, every, has_prefix, some
from monitor.storage.engine import VOCABULARY
from monitor.storage.search_descent import FEW_FORMS, Passed
from monitor.storage.types import TsQuery

MOST_KNOWN = 50_000
MOST_QUESTIONS = 500
KNOWN_HOLDS = 3600.0  # seconds: the server counts its frequent words anew, if seldom
COMMON, MUCH_RARER = 0.1, 100.0  # of these shares a word is not asked of GIN beside one that is so much rarer
MOST_WORDS = 40  # that begin alike; of more, SQLite gathers the articles itself

_COMMON = text(
    "SELECT most_common_elems::text::text[], most_common_elem_freqs FROM pg_stats "
    "WHERE schemaname = current_schema() AND tablename = 'article_words' AND attname = 'words'"
)
_PRESENT = text(
    "SELECT form FROM unnest(CAST(:forms AS text[])) AS form WHERE EXISTS "
    "(SELECT 1 FROM article_words WHERE words @@ CAST(quote_literal(form) AS tsquery))"
)
INDEX = table("article_words", column("words"))


class Known:
    """What a process learnt of one PostgreSQL; `newest` is the highest article's id when last looked."""

    def __init__(self, session: Session) -> None:
        row = session.connection().execute(_COMMON).one_or_none()
        self.shares: dict[str, float] = dict(zip(*row, strict=False)) if row is not None and row[0] else {}
        self.present = set(self.shares)
        self.absent: set[str] = set()
        self.newest: int | None = None
        self.matches: dict[Hashable, int] = {}
        """By question: matches that will do, of the newest articles."""
        self.late: set[Hashable] = set()
        """Questions that few articles answer which were read long after they were published."""
        self._passed: dict[Hashable, Passed] = {}
        self.since = time.monotonic()

    def share(self, words: Words) -> float | None:
        """The share of articles that should have the words; None when that is not known."""
        if not self.shares:
            return None
        match words:
            case Word(form, prefix):
                return None if prefix else self.shares.get(form, 0.0)
            case Every(parts):
                shares = sorted(share for part in parts if (share := self.share(part)) is not None)
                # words that are asked for together stand together more often than chance has it
                if not shares:
                    return None
                return math.prod(shares) / math.sqrt(math.prod(shares[1:])) if all(shares) else 0.0
            case Some(parts):
                either = [self.share(part) for part in parts]
                return None if None in either else 1 - math.prod(1 - (share or 0.0) for share in either)
            case But(wanted, refused):
                share = self.share(wanted)
                return (
                    None if share is None else share * math.prod(1 - self.shares.get(one.text, 0.0) for one in refused)
                )

    def passed(self, question: Hashable) -> Passed:
        """What was seen of a question's conditions: its next page, or the same anew, begins with what one learnt."""
        if len(self._passed) + len(self.matches) > MOST_QUESTIONS:
            self._passed.clear()
            self.matches.clear()
        return self._passed.setdefault(question, Passed())

    def learn_late(self, question: Hashable, *, few: bool) -> None:
        """Keep whether few articles of a question were read long after they were published."""
        if few and len(self.late) < MOST_QUESTIONS:
            self.late.add(question)
        elif not few:
            self.late.discard(question)

    def narrowed(self, words: Words, *, within: bool) -> tuple[Words, Words | None]:
        """What GIN is asked, and what is asked of each article that it gives, None when that is nothing more.

        For each article of a rare word GIN looks anew for its place in a common word's list, which takes longer than to
        look at the article. `within` a stretch there are few articles, of which the refused words are asked, too.
        """
        parts = list(_conjuncts(words))
        shares = [self.share(part) for part in parts]
        rarest = min((share for share in shares if share is not None), default=0.0)
        kept = [
            part
            for part, share in zip(parts, shares, strict=True)
            if share is None or share < COMMON or share < MUCH_RARER * rarest
        ]
        refusing = isinstance(words, But)
        if len(kept) < len(parts) or (refusing and within):
            return every(kept) or words, words
        return words, None

    def learn(self, session: Session, forms: set[str]) -> None:
        """Ask for each of the forms."""
        there = set(session.connection().execute(_PRESENT, {"forms": sorted(forms)}).scalars())
        if len(self.present) + len(self.absent) < MOST_KNOWN:
            self.present |= there
            self.absent |= forms - there


_KNOWN: WeakKeyDictionary[Engine, Known] = WeakKeyDictionary()


def known_of(session: Session) -> Known:
    """What is known of the session's PostgreSQL."""
    engine = session.get_bind().engine
    known = _KNOWN.get(engine)
    if known is None or time.monotonic() - known.since > KNOWN_HOLDS:
        known = _KNOWN[engine] = Known(session)
    return known


class Frequent:
    """Words of which one SQLite had more articles than lead a search: their share of the articles, when last counted.

    To count them anew takes an eighth of a page. That they are fewer by now costs time alone.
    """

    def __init__(self) -> None:
        self._shares: dict[str, tuple[float, float]] = {}

    def share(self, words: str) -> float | None:
        """The share of words as the index is asked for them; None: to be counted."""
        share, since = self._shares.get(words, (None, 0.0))
        return share if time.monotonic() - since < KNOWN_HOLDS else None

    def keep(self, words: str, share: float) -> None:
        """Keep what was counted."""
        if len(self._shares) >= MOST_QUESTIONS:
            self._shares.clear()
        self._shares[words] = (share, time.monotonic())


_FREQUENT: WeakKeyDictionary[Engine, Frequent] = WeakKeyDictionary()


def frequent_of(session: Session) -> Frequent:
    """What is known of the session's SQLite."""
    return _FREQUENT.setdefault(session.get_bind().engine, Frequent())


_VOCABULARY = text(VOCABULARY)
# from word to word: a table of words counts the articles of each, which takes a second where they are common
_BEGINNING = text(
    "WITH RECURSIVE words(term) AS ("
    "SELECT (SELECT term FROM temp.article_vocabulary WHERE term >= :first AND term < :last LIMIT 1) UNION ALL "
    "SELECT (SELECT term FROM temp.article_vocabulary WHERE term >= words.term || char(1) AND term < :last LIMIT 1) "
    "FROM words WHERE words.term IS NOT NULL LIMIT :most) SELECT term FROM words WHERE term IS NOT NULL"
)


class Forms:
    """Words before they are asked; `pairs` are the same for articles that are indexed with pairs."""

    def __init__(self, session: Session, words: Words | None, pairs: Words | None = None) -> None:
        self._session, self._words, self._pairs, self._absent = session, words, pairs, set[str]()
        self._sqlite = session.get_bind().dialect.name == "sqlite"
        forms = {word.text for word in _leaves(words) if not word.prefix} if words is not None else set()
        self.many = not self._sqlite and len(forms) > FEW_FORMS
        if self.many:
            self._known = known_of(session)
            if unknown := forms - self._known.present - self._known.absent:
                self._known.learn(session, unknown)
            self._absent = forms & self._known.absent

    @property
    def asked(self) -> bool:
        """Whether there are words at all."""
        return self._words is not None

    @property
    def absent(self) -> str:
        """Forms that no article had: whether one has by now is to be asked. As the server reads them; empty: none."""
        return " | ".join(f"'{form}'" for form in sorted(self._absent))

    def present(self, *, found: bool = False) -> Words | None:
        """The words as the index should be asked for them; None when no article can have them. `found`: the answer."""
        if self._words is None:
            return None
        if self._sqlite:
            return _whole(self._session, self._words) if has_prefix(self._words) else self._words
        absent = self._absent
        if found:
            self._known.absent -= absent
            self._known.learn(self._session, absent)
            absent &= self._known.absent
            self._absent = absent
        return _without(self._words, absent)

    @property
    def paired(self) -> Words | None:
        """The same of the pairs: what is absent is so in them, too."""
        if self._pairs is None:
            return None
        if self._sqlite:
            return _whole(self._session, self._pairs) if has_prefix(self._pairs) else self._pairs
        return _without(self._pairs, self._absent)


def present_words(session: Session, words: Words) -> Words | None:
    """The same at once."""
    forms = Forms(session, words)
    return forms.present(found=any_has(session, forms.absent))


def any_has(session: Session, forms: str) -> bool:
    """Whether an article has one of these forms by now."""
    asked = cast(literal(forms), TsQuery())
    there = exists(select(literal(1)).select_from(INDEX).where(INDEX.c.words.op("@@")(asked)))
    return bool(forms) and bool(session.scalar(select(there)))


def _whole(session: Session, words: Words) -> Words | None:
    """Beginnings replaced by the words there are."""
    if isinstance(words, Word):
        return _beginning(session, words) if words.prefix else words
    if isinstance(words, But):
        wanted = _whole(session, words.wanted)
        return None if wanted is None else But(wanted, words.refused)
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


def _conjuncts(words: Words) -> Iterator[Words]:
    match words:
        case Every(parts):
            for part in parts:
                yield from _conjuncts(part)
        case But(wanted, _):
            yield from _conjuncts(wanted)
        case _:
            yield words


def _leaves(words: Words) -> Iterator[Word]:
    if isinstance(words, Word):
        yield words
    elif isinstance(words, But):
        yield from _leaves(words.wanted)
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
        case But(wanted, refused):
            there = _without(wanted, absent)
            return None if there is None else But(there, refused)
