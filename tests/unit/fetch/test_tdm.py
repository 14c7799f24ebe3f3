import json

import pytest

from monitor.fetch.tdm import reserved_by_file, reserved_by_headers, reserved_by_robots


@pytest.mark.parametrize(
    ("headers", "reserved"),
    [
        ({"tdm-reservation": "1"}, True),
        ({"tdm-reservation": "0"}, False),
        ({"x-robots-tag": "noindex, noai, noimageai"}, True),
        ({"x-robots-tag": "otherbot: noai"}, False),
        ({"x-robots-tag": "otherbot: noai, veille: noai"}, True),
        ({"x-robots-tag": "max-snippet: 50, noai"}, True),
        ({}, False),
    ],
)
def test_headers_reserve(headers: dict[str, str], reserved: bool) -> None:
    assert (reserved_by_headers(headers) is not None) is reserved


def test_meta_elements_reserve() -> None:
    assert reserved_by_robots(["index, NOAI"])
    assert not reserved_by_robots(["noimageai", "all"])


@pytest.mark.parametrize(
    ("location", "path", "reserved"),
    [
        ("/", "/anything", True),
        ("/articles/", "/articles/1", True),
        ("/articles/", "/other", False),
        ("/*.html$", "/a/b.html", True),
        ("/*.html$", "/a/b.htmlx", False),
        ("/a*c*e", "/abcde", True),
        ("/a*c*e$", "/abcdef", False),
        ("", "/a", False),
    ],
)
def test_the_well_known_file_reserves_by_pattern(location: str, path: str, reserved: bool) -> None:
    body = json.dumps([{"location": location, "tdm-reservation": 1}]).encode()
    assert reserved_by_file(body, "https://a.example" + path) is reserved


def test_the_first_rule_that_fits_decides() -> None:
    body = b'[{"location": "/free/", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}]'
    assert not reserved_by_file(body, "https://a.example/free/x")
    assert reserved_by_file(body, "https://a.example/x")


@pytest.mark.parametrize("body", [b"", b"{}", b"[1, null, []]", b"<html>", b"[" * 100_000, b'[{"location": 3}]'])
def test_a_file_that_is_none_reserves_nothing(body: bytes) -> None:
    assert not reserved_by_file(body, "https://a.example/x")
