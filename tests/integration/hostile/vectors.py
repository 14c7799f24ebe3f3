# ruff: noqa: E501 - a table reads best with one vector a line
"""What a hostile server may do, and the one outcome that is right for each.

`want` is a `FetchFailure`, `status-NNN`, a `ContentError` kind, or `ok` (read, and nothing in what was read is unfit to
store). `advisory` names the published case that the vector stands for.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass

from tests.integration.hostile.server import (
    Answer,
    answer,
    deflated,
    endless,
    late,
    redirect,
    reset,
    silence,
    slowly,
    zipped,
)  # fmt: skip


@dataclass(frozen=True)
class Vector:
    name: str
    want: str
    sends: Answer = b""
    read_as: str = "feed"  # feed, page, robots
    url: str = ""  # else http://hostile.test:PORT/NAME; {port} and {inside} are replaced
    advisory: str = ""
    entries: int | None = None


ITEM = "<item><guid>1</guid><title>Titre</title><link>https://a.example/1</link><description>Texte</description></item>"
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def rss(items: str = ITEM, *, head: str = '<?xml version="1.0" encoding="utf-8"?>') -> bytes:
    text = (
        f'{head}<rss version="2.0"><channel><title>Essai</title><link>https://a.example/</link>{items}</channel></rss>'
    )
    return text.encode("utf-8", "surrogatepass")


def item(**parts: str) -> str:
    values = {"guid": "1", "title": "Titre", "link": "https://a.example/1"} | parts
    return "<item>" + "".join(f"<{name}>{value}</{name}>" for name, value in values.items()) + "</item>"


def html(body: str, head: str = "") -> bytes:
    paragraph = "<p>Le groupe a annoncé mardi une nouvelle étape de son implantation en Europe.</p>" * 8
    return answer(
        f"<!doctype html><html lang=fr><head><title>Titre</title>{head}</head><body><article><h1>Titre</h1>{paragraph}"
        f"{body}</article></body></html>".encode("utf-8", "surrogatepass"),
        Content_Type="text/html; charset=utf-8",
    )


FEED = rss()
GOOD = answer(FEED)

TRANSPORT = [
    Vector("closes-at-once", "protocol", b""),
    Vector("resets", "protocol|connect", reset),
    Vector("never-answers", "timeout", silence()),
    Vector("speaks-ssh", "protocol", b"SSH-2.0-OpenSSH_9.9\r\n"),
    Vector("speaks-http-0.9", "protocol", FEED),
    Vector("speaks-http-9.9", "protocol", b"HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n"),
    Vector("speaks-http-2", "protocol", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    Vector("status-line-only", "timeout", silence(b"HTTP/1.1 200 OK\r\n")),
    Vector("drips-headers", "timeout", slowly(HEAD + b"X: ")),
    Vector("drips-body", "timeout", slowly(HEAD + b"Content-Length: 100000\r\n\r\n")),
    Vector("drips-chunks", "timeout", slowly(CHUNKED, b"1\r\nx\r\n")),
    Vector("endless-headers", "protocol", endless(HEAD, b"X-Filler: " + b"x" * 1000 + b"\r\n")),
    Vector("one-endless-header", "protocol", endless(HEAD + b"X: ", b"x" * 4096)),
    Vector("ten-thousand-headers", "protocol", HEAD + b"X: y\r\n" * 10_000 + b"Content-Length: 0\r\n\r\n"),
    Vector("nul-in-a-header", "protocol", HEAD + b"X: a\x00b\r\nContent-Length: 0\r\n\r\n"),
    Vector("negative-length", "protocol", HEAD + b"Content-Length: -5\r\n\r\n"),
    Vector("length-of-words", "protocol", HEAD + b"Content-Length: ten\r\n\r\n"),
    Vector("two-lengths", "protocol", HEAD + b"Content-Length: 5\r\nContent-Length: 9\r\n\r\nxxxxxxxxx"),
    Vector("length-and-chunks", "protocol", HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Vector("chunk-of-words", "protocol", CHUNKED + b"zz\r\nx\r\n0\r\n\r\n"),
    Vector("chunk-of-exabytes", "protocol|truncated|too-large", CHUNKED + b"FFFFFFFFFFFFFFFF\r\nx"),
    Vector("endless-chunk-extension", "protocol|timeout", endless(CHUNKED + b"1;a=", b"x" * 4096)),
    Vector("endless-trailers", "protocol|truncated|timeout", endless(CHUNKED + b"0\r\n", b"X: y\r\n" * 100)),
    Vector("continues-for-ever", "timeout", slowly(b"", b"HTTP/1.1 100 Continue\r\n\r\n")),
    Vector("switches-protocols", "status-101|protocol|timeout", b"HTTP/1.1 101 Switch\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"),
    Vector("ends-in-the-headers", "protocol", b"HTTP/1.1 200 OK\r\nContent-Le"),
    Vector("tls-on-a-plain-port", "tls", GOOD, url="https://hostile.test:{port}/tls"),
    Vector("nobody-listens", "connect", url="http://closed.test:{closed}/"),
    Vector("says-too-much-and-closes", "protocol", GOOD + b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"),
    Vector("says-too-much", "ok", GOOD.replace(b"Connection: close\r\n", b"") + b"HTTP/1.1 200 OK\r\n\r\nbad", entries=1),
    Vector("a-line-too-many", "ok", GOOD.replace(b"Connection: close\r\n", b"") + b"\r\n", entries=1),
]  # fmt: skip

SIZES = [
    Vector("announces-100-gb", "too-large", answer(b"x", length=100_000_000_000)),
    Vector("endless-body", "too-large", endless(HEAD + b"Connection: close\r\n\r\n", b"x" * 65536)),
    Vector("endless-chunks", "too-large", endless(CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n")),
    Vector("gzip-bomb", "too-large", zipped(bytes(60_000_000))),
    Vector("deflate-bomb", "too-large", deflated(bytes(60_000_000))),
    Vector("gzip-in-gzip", "encoding", answer(b"x", Content_Encoding="gzip, gzip")),
    Vector("brotli", "encoding", answer(b"x" * 1600, Content_Encoding="br")),
    Vector("zstd", "encoding", answer(b"x", Content_Encoding="zstd")),
    Vector("unknown-encoding", "encoding", answer(b"x", Content_Encoding="x" * 5000)),
    Vector("ten-thousand-gzip-members", "encoding", answer(gzip.compress(b"") * 10_000, Content_Encoding="gzip")),
    Vector("plain-called-gzip", "encoding", answer(FEED, Content_Encoding="gzip")),
    Vector("gzip-with-a-wrong-sum", "encoding", answer(
        gzip.compress(FEED)[:-8] + b"\x00" * 8, Content_Encoding="gzip")),
    Vector("billion-laughs", "ok|not-a-feed|unreadable", answer(
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha">'
        + b"".join(b'<!ENTITY %c "&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;">' % ((b + 1,) + (b,) * 10) for b in range(97, 106))
        + b"]>" + rss(item(title="&j;"), head=""))),
    Vector("quadratic-blow-up", "ok|not-a-feed|unreadable|too-large", answer(
        b'<!DOCTYPE r [<!ENTITY a "' + b"x" * 50_000 + b'">]>' + rss(item(title="&a;" * 5000), head=""))),
    Vector("external-entity", "ok", answer(
        b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + rss(item(title="&a;"), head=""))),
    Vector("external-subset", "ok", answer(
        b'<!DOCTYPE rss SYSTEM "http://127.0.0.1:{inside}/x.dtd">' + rss(head=""))),
    Vector("parameter-entity", "ok|not-a-feed|unreadable", answer(
        b'<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:{inside}/p"> %p;]>' + rss(head=""))),
    Vector("forty-thousand-attributes", "ok|not-a-feed|unreadable", answer(
        rss("<item " + " ".join(f'a{n}="1"' for n in range(40_000)) + "><title>x</title></item>"))),
    Vector("a-hundred-thousand-levels", "ok|not-a-feed|unreadable|too-deep|crashed|slow", answer(
        rss("<a>" * 100_000 + "</a>" * 100_000))),
    Vector("fifty-thousand-items", "ok|slow", answer(rss("".join(item(guid=str(n)) for n in range(50_000))))),
    Vector("a-title-of-megabytes", "ok", answer(rss(item(title="mot " * 1_000_000)))),
    Vector("comments-of-megabytes", "ok", answer(rss("<!--" + "x" * 4_000_000 + "-->" + ITEM))),
    Vector("a-feed-of-less-than-signs", "not-a-feed|unreadable|html", answer(b"<" * 3_000_000)),
    Vector("json-of-brackets", "not-a-feed|unreadable|too-deep", answer(b"[" * 1_000_000)),
    Vector("json-with-a-huge-number", "not-a-feed|ok|unreadable", answer(
        b'{"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": [{"id": ' + b"9" * 100_000 + b"}]}")),
]  # fmt: skip

TRUNCATION = [
    Vector("shorter-than-announced", "truncated", answer(FEED, length=len(FEED) + 1)),
    Vector("chunks-without-an-end", "truncated", CHUNKED + b"5\r\nhello\r\n"),
    Vector("gzip-without-an-end", "truncated", zipped(FEED * 20, cut=-12)),
    Vector("gzip-without-its-sum", "truncated", zipped(FEED, cut=-4)),
    Vector("deflate-without-an-end", "truncated", deflated(FEED * 20, cut=-6)),
    Vector("gzip-of-ten-bytes", "truncated", zipped(FEED, cut=10)),
    Vector("empty-called-gzip", "not-a-feed|empty", answer(b"", Content_Encoding="gzip")),
    Vector("feed-cut-by-its-author", "ok|not-a-feed", answer(rss(ITEM * 5)[:-150])),
    Vector("nothing-at-all", "not-a-feed|empty", answer(b"")),
    Vector("blanks-only", "not-a-feed|empty", answer(b" \n" * 1000)),
]

STATUSES = [
    *(
        Vector(f"status-{status}", f"status-{status}", answer(b"<html>no</html>", status=f"{status} X"))
        for status in (400, 401, 402, 403, 404, 405, 406, 410, 418, 421, 429, 451, 500, 502, 503, 504, 520, 599, 999)
    ),
    Vector("status-204", "status-204", b"HTTP/1.1 204 No\r\n\r\n"),
    Vector("status-206", "status-206", answer(FEED, status="206 Partial")),
    Vector("status-300-without-location", "status-300", answer(status="300 Many")),
    Vector("status-302-without-location", "status-302", answer(status="302 Found")),
    Vector("status-304-unasked", "status-304", b"HTTP/1.1 304 Same\r\n\r\n"),
    Vector("status-000", "protocol|status-0", b"HTTP/1.1 000 X\r\nContent-Length: 0\r\n\r\n"),
    Vector("status-of-four-digits", "protocol", b"HTTP/1.1 2000 X\r\nContent-Length: 0\r\n\r\n"),
    Vector("status-of-words", "protocol", b"HTTP/1.1 abc X\r\nContent-Length: 0\r\n\r\n"),
    Vector("an-error-that-drips", "status-503", slowly(b"HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\n", every=0.3)),
    Vector("an-endless-error", "status-500", endless(b"HTTP/1.1 500 X\r\n\r\n", b"x" * 65536)),
    Vector("a-login-page", "html|not-a-feed", html("<form><input type=password></form>")),
]

INSIDE = [
    "http://127.0.0.1:{inside}/", "http://[::1]:{inside}/", "http://[::ffff:127.0.0.1]:{inside}/",
    "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://192.0.0.192/", "http://168.63.129.16/",
    "http://[64:ff9b::7f00:1]:{inside}/", "http://[2002:7f00:1::]/", "http://0.0.0.0:{inside}/", "http://localhost:{inside}/",
]  # fmt: skip
REDIRECTS = [
    Vector("redirects-to-itself", "redirect", redirect("/redirects-to-itself")),
    Vector("redirects-to-and-fro", "redirect", redirect("/redirects-fro")),
    Vector("redirects-five-times", "ok", redirect("/r4"), entries=1),
    Vector("redirects-six-times", "redirect", redirect("/r5")),
    Vector("redirects-308", "ok", redirect("/r0", "308 Permanent"), entries=1),
    Vector("redirects-nowhere", "redirect|bad-url", redirect("")),
    Vector("redirects-to-a-file", "bad-url", redirect("file:///etc/passwd"), advisory="GHSA-rph4-96w6-q594"),
    Vector("redirects-to-a-script", "bad-url", redirect("javascript:alert(1)")),
    Vector("redirects-to-ftp", "bad-url", redirect("ftp://a.example/feed")),
    Vector("redirects-to-gopher", "bad-url", redirect("gopher://127.0.0.1:{inside}/_GET")),
    Vector("redirects-to-a-user", "bad-url", redirect("http://hostile.test@127.0.0.1:{inside}/")),
    Vector("redirects-to-a-backslash", "bad-url", redirect("http:\\\\127.0.0.1:{inside}\\")),
    Vector("redirects-to-a-number", "bad-url", redirect("http://2130706433:{inside}/")),
    Vector("redirects-to-octal", "bad-url", redirect("http://0177.0.0.1:{inside}/")),
    Vector("redirects-to-hex", "bad-url", redirect("http://0x7f.1:{inside}/")),
    Vector("redirects-to-a-short-address", "bad-url", redirect("http://127.1:{inside}/")),
    Vector("redirects-to-port-22", "refused-address", redirect("http://93.184.215.14:22/")),
    Vector("redirects-to-a-long-url", "bad-url|protocol", redirect("/" + "x" * 6000)),
    Vector("redirects-to-a-very-long-url", "protocol", redirect("/" + "x" * 100_000)),
    Vector("redirects-to-latin-1", "bad-url|status-404", redirect("/caf\xe9")),
    Vector("redirects-slowly", "timeout", late(0.5, redirect("/redirects-slowly"))),
    Vector("redirects-with-an-endless-body", "ok", endless(b"HTTP/1.1 302 X\r\nLocation: /r0\r\n\r\n", b"x" * 65536), entries=1),
    Vector("refreshes-by-header", "ok", answer(FEED, Refresh="0; url=http://127.0.0.1:{inside}/"), entries=1),
    Vector("refreshes-by-meta", "html|not-a-feed", answer(b'<html><meta http-equiv=refresh content="0;url=http://127.0.0.1:{inside}/">')),
    *(
        Vector(f"redirects-inside-{number}", "refused-address", redirect(url), advisory="CVE-2026-27696")
        for number, url in enumerate(INSIDE)
    ),
]  # fmt: skip

# Names of the stubbed resolver, each with its answers.
NAMES: dict[str, Sequence[str]] = {
    "loopback.test": ["127.0.0.1"], "private.test": ["10.0.0.5"], "metadata.test": ["169.254.169.254"],
    "six.test": ["::1"], "mapped.test": ["::ffff:127.0.0.1"], "nat64.test": ["64:ff9b::7f00:1"], "6to4.test": ["2002:7f00:1::"],
    "mixed.test": ["93.184.215.14", "127.0.0.1"], "zero.test": ["0.0.0.0"], "cgnat.test": ["100.64.1.1"],
    "zone.test": ["fe80::1%eth0"], "junk.test": ["not an address"], "many.test": ["93.184.215.14"] * 50 + ["192.168.0.1"],
    "empty.test": [], "hostile.test": ["127.0.0.1"], "closed.test": ["127.0.0.1"], "localhost": ["127.0.0.1"],
}  # fmt: skip
SSRF = [
    *(
        Vector(f"name-{name.partition('.')[0]}", "refused-address", url=f"http://{name}:{{inside}}/", advisory=advisory)
        for name, advisory in {
            "loopback.test": "GHSA-xwh2-742g-w3wp", "private.test": "GHSA-496x-437q-h35q", "metadata.test": "GHSA-gwph-fp79-379w",
            "six.test": "", "mapped.test": "", "nat64.test": "", "6to4.test": "", "mixed.test": "", "zero.test": "",
            "cgnat.test": "", "zone.test": "", "junk.test": "", "many.test": "",
        }.items()
    ),
    Vector("name-unknown", "dns", url="http://unknown.test/"),
    Vector("name-without-address", "dns", url="http://empty.test/"),
    Vector("name-server-hangs", "timeout", url="http://hangs.test/"),
    *(Vector(f"literal-{number}", "refused-address", url=url) for number, url in enumerate(INSIDE)),
    Vector("literal-full-width", "refused-address", url="http://１２７.0.0.1:{inside}/"),
    Vector("literal-circled", "refused-address|bad-url", url="http://①②⑦.⓪.⓪.①:{inside}/"),
    Vector("name-with-a-dot", "refused-address", url="http://loopback.test.:{inside}/"),
    Vector("port-of-redis", "refused-address", url="http://93.184.215.14:6379/"),
    Vector("scheme-file", "bad-url", url="FILE:///etc/passwd", advisory="GHSA-rph4-96w6-q594"),
    Vector("scheme-file-one-slash", "bad-url", url="file:/etc/passwd"),
    Vector("user-in-the-url", "bad-url", url="http://a.example@127.0.0.1:{inside}/"),
    Vector("backslash-in-the-url", "bad-url", url="http://a.example\\@127.0.0.1:{inside}/"),
    Vector("line-break-in-the-url", "bad-url", url="http://hostile.test:{port}/x\r\nX-Evil: 1"),
    Vector("tab-in-the-url", "bad-url", url="http://loop\tback.test:{inside}/"),
    Vector("host-of-3000-characters", "bad-url", url="http://" + "a." * 1500 + "test/"),
]  # fmt: skip

BAD = "\x00\x07\x1b[31m\u202e\u2066\ufeff"
MARKUP = [
    Vector("utf-16-claimed", "ok", answer(rss(head='<?xml version="1.0" encoding="utf-16"?>'))),
    Vector("utf-7-claimed", "ok", answer(rss(item(title="+ADw-script+AD4-"), head='<?xml version="1.0" encoding="utf-7"?>'))),
    Vector("ebcdic-claimed", "ok|not-a-feed", answer(rss(head='<?xml version="1.0" encoding="cp037"?>'))),
    Vector("unknown-charset-claimed", "ok", answer(FEED, Content_Type="text/xml; charset=x-klingon")),
    Vector("rot13-claimed", "ok", answer(FEED, Content_Type="text/xml; charset=rot13")),
    Vector("two-marks-of-order", "ok", answer(b"\xef\xbb\xbf\xef\xbb\xbf" + FEED)),
    Vector("nul-bytes", "ok", answer(rss(item(title="a\x00b")))),
    Vector("illegal-references", "ok", answer(rss(item(title="a&#0;&#x1F;&#xD800;&#x110000;b")))),
    Vector("undeclared-entities", "ok", answer(rss(item(title="d&eacute;j&agrave; &nope;")))),
    Vector("controls-in-a-title", "ok", answer(rss(item(title="a" + BAD + "b")))),
    Vector("line-breaks-in-a-title", "ok", answer(rss(item(title="a&#13;&#10;Bcc: x@y.example")))),
    Vector("script-in-a-title", "ok", answer(rss(item(title="&lt;script&gt;alert(1)&lt;/script&gt;x"))), advisory="CVE-2025-32015"),
    Vector("iframe-in-a-summary", "ok", answer(rss(item(description="&lt;iframe srcdoc='&amp;lt;script&gt;'&gt;"))), advisory="CVE-2025-32015"),
    Vector("lone-surrogates-in-json", "ok", answer(json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": [{"id": "1", "title": "a\ud800b", "content_text": "\udfff"}]}
    ).encode())),
    Vector("cdata-left-open", "ok|not-a-feed|unreadable", answer(rss("<item><title><![CDATA[x</title></item>"))),
    Vector("two-roots", "ok", answer(FEED + FEED)),
    Vector("html-called-rss", "html|not-a-feed", answer(b"<!doctype html><html><body>x", Content_Type="application/rss+xml")),
    Vector("an-empty-channel", "ok", answer(rss("")), entries=0),
    Vector("a-picture", "not-a-feed", answer(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 50)),
    Vector("an-instruction-as-stylesheet", "ok", answer(b'<?xml-stylesheet href="http://127.0.0.1:{inside}/x.xsl"?>' + rss(head=""))),
]  # fmt: skip

IDENTITY = [
    Vector("all-guids-alike", "ok", answer(rss("".join(item(link=f"https://a.example/{n}") for n in range(10))))),
    Vector("no-guid-no-link", "ok", answer(rss("<item><title>Seul un titre</title></item>")), entries=1),
    Vector("a-guid-of-100-kb", "ok", answer(rss(item(guid="g" * 100_000)))),
    Vector("a-guid-with-nul", "ok", answer(rss(item(guid="a\x00&#0;b")))),
    Vector("nothing-in-an-item", "ok", answer(rss("<item></item>")), entries=0),
]
DATES = [
    Vector(f"date-{number}", "ok", answer(rss(item(pubDate=date))), entries=1)
    for number, date in enumerate([
        "Fri, 31 Dec 9999 23:59:59 +0000", "0001-01-01T00:00:00Z", "-4712-01-01", "Thu, 01 Jan 1970 00:00:00 GMT", "yesterday",
        "99999999999999", "mar., 3 mars 2026 10:00:00 +0100", "Tue, 3 Mar 2026 10:00:00 +9999", "2026-02-30T25:61:61Z",
        "Tue, 3 Mar 2026 10:00:00", "0" * 10_000,
    ])
]  # fmt: skip
LINKS = [
    Vector(f"link-{number}", "ok", answer(rss(item(link=link))), entries=1)
    for number, link in enumerate([
        "javascript:alert(1)", "data:text/html,x", "JaVaScRiPt&#58;alert(1)", "file:///etc/passwd", "//evil.example/x", "../x",
        "http://[bad", "http://a.example/x&#13;&#10;y", "https://a.example/" + "x" * 100_000, "http://user:pass@a.example/", "ftp://a/",
        "http://a.example\\@b.example/", "   ", "http://" + "a" * 300 + "/", "vbscript:x", "mailto:a@b.example",
    ])
]  # fmt: skip

PAGES = [
    Vector(name, want, sends, read_as="page", advisory=advisory)
    for name, want, sends, advisory in [
        ("page-empty", "empty|not-a-page", answer(b""), ""),
        ("page-pdf", "not-a-page", answer(b"%PDF-1.7\n" + bytes(range(256)) * 100, Content_Type="application/pdf"), ""),
        ("page-over-its-cap", "too-large", answer(b"<p>x</p>" * 500_000), ""),
        ("page-of-nested-divs", "ok|too-large|too-deep|not-a-page|unreadable", html("<div>" * 50_000), ""),
        ("page-of-attributes", "ok|too-large", html("<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">"), ""),
        ("page-of-tags", "too-large", html("<b>" * 400_000), ""),
        ("page-of-less-than-signs", "too-large|not-a-page|ok", answer(b"<" * 2_900_000, Content_Type="text/html"), ""),
        ("page-with-an-open-comment", "ok", html("<!--" + "x-" * 1_000_000), ""),
        ("page-of-dates", "ok|slow", html("2026-01-" * 200_000), ""),
        ("page-of-digits", "ok|slow", html("1" * 1_000_000), ""),
        ("page-of-one-word", "ok|slow", html("<p>" + "a" * 2_000_000 + "</p>"), ""),
        ("page-with-ld-json-author", "ok|slow", html("", '<script type="application/ld+json">{"@type":"NewsArticle","author":{"name":"'
            + "A " * 80_000 + '"}}</script>'), ""),
        ("page-with-ld-json-brackets", "ok", html("", '<script type="application/ld+json">' + "[" * 100_000 + "</script>"), ""),
        ("page-with-ld-json-2-mb", "ok|slow", html("", '<script type="application/ld+json">{"a":"' + "x" * 2_000_000 + '"}</script>'), ""),
        ("page-with-meta-of-megabytes", "ok", html("", f'<meta property="og:title" content="{"x" * 1_000_000}">'), ""),
        ("page-with-controls", "ok", html(f"<p>{BAD.replace(chr(0), '')}&#0;&#x1b;&#xd800;</p>", f"<meta name=author content='a{BAD[1:]}'>"), ""),
        ("page-with-a-canonical-elsewhere", "ok", html("", '<link rel=canonical href="https://other.example/x">'), ""),
        ("page-with-a-script-canonical", "ok", html("", '<link rel=canonical href="javascript:x">'), ""),
        ("page-with-a-base-inside", "ok", html("", '<base href="http://127.0.0.1:{inside}/"><link rel=stylesheet href=x.css>'), ""),
        ("page-with-a-picture-inside", "ok", html('<img src="http://127.0.0.1:{inside}/a.png">'), "GHSA-xwh2-742g-w3wp"),
        ("page-of-the-year-9999", "ok", html("", '<meta property="article:published_time" content="9999-12-31T23:59:59Z">'), ""),
        ("page-in-a-false-charset", "ok", answer("<html><p>d\xe9j\xe0 vu</p>".encode("latin-1"), Content_Type="text/html; charset=utf-8"), ""),
        ("page-that-is-xml", "ok|not-a-page", answer(b"<?xml version='1.0'?><a><b>x</b></a>", Content_Type="text/xml"), ""),
        ("page-status-403", "status-403", answer(status="403 No"), ""),
    ]
]  # fmt: skip

ROBOTS = [
    Vector(name, want, sends, read_as="robots")
    for name, want, sends in [
        ("robots-forbid-all", "forbidden", answer(b"User-agent: *\nDisallow: /\n")),
        ("robots-that-are-html", "allowed", answer(b"<html><body>no</body></html>")),
        ("robots-that-are-binary", "allowed", answer(bytes(range(256)) * 2000)),
        ("robots-without-end", "allowed", endless(HEAD + b"Connection: close\r\n\r\n", b"# filler\n" * 4000)),
        ("robots-that-never-come", "unknown", silence()),
        ("robots-that-drip", "unknown", slowly(HEAD + b"Content-Length: 1000\r\n\r\n")),
        ("robots-that-fail", "unknown", answer(status="500 X")),
        ("robots-that-are-busy", "unknown", answer(status="429 X")),
        ("robots-that-are-missing", "allowed", answer(status="404 X")),
        ("robots-that-turn-in-circles", "allowed", redirect("/robots.txt")),
        ("robots-that-lead-inside", "unknown", redirect("http://127.0.0.1:{inside}/robots.txt")),
        ("robots-that-are-a-bomb", "allowed", zipped(b"# " + bytes(50_000_000))),
        ("robots-of-stars", "allowed", answer(b"User-agent: *\nDisallow: /" + b"*a" * 100_000 + b"b\n")),
        ("robots-of-rules", "allowed", answer(b"User-agent: *\n" + b"Disallow: /no\n" * 35_000)),
        ("robots-with-an-absurd-delay", "allowed", answer(b"User-agent: *\nCrawl-delay: 1e308\n")),
    ]
]

VECTORS = (
    *TRANSPORT,
    *SIZES,
    *TRUNCATION,
    *STATUSES,
    *REDIRECTS,
    *SSRF,
    *MARKUP,
    *IDENTITY,
    *DATES,
    *LINKS,
    *PAGES,
    *ROBOTS,
)
# Where chains of redirects lead.
STEPS: dict[str, Answer] = {
    "/r0": GOOD,
    **{f"/r{n}": redirect(f"/r{n - 1}") for n in range(1, 6)},
    "/redirects-fro": redirect("/redirects-to-and-fro"),
}
