"""A feed's entries come back as they were; what is no such text is refused; only text and times come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydantic_core import to_json

from monitor.domain.cleaning import clean
from monitor.domain.model import EntryData, FeedData, ParsedFeed
from monitor.errors import ContentError
from monitor.fetch import packing
from monitor.fetch.packing import pack, unpack
from monitor.fetch.sandbox import _feed
from monitor.fetch.sandbox_child import RESULT

CHECKED = TypeAdapter(tuple[EntryData, ...])
TEXT = st.text(max_size=20).map(clean)
SAID = TEXT.filter(bool)
OPTIONAL = st.none() | SAID
WHEN = st.none() | st.datetimes(timezones=st.just(UTC))
ENTRY = st.builds(
    EntryData, SAID, TEXT, OPTIONAL, OPTIONAL, TEXT, TEXT, WHEN, WHEN, st.lists(SAID, max_size=3).map(tuple), OPTIONAL
)


def replied(parsed: ParsedFeed) -> ParsedFeed:
    return _feed(RESULT + pack(parsed))


@given(st.lists(ENTRY, max_size=4).map(tuple))
def test_entries_come_back_as_they_were(entries: tuple[EntryData, ...]) -> None:
    parsed = ParsedFeed(FeedData("Été", ttl=timedelta(minutes=5), entries=entries, warnings=("a\nb",)), ("h",), 2)
    assert replied(parsed) == parsed


def test_an_entry_that_was_never_updated_has_one_time() -> None:
    when = datetime(2026, 3, 1, 12, tzinfo=UTC)
    entry = EntryData("1", "Titre", published_at=when, updated_at=when)
    [found] = replied(ParsedFeed(FeedData(entries=(entry,)))).data.entries
    assert found.updated_at is found.published_at


DIGITS = "0123456789"
USUAL = "2026-03-01T12:00:00+00:00"
DATES = ("", "=", "hier", USUAL, "2026-12-31T23:59:59.000001+00:00", "2026-03-01T12:00:00", "2026-03-01T12:00:00+01:00")
WRITTEN = st.sampled_from(DATES) | st.builds(
    lambda date, at, sign: date[:at] + sign + date[at + 1 :],
    st.sampled_from(DATES[3:5]),
    st.integers(0, 31),
    st.sampled_from([*DIGITS, "-", ":", ".", "T", "Z", "é", ""]),
)
PIECES = st.sampled_from([b"", b"a", "é’😀".encode(), b"\xff", b"a\x1fb", b"\x1f", b"\xed\xa0\x80"])


def outcome(way: Callable[..., Sequence[Sequence[object]]], packed: bytes) -> object:
    try:
        return [list(column) for column in way(packed, packing._instant, packing._names)]
    except ValueError as error:
        return isinstance(error, UnicodeDecodeError)


@pytest.mark.skipif(not packing.COMPILED, reason="nothing was compiled here")
@given(st.lists(st.tuples(*[PIECES] * 4, WRITTEN, WRITTEN, *[PIECES] * 4), min_size=1, max_size=3), st.booleans())
def test_compiled_and_in_python_the_same(rows: list[tuple[bytes | str, ...]], cut: bool) -> None:
    pieces = [
        piece if isinstance(piece, bytes) else piece.encode() for piece in chain.from_iterable(zip(*rows, strict=True))
    ]
    packed = b"\x1e".join(pieces[:-1] if cut else pieces)
    compiled, in_python = outcome(packing._parted, packed), outcome(packing.parted_in_python, packed)
    # of several things that are wrong either may be told first
    assert compiled == in_python or (isinstance(compiled, bool) and isinstance(in_python, bool))


ODD = st.none() | st.text(max_size=5) | st.sampled_from(["\x1e", "a\x1fb", "\ud800", "é’😀"])
ANY_WHEN = WHEN | st.datetimes(timezones=st.sampled_from([None, timezone(timedelta(hours=1)), timezone(timedelta(0))]))
ANY_ENTRY = st.builds(
    EntryData, ODD, ODD, ODD, ODD, ODD, ODD, ANY_WHEN, ANY_WHEN, st.lists(ODD, max_size=3).map(tuple), ODD
)
SAME_TIMES = ENTRY.map(lambda entry: replace(entry, updated_at=entry.published_at))


def written(way: Callable[[tuple[EntryData, ...]], bytes], entries: tuple[EntryData, ...]) -> object:
    try:
        return way(entries)
    except (TypeError, UnicodeEncodeError):
        return None


@pytest.mark.skipif(not packing.COMPILED, reason="nothing was compiled here")
@given(st.lists(ENTRY | SAME_TIMES | ANY_ENTRY, min_size=1, max_size=3).map(tuple))
def test_joined_in_c_and_in_python_the_same(entries: tuple[EntryData, ...]) -> None:
    assert written(packing._joined, entries) == written(packing.joined_in_python, entries)


@pytest.mark.skipif(not packing.COMPILED, reason="nothing was compiled here")
@pytest.mark.parametrize("at", range(len(USUAL)))
def test_a_time_is_read_as_the_standard_library_reads_it(at: int) -> None:
    for sign in (*DIGITS, "-", "+", ":", "x"):
        packed = "\x1e".join(["1", "", "", "", USUAL[:at] + sign + USUAL[at + 1 :], *[""] * 5]).encode()
        assert outcome(packing._parted, packed) == outcome(packing.parted_in_python, packed)


VALUE = st.binary(max_size=4) | st.sampled_from([b"", b"=", b"2026-03-01", b"2026-03-01T12:00:00+00:00"])


@given(st.lists(VALUE, min_size=10, max_size=10) | st.lists(VALUE, max_size=21))
def test_of_any_bytes_come_entries_or_nothing(values: list[bytes]) -> None:
    try:
        found = unpack(b"\x1e".join(values))
    except ValueError:
        return
    assert CHECKED.validate_json(to_json(found)) == found


@pytest.mark.parametrize(
    "dates", [b"hier\x1e", b"2026-03-01T12:00:00\x1e", b"2026-03-01T12:00:00+01:00\x1e", b"=\x1e", b"\x1ehier"]
)
def test_a_time_that_is_none_or_not_in_utc_is_refused(dates: bytes) -> None:
    values = (b"i", b"", b"", b"", dates, b"titre", b"", b"", b"")
    assert unpack(b"\x1e".join(values).replace(dates, b"\x1e"))
    with pytest.raises(ValueError, match=r"UTC|isoformat"):
        unpack(b"\x1e".join(values))


@pytest.mark.parametrize("text", [b"rubbish", b"\x1e" * 9 + b"\xff", b"\x1e" * 10])
def test_a_reply_that_is_none_is_the_child_s_fault(text: bytes) -> None:
    with pytest.raises(ContentError, match="reply is none") as raised:
        _feed(RESULT + b'{"data":{}}\n' + text)
    assert raised.value.kind == "crashed"


@pytest.mark.parametrize(
    "entry", [EntryData("1", "a\x1eb"), EntryData("1", "", authors=("a\x1e",)), EntryData("\x1e", "")]
)
def test_what_was_not_cleaned_is_not_packed(entry: EntryData) -> None:
    with pytest.raises(ValueError, match="separator"):
        pack(ParsedFeed(FeedData(entries=(entry,))))
