"""Bytes to text: what a page is written in, and the same text in UTF-8."""

import pytest

from monitor.fetch.page_decoding import as_utf8, decode

BODIES = {
    "utf-8": "<p>Après l’été</p>".encode(),
    "with a mark before it": "<p>Après</p>".encode("utf-8-sig"),
    "latin-1 that says so": '<meta charset="iso-8859-1"><p>Après</p>'.encode("latin-1"),
    "windows-1252 that says nothing": "<p>Après l’été, «\xa0voilà\xa0»</p>".encode("cp1252"),
    "utf-16": "<p>Après</p>".encode("utf-16"),
    "utf-8 that was cut": "<p>Après l’été".encode()[:-1],
}


@pytest.mark.parametrize("name", BODIES)
def test_the_same_text_in_utf_8(name: str) -> None:
    text = decode(BODIES[name])
    assert text.startswith(("<p>Apr", "<meta"))
    assert as_utf8(BODIES[name]).decode() == text


def test_a_body_in_utf_8_is_not_written_anew() -> None:
    assert as_utf8(BODIES["utf-8"]) is BODIES["utf-8"]
