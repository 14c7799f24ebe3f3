"""Simple markup is read without a parser as the parser reads it."""

from __future__ import annotations

from html.entities import html5

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monitor.domain.cleaning import is_plain
from monitor.fetch.feeds import text as module
from monitor.fetch.feeds.text import to_line, to_text

PIECES = """<p> </p> <P> <div> </div> <br> <br/> </br> <ul> <li> </li> </ul> <ol> </ol> <h2> </h2> <blockquote>
</blockquote> <p/> <a> </a> <a/> <img> <img/> <em> </em> <b> </b> <i> </i> <span> </span> <strong
<strong> </strong> > < << <b< <b<p>> <?x?> <!--rien--> <script> </script> <table> <td> <x> </ mot é ’ a
p> br> lt; #39; & &amp; &#38; &amp;lt; &lt; &gt; &quot; &apos; &#39; &#x27; &#8217; &nbsp; &eacute;
&eacute &rien; &#0; &#128; &#769; &#8203; &#173; &#97; &#35; &#59; &#x110000; &lt;p&gt; &amp;lt;b&amp;gt;
&amp;#x27; &ThickSpace; \u00a0""".replace("\n", " ").split(" ")
PIECES += [
    "<p class='a'>",
    '<p id="x" class="<p>">',
    "<br />",
    '<a href="/?a=1&amp;b=2">',
    '<a href="',
    '">',
    "</b >",
    "<i\n>",
]
PIECES += ["<img src='x' alt=\"a > b\"/>", "<span style='x'>", "< ", " ", "  ", "\t", "\n", "\n\n"]
NESTED = st.recursive(
    st.sampled_from(["mot", "é ", " ", "<br>", "&#39;", "&lt;b&gt;", "<img src='x'/>", "\n"]),
    lambda inner: st.tuples(
        st.sampled_from(["p", "div", "ul", "li", "b", "a", "h2", "blockquote"]), st.lists(inner)
    ).map(lambda made: f"<{made[0]}>{''.join(made[1])}</{made[0]}>"),
)
MARKUP = st.lists(st.sampled_from(PIECES) | NESTED, max_size=10).map("".join)


@pytest.fixture(params=["compiled", "in Python"], autouse=True)
def _both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "in Python":
        monkeypatch.setattr(module, "_library", None)
    elif not module.COMPILED:
        pytest.skip("nothing was compiled here: make setup does, where there is a compiler")


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MARKUP)
@example("a<<b>p>b")
@example("<b>a</b> <i>b</i>")
@example("un<p>deux<p>trois")
@example("<p>un</p>\n \n<p>deux\nmots</p>")
@example("&lt;p&gt;un &amp;amp; deux&lt;/p&gt;\n\ttrois\u00a0\n\n\u00a0\nquatre  cinq")
@example("<p>un</p>deux</p>")
def test_plain_markup_reads_the_same(markup: str) -> None:
    assert is_plain(markup.encode())
    assert to_text(markup, plain=True) == to_text(markup)
    assert to_line(markup, plain=True) == to_line(markup)


@pytest.mark.parametrize("form", ["{}", "<p>un {} deux</p>", "&amp;{}", "x{}y"])
def test_references_read_the_same(form: str) -> None:
    numbers = [f"#{code};" for code in [*range(300), 769, 8203, 8217, 8230, 55296, 65535, 127912, 1114112]]
    for reference in (*numbers, *(name for name in html5 if name.endswith(";"))):
        markup = form.format(f"&{reference}")
        assert to_text(markup, plain=True) == to_text(markup), reference


def test_what_most_summaries_are_made_of_needs_no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(module, "_strip_tags")
    markup = '<p>L&#8217;<b>é</b>t&eacute; &amp; <a href="https://fil.exemple/?a=1">plus</a></p><p>Fin<br/>là</p>'
    assert to_text(markup, plain=True) == "L’été & plus\n\nFin là"


SIMPLE = st.lists(
    st.sampled_from(
        ["<p>", "</p>", "un", "é", " ", "\t", "\n", "\u00a0", "’", "&amp;", "&lt;", "&gt;", "p", "&#39;", "&x;"]
    ),
    max_size=14,
).map("".join)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SIMPLE, st.integers(0, 12) | st.just(100))
def test_the_simplest_markup_reads_the_same_up_to_any_length(markup: str, limit: int) -> None:
    assert to_text(markup, limit, plain=True) == to_text(markup, limit)
