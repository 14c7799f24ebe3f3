"""Bodies in pieces: what the standard library's zlib says of a stream is what is read here."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import FetchError, FetchFailure
from monitor.fetch.http_body import Body

TEXTS = st.binary(max_size=300).map(lambda piece: piece * 40)
STEPS = st.integers(1, 2000)


def add_all(body: Body, sent: bytes, step: int) -> None:
    for at in range(0, len(sent), step):
        body.add(sent[at : at + step])


def read(encoding: str, sent: bytes, step: int, limit: int = 100_000) -> bytes | FetchFailure:
    body = Body(encoding, limit)
    try:
        add_all(body, sent, step)
        return body.finish()
    except FetchError as error:
        return error.kind


def by_the_standard_library(sent: bytes) -> bytes | FetchFailure:
    stream = zlib.decompressobj(31)
    try:
        text = stream.decompress(sent)
    except zlib.error:
        return FetchFailure.ENCODING
    return text if stream.eof else FetchFailure.TRUNCATED


@given(TEXTS, STEPS)
def test_each_encoding_gives_the_text_back(text: bytes, step: int) -> None:
    assert read("", text, step) == text
    assert read("gzip", gzip.compress(text), step) == text
    assert read("gzip", gzip.compress(text) + gzip.compress(b"more"), step) == text + b"more"
    assert read("deflate", zlib.compress(text), step) == text


@given(TEXTS, STEPS, st.integers(0, 3000), st.binary(min_size=1, max_size=1))
def test_a_damaged_stream_ends_as_zlib_says(text: bytes, step: int, at: int, wrong: bytes) -> None:
    whole = gzip.compress(text)
    at %= len(whole)
    damaged = whole[:at] + wrong + whole[at + 1 :]
    assert read("gzip", damaged, step) == by_the_standard_library(damaged)
    cut = whole[:at]
    assert read("gzip", cut, step) == (by_the_standard_library(cut) if cut else b"")


@pytest.mark.parametrize("encoding", ["", "gzip", "deflate"])
@given(text=TEXTS.filter(len), step=STEPS)
def test_one_byte_over_the_limit_is_too_large(encoding: str, text: bytes, step: int) -> None:
    packed = {"": text, "gzip": gzip.compress(text), "deflate": zlib.compress(text)}[encoding]
    limit = max(len(text), len(packed))
    assert read(encoding, packed, step, limit) == text
    assert read(encoding, packed, step, len(text) - 1) is FetchFailure.TOO_LARGE


def test_members_within_one_piece_share_the_limit() -> None:
    members = b"".join(gzip.compress(bytes(1000)) for _ in range(20))
    assert read("gzip", members, len(members), 20_000) == bytes(20_000)
    assert read("gzip", members, len(members), 19_999) is FetchFailure.TOO_LARGE


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@given(text=st.binary(min_size=60, max_size=300).map(lambda piece: piece * 40), step=STEPS)
def test_what_came_of_a_body_too_large_ends_at_the_limit(encoding: str, text: bytes, step: int) -> None:
    packed = {"gzip": gzip.compress(text), "deflate": zlib.compress(text)}[encoding]
    limit = len(text) - 1
    body = Body(encoding, limit)
    with pytest.raises(FetchError):
        add_all(body, packed, step)
    assert body.so_far() == text[: len(body.so_far())]
    assert len(body.so_far()) <= limit
