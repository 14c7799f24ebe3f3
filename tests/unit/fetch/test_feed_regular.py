"""Where the pattern reads a feed, it says what feedparser says."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import ContentError
from monitor.fetch.feeds import by_feedparser, by_pattern
from monitor.fetch.feeds.cutting import cut, quick_cut
from monitor.fetch.feeds.decoding import decode
from monitor.fetch.feeds.prepass import prepare
from monitor.fetch.feeds.raw import RawFeed

FEEDS = Path(__file__).parents[2] / "data" / "feeds"
IN_ITEM = [
    "<title>Huawei &amp; la 5G</title>",
    "<title>Ã©t Ã© é» ’</title>",
    "<title><![CDATA[Un <b>gras</b> & <item> ]]></title>",
    '<guid isPermaLink="false">g{n}</guid>',
    "<guid>https://fil.exemple/{n}</guid>",
    "<guid>x:///{n}</guid>",
    "<pubDate>Fri, 20 Nov 2026 09:00:00 +0100</pubDate>",
    "<pubDate/>",
    "<description>&lt;p&gt;Un.&lt;/p&gt;</description>",
    "<description><![CDATA[</item><p>Deux]]></description>",
    "<c:encoded><![CDATA[<p>Long</p>]]></c:encoded>",
    "<c:encoded/>",
    "<d:creator>Anne Durand</d:creator>",
    "<d:creator> </d:creator>",
    "<category domain='x'>5G</category>",
    "<enclosure url='https://fil.exemple/{n}.mp3' type='audio/mpeg'/>",
    "<m:content url='https://fil.exemple/{n}.jpg' medium='image'/>",
    "<comments>https://fil.exemple/{n}#c</comments>",
    "<x:odd/>",
    "<category><![CDATA[5G]]> et <![CDATA[6G]]></category>",
    "<category>&#60;</category>",
    "<category>]]></category>",
    "<category>a & b</category>",
    "<description>un\r\ndeux &#8203;&#x301;&#38;lt;b&#62; \x01</description>",
    "<title>caf\xe9\xa0: \xab 5G \xbb</title>",
    "<title>un ]]&gt; <![CDATA[x]]]]><![CDATA[>]]> e\u0301 \u200b</title>",
    "<title type='html'>a</title >",
    "<title xml:lang='fr'>a</title>",
    "<category xmlns='urn:x'>a</category>",
    "<category a='1' a='2'>a</category>",
    "<category y:a='1'>a</category>",
    "<m:thumbnail url='/a?b&amp;c' x:n='>'/>",
    "<m:thumbnail url='/a?b&c'/>",
    "<author><name>a</name></author>",
    "<!-- </item><item> -->",
    " mot ",
]
IN_CHANNEL = [
    "<title>Fil é</title>",
    "<link>https://fil.exemple/</link>",
    "<language>fr_FR</language>",
    "<ttl>30</ttl>",
    "<a:link rel='self' href='https://fil.exemple/rss'/>",
    "<a:link rel='hub' href='/hub'/>",
    "<s:updatePeriod>hourly</s:updatePeriod>",
    "<s:updateFrequency>2</s:updateFrequency>",
    "<image><title>logo</title><url>http://x/y</url><link>http://x</link></image>",
    "<description>d</description>",
]
NAMESPACES = (
    'xmlns:c="http://purl.org/rss/1.0/modules/content/" xmlns:d="http://purl.org/dc/elements/1.1/" xmlns:x="urn:x"'
    ' xmlns:m="http://search.yahoo.com/mrss/" xmlns:a="http://www.w3.org/2005/Atom"'
    ' xmlns:s="http://purl.org/rss/1.0/modules/syndication/"'
)
BETWEEN = ["", "", "\n\t\t", "\r\n  "]
LINKS = ["https://fil.exemple/{n}?a=1&amp;b=2", "/relatif/{n}", "file:///etc/{n}", "https:///{n}", "x;{n}", "é {n}"]


def regular(text: str) -> RawFeed | None:
    """The feed by the pattern, cut with care or, when that will do, quickly; None where it is left to feedparser."""
    quick, careful = quick_cut(text.encode()), cut(text)
    found = quick and by_pattern.read(quick, quick.items)
    return found or (careful and by_pattern.read(careful, careful.items))


def assert_same(text: str) -> None:
    """What the pattern reads of a text, as it is and prepared, is what feedparser says."""
    prepared = prepare(text)
    whole = by_feedparser.read(prepared.encode())
    for found in (regular(text), regular(prepared)):
        assert found is None or (found, True) == whole


ITEMS = (
    st.tuples(st.sampled_from(LINKS), st.lists(st.sampled_from(IN_ITEM), unique=True, max_size=7))
    .flatmap(lambda parts: st.permutations([f"<link>{parts[0]}</link>", *parts[1]]))
    .flatmap(lambda parts: st.sampled_from(BETWEEN).map(lambda blank: blank.join(["<item>", *parts, "</item>"])))
)


@settings(max_examples=80)
@given(st.lists(st.sampled_from(IN_CHANNEL), unique=True, max_size=6), st.lists(ITEMS, max_size=3))
def test_a_regular_feed_reads_the_same(head: list[str], items: list[str]) -> None:
    numbered = "".join(item.replace("{n}", str(n)) for n, item in enumerate(items))
    assert_same(f'<rss version="2.0" {NAMESPACES}><channel>{"".join(head)}{numbered}</channel></rss>')


IN_ENTRY = [
    "<title>Huawei &amp; la 5G</title>",
    "<title type='html'>&lt;b&gt;Gras&lt;/b&gt; &amp;#x27; ’</title>",
    "<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>x</div></title>",
    "<title>Ã©t Ã© é» \x85</title>",
    "<id>urn:{n}</id>",
    "<id>https://fil.exemple/{n}</id>",
    "<link href='https://fil.exemple/{n}'/>",
    "<link rel='alternate' type='text/html' href='/relatif/{n}?a=1&amp;b=2'/>",
    "<link rel='alternate' type='text/plain' href='https://fil.exemple/{n}.txt'/>",
    "<link rel='enclosure' href='https://fil.exemple/{n}.mp3'/>",
    "<link rel='replies' type='application/atom+xml' href='https://fil.exemple/{n}/r' x:n='3'/>",
    "<link href='x;{n}'/>",
    "<link>https://fil.exemple/{n}</link>",
    "<published>2026-11-20T09:00:00+01:00</published>",
    "<updated>2026-11-21T09:00:00Z</updated>",
    "<updated/>",
    "<author><name>Anne Durand</name></author>",
    "<author><name>Bo</name><uri>https://fil.exemple/bo</uri><email>bo@fil.exemple</email></author>",
    "<author><name/></author>",
    "<author><email>bo@fil.exemple</email></author>",
    "<author>Anne</author>",
    "<contributor><name>C</name></contributor>",
    "<category term='5G'/>",
    "<category term='5G'>mot</category>",
    "<summary>Court</summary>",
    "<summary type='html'>&lt;p&gt;Un.&lt;/p&gt;</summary>",
    "<summary type='text/html'>x</summary>",
    "<summary/>",
    "<content type='html'>&lt;p&gt;Un.&lt;/p&gt;</content>",
    "<content>Court</content>",
    "<content type='html' xml:lang='fr'>x</content>",
    "<content src='https://fil.exemple/{n}'/>",
    "<rights>r</rights>",
    "<source><title>autre</title></source>",
    "<x:odd/>",
    "<!-- rien -->",
    "<author>\n<name><![CDATA[Bo]]></name></author>",
    "<author><name>Bo</name><name>Bo</name></author>",
    "<author x:n='1'><name>Bo</name></author>",
    "<summary type='HTML'>x</summary>",
    "<summary>a]]>b &#x85; \r\n</summary>",
    "<link href='https://fil.exemple/&#38;{n}'/>",
    "<link href='a\nb'/>",
    "<link href='https://fil.exemple/{n}' href='b'/>",
]
IN_FEED = [
    "<title>Fil é</title>",
    "<subtitle>s</subtitle>",
    "<id>https://fil.exemple/atom</id>",
    "<id>urn:fil</id>",
    "<link href='https://fil.exemple/'/>",
    "<link rel='self' href='https://fil.exemple/atom'/>",
    "<link rel='hub' href='/hub'/>",
    "<updated>2026-11-21T09:00:00Z</updated>",
    "<author><name>Rédaction</name></author>",
    "<generator uri='http://x/' version='1'>g</generator>",
    "<logo>http://x/y</logo>",
    "<icon>/i</icon>",
    "<x:odd/>",
]
ENTRIES = st.lists(st.sampled_from(IN_ENTRY), unique=True, max_size=7).flatmap(
    lambda parts: st.sampled_from(BETWEEN).map(lambda blank: blank.join(["", *parts, ""]))
)
REGULAR_ENTRY = st.permutations([IN_ENTRY[n] for n in (0, 4, 6, 13, 14, 16, 22, 24, 28)])
ROOTS = ["", " xml:lang='fr_FR'", " xml:lang=''", " xml:base='https://x.fr/'"]


@settings(max_examples=150)
@given(
    st.sampled_from(ROOTS),
    st.lists(st.sampled_from(IN_FEED), unique=True, max_size=7),
    st.lists(ENTRIES | REGULAR_ENTRY.map("".join), max_size=3),
)
def test_a_regular_atom_feed_reads_the_same(root: str, head: list[str], entries: list[str]) -> None:
    numbered = "".join(f"<entry>{entry.replace('{n}', str(n))}</entry>" for n, entry in enumerate(entries))
    namespaces = f'xmlns="http://www.w3.org/2005/Atom" xmlns:x="urn:x"{root}'
    assert_same(f"<feed {namespaces}>{''.join(head)}{numbered}</feed>")


@pytest.mark.parametrize("path", sorted(FEEDS.iterdir()), ids=lambda path: path.name)
def test_a_fixture_reads_the_same_or_is_left_to_feedparser(path: Path) -> None:
    with suppress(ContentError):
        assert_same(decode(path.read_bytes())[0])


def test_most_of_what_wordpress_writes_is_regular() -> None:
    assert regular(prepare((FEEDS / "rss-2.0-wordpress.xml").read_text(encoding="utf-8"))) is not None


def test_a_feed_written_for_people_to_read_is_regular() -> None:
    item = "<item>\n\t\t<title>a</title>\n\t\t<link>https://fil.exemple/1</link>\n\t</item>"
    found = regular(f'<rss version="2.0">\n<channel>\n\t<title>Fil</title>\n\t{item}\n\t{item}\n</channel>\n</rss>\n')
    assert found is not None
    assert [entry.title for entry in found.entries] == ["a", "a"]


def test_a_plain_atom_feed_is_regular() -> None:
    assert regular(prepare((FEEDS / "atom-1.0.xml").read_text(encoding="utf-8"))) is not None


@pytest.mark.parametrize(
    "text",
    [
        '<feed xmlns="http://www.w3.org/2005/Atom"/>',
        '<rss version="0.91"><channel/></rss>',
        '<rss version="2.0"><channel/><channel/></rss>',
        '<rss version="2.0"><channel><item><title>a</title></item></channel></rss>',
        '<rss version="2.0"><channel><title>a</title><title>b</title></channel></rss>',
        '<rss version="2.0"><channel><title>a<b/></title></channel></rss>',
        '<rss version="2.0" xml:base="https://a.fr/"><channel/></rss>',
        '<rss version="2.0"><channel>',
    ],
)
def test_what_is_not_regular_is_left_to_feedparser(text: str) -> None:
    assert regular(text) is None
