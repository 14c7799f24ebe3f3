"""Digests and alerts as people get them: safe, equal in both parts, small enough, in good French."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.channels.base import Message
from monitor.channels.content import AlertView, ArticleRef, DigestContent, Excerpt, TopicRef, sections
from monitor.channels.filters import marked_html, marked_text, one_line, pieces, safe_url
from monitor.channels.mail import compose
from monitor.channels.rendering import LARGEST_HTML, check_templates, render_alert, render_digest
from monitor.channels.samples import MOMENT, sample_alert, sample_digest
from monitor.channels.words import NBSP, Words

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>{{ 7*7 }}\r\nBcc: x@example.org\u202e'


def digest(**changes: object) -> DigestContent:
    return dataclasses.replace(sample_digest(), test=False, **changes)  # type: ignore[arg-type]


def alert(number: int, **changes: object) -> AlertView:
    values: dict[str, object] = {"title": f"Titre {number}", "score": 1 - number / 100_000}
    return dataclasses.replace(sample_alert(number), **{**values, **changes})  # type: ignore[arg-type]


def test_both_parts_and_the_payload_name_every_alert():
    message = render_digest(digest(alerts=tuple(alert(n) for n in range(1, 6))))
    for number in range(1, 6):
        assert f"Titre {number}" in message.html
        assert f"Titre {number}" in message.text
    assert len(message.payload["data"]["alerts"]) == 5  # type: ignore[index]


def test_a_digest_without_a_dossier_ends_its_sentence():
    message = render_digest(digest(dossiers=()))
    assert "parce que vous suivez Veille." in " ".join(message.text.split())
    assert "parce que vous suivez Veille." in message.html


def test_the_digest_of_a_search_is_called_by_it():
    message = render_digest(digest(question="Usines d’Alsace"))
    assert message.subject.startswith("Usines d’Alsace")
    for part in (message.text, message.html):
        assert part.count("Usines d’Alsace") >= 2
        assert "Dossier d’exemple" not in part


def test_hostile_titles_come_out_as_text():
    bad = ArticleRef(HOSTILE, HOSTILE, "javascript:alert(1)", MOMENT)
    view = alert(
        1, title=HOSTILE, article=bad, evidence=(Excerpt(HOSTILE, ((0, 8),)),), topics=(TopicRef("t", HOSTILE),)
    )
    content = digest(alerts=(view,), dossiers=(HOSTILE,), unsubscribe_url="javascript:alert(1)")
    message = render_digest(content)
    assert "<script" not in message.html
    assert "<img" not in message.html
    assert "javascript:" not in message.html
    assert "49" not in re.sub(r"#[0-9a-f]{6}", "", message.html)
    assert "\u202e" not in message.html + message.text
    assert "\n" not in message.subject


def test_the_mail_of_a_hostile_digest_has_no_foreign_header():
    message = render_digest(digest(alerts=(alert(1, title=HOSTILE),), dossiers=(HOSTILE,)))
    mail = message_from_bytes(
        compose(message, sender="v@example.org", recipients=("a@example.org",)), policy=policy.SMTP
    )
    assert mail["Bcc"] is None
    assert mail["Content-Language"] == "fr"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_the_matched_words_are_marked_in_both_parts():
    excerpt = Excerpt("L’accord <b> de Huawei en Espagne", ((16, 22), (26, 33)))
    assert marked_text(excerpt) == "L’accord <b> de *Huawei* en *Espagne*"
    assert re.search(r'&lt;b&gt; de <b class="mark" style="[^"]+">Huawei</b>', marked_html(excerpt))


@given(st.text(max_size=80), st.lists(st.tuples(st.integers(-5, 90), st.integers(-5, 90)), max_size=5).map(tuple))
@settings(max_examples=60)
def test_marks_never_lose_text(text, marks):
    assert one_line("".join(piece for piece, _ in pieces(Excerpt(text, marks)))) == one_line(text)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://example.org/a?b=c&d=é", True),
        ("http://[::1]/", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://exa mple.org", False),
        ('https://example.org/"onclick=x', False),
        ("https://[", False),
        ("", False),
    ],
)
def test_only_web_addresses_become_links(url, kept):
    assert safe_url(url) == (url if kept else "")


@pytest.mark.parametrize("count", [0, 1, 40, 300, 3000])
def test_a_digest_stays_under_the_size_that_clients_clip(count):
    long = Excerpt("Une phrase de preuve assez longue, avec des accents éèà. " * 8, ((4, 10),))
    views = tuple(alert(n, title=f"Titre {n} " + "mot " * 30, evidence=(long, long)) for n in range(count))
    message = render_digest(digest(alerts=views, at_most=1000))
    assert len(message.html.encode()) < LARGEST_HTML
    assert Words("fr", sample_digest().zone)["coverage"] in message.html


def test_beyond_the_guard_alerts_are_listed_by_title_and_the_digest_says_so():
    message = render_digest(digest(alerts=tuple(alert(n) for n in range(1, 9)), at_most=3))
    assert "3 alertes détaillées sur 8" in message.text
    assert message.text.count("L’équipementier") == 3
    assert "Titre 8" in message.text


def test_an_empty_digest_says_what_was_covered():
    message = render_digest(digest(alerts=(), trends=(), edits=()))
    assert "Rien de nouveau" in message.text
    assert f"12{NBSP}articles{NBSP}lus" in message.text


def test_new_alerts_stand_before_what_was_told_and_before_the_backlog():
    views = (alert(1, backlog=True), alert(2, revision=2), alert(3))
    text = render_digest(digest(alerts=views)).text
    assert text.index("Titre 3") < text.index("Titre 2") < text.index("Titre 1")


def test_beside_news_the_backlog_is_told_by_title_and_without_news_in_full():
    views = (alert(1), *(alert(n, backlog=True) for n in range(2, 5)))
    text = render_digest(digest(alerts=views)).text
    assert "Titre 4" in text
    assert text.count("L’équipementier") == 1
    assert "détaillées sur" not in text
    assert render_digest(digest(alerts=views[1:])).text.count("L’équipementier") == 3


def test_weeks_before_the_first_alert_are_not_charted():
    trend = sample_digest().trends[0]
    text = render_digest(digest(trends=(dataclasses.replace(trend, weeks=(0, 0, 0, 0, 0, 0, 1, 4)),))).text
    assert "  0 0 1 4  " in text
    assert "0 0 0 1 4" not in text


def test_topics_are_ordered_by_their_best_alert_and_each_alert_stands_in_one():
    views = tuple(alert(n, score=n / 10, topics=(TopicRef(f"t{n % 2}", f"T{n % 2}", 0.5),)) for n in range(1, 6))
    groups = sections(views, 40)
    assert [group.title for group in groups] == ["T1", "T0"]
    assert sum(len(group.alerts) for group in groups) == 5


def test_the_same_content_gives_the_same_bytes():
    one, two = (compose(render_digest(digest()), sender="v@x.org", recipients=("a@x.org",)) for _ in range(2))
    assert one == two


def test_headers_thread_digests_and_offer_one_click_unsubscription_over_https_only():
    secure = dict(render_digest(digest(thread_id="t@x", unsubscribe_url="https://x.org/u")).headers)
    plain = dict(render_digest(digest(unsubscribe_url="http://x.org/u")).headers)
    assert secure["References"] == secure["In-Reply-To"] == "<t@x>"
    assert secure["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert plain["List-Unsubscribe"] == "<http://x.org/u>"
    assert "List-Unsubscribe-Post" not in plain
    assert plain["Auto-Submitted"] == "auto-generated"


def test_a_message_survives_the_way_through_json():
    message = render_digest(digest(thread_id="t@x"))
    assert Message.from_json(message.to_json()) == message


def test_english_digests_are_english():
    message = render_digest(digest(), "en")
    assert "Monday 23 November 2026" in message.text or "Monday, November 23, 2026" in message.text
    assert "Coverage" in message.html


def test_an_alert_at_once_has_its_evidence_in_both_parts():
    message = render_alert(sample_alert(), envelope=digest())
    assert "*Huawei*" in message.text
    assert ">Huawei</b>" in message.html
    assert message.payload["type"] == "alert.raised"


def test_french_typography():
    words = Words("fr", sample_digest().zone)
    assert words.time(MOMENT) == f"7{NBSP}h{NBSP}30"
    assert words.time(MOMENT - timedelta(minutes=30)) == f"7{NBSP}h"
    assert words.day(MOMENT.replace(day=1)) == "dimanche 1er novembre 2026"
    assert words.score(0.999) == f"99{NBSP}%"
    assert words.count(0, "alerts") == f"0{NBSP}alerte"
    assert words.count(12_345, "articles") == f"12{NBSP}345{NBSP}articles{NBSP}lus"


def test_a_template_of_the_user_takes_the_place_of_ours(tmp_path):
    (tmp_path / "digest.txt").write_text("Chez nous : {{ content.alerts | length }}", encoding="utf-8")
    assert render_digest(digest(), templates=tmp_path).text == "Chez nous : 1"


@pytest.mark.parametrize(
    "body",
    [
        "{{ nothing.at_all }}",
        "{% if %}",
        "{{ 1 / 0 }}",
        "{{ content | marked_html }}",
        "{{ content.__class__.__mro__ }}",
        "{{ '{0.__class__}'.format(content) }}",
        "{{ content.title | attr('__class__') }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{% for i in range(10**9) %}x{% endfor %}",
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
        "{% include '/etc/passwd' %}",
        "{% include '../../etc/passwd' %}",
    ],
)
def test_a_template_that_fails_or_reaches_out_is_told_and_ours_is_used(tmp_path, body):
    (tmp_path / "digest.txt").write_text(body, encoding="utf-8")
    assert "Couverture" in render_digest(digest(), templates=tmp_path).text
    assert len(check_templates(tmp_path)) == 1


def test_a_template_that_cannot_be_read_costs_no_digest(tmp_path):
    (tmp_path / "digest.txt").write_bytes(b"\xff\xfe")
    (tmp_path / "digest.html").symlink_to("/proc/self/mem")  # it can be opened and not read
    assert "Couverture" in render_digest(digest(), templates=tmp_path).text


def test_the_brief_holds_whole_alerts_only():
    message = render_digest(digest(alerts=tuple(alert(n, title="mot " * 40) for n in range(60))))
    assert len(message.brief) <= 1_500
    assert "à lire dans Veille" in message.brief


def test_members_that_are_not_listed_are_counted():
    message = render_digest(digest(alerts=tuple(alert(n) for n in range(5)), at_most=3, unlisted=9_995))
    assert f"3 alertes détaillées sur 10{NBSP}000" in message.text
    assert f"9{NBSP}995 de plus" in message.text
    assert message.payload["data"]["alerts_total"] == 10_000  # type: ignore[index]


def test_a_frozen_row_holds_only_what_its_channel_sends():
    message = render_digest(digest())
    assert message.only_for("webhook", "a@x").html == ""
    assert message.only_for("webhook", "a@x").payload == message.payload
    assert message.only_for("apprise", "a@x").brief == message.brief
    assert message.only_for("email", "a@x").payload == {}
    assert message.only_for("email", "a@x").message_id == "a@x"


def test_alerts_that_were_held_say_why_they_come_together():
    message = render_digest(digest(held=True))
    assert "réunies au lieu" in message.html
    assert "réunies au lieu" in " ".join(message.text.split())
