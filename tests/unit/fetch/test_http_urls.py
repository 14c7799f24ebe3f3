import pytest

from monitor.errors import FetchError, FetchFailure
from monitor.fetch.addresses import AllowList
from monitor.fetch.http_urls import check_port, check_url, join_url

BAD = [
    "",
    "ftp://a.example/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "gopher://a.example:70/_x",
    "//a.example/",
    "http:/a",
    "http://",
    "http:///path",
    "http://user:pass@a.example/",
    "http://user@a.example/",
    "http://@a.example/",
    "http://a.example\\@b.example/",
    "http://a.example/\r\nX: y",
    "http://a.example/\x00",
    "http://a.example/ b",
    "http://a.example\u200b/",
    "http://0x7f.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://127.1/",
    "http://0177.0.0.1/",
    "http://127.0.0.1%2f@a.example/",
    "http://[fe80::1%25eth0]/",
    "http://[::1/",
    "http://a..example/",
    "http://.example/",
    "http://a.example:0/",
    "http://a.example:99999/",
    "http://a.example:port/",
    "http://" + "a" * 64 + ".example/",
    "http://a.example/" + "x" * 5000,
    "http://a.example#@b.example\\",
]


@pytest.mark.parametrize("url", BAD)
def test_a_url_that_two_parsers_could_read_apart_is_refused(url: str) -> None:
    with pytest.raises(FetchError) as caught:
        check_url(url)
    assert caught.value.kind is FetchFailure.BAD_URL
    assert caught.value.permanent


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/feed?x=%7Ea&sig=a%2Fb+c",
        "http://a.example:8080/%C3%A9",
        "http://1.1.1.1/",
        "http://[2606:4700::1111]/",
        "http://a_b.example/",
    ],
)
def test_an_ordinary_url_is_sent_as_it_stands(url: str) -> None:
    assert str(check_url(url)) == url


def test_accents_are_encoded() -> None:
    assert str(check_url("https://été.example/à?q=é")) == "https://xn--t-9fab.example/%C3%A0?q=%C3%A9"


def test_full_width_digits_are_a_literal_address_after_all() -> None:
    assert check_url("http://１２７.0.0.1/").raw_host == "127.0.0.1"


def test_a_fragment_is_dropped() -> None:
    assert str(check_url("http://a.example/x#y")) == "http://a.example/x"


def test_a_redirect_is_relative_to_its_page_and_checked() -> None:
    base = check_url("http://a.example/x/y")
    assert str(join_url(base, "../z")) == "http://a.example/z"
    with pytest.raises(FetchError):
        join_url(base, "ja\tvascript:alert(1)")


def test_only_web_ports_are_open_unless_allowed() -> None:
    check_port("a.example", 6379, frozenset({80, 443}), AllowList.parse("a.example:6379"))
    with pytest.raises(FetchError):
        check_port("a.example", 6379, frozenset({80, 443}), AllowList())


def test_a_host_that_was_refused_is_refused_again_at_each_of_its_addresses() -> None:
    assert str(check_url("http://a.example/1"))
    for path in ("1", "1", "2"):
        with pytest.raises(FetchError):
            check_url(f"http://a..example/{path}")
