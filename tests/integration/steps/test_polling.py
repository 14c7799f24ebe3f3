"""When feeds are polled again, and what is asked then: against a real server, on both databases."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from sqlalchemy import func, select, update

from monitor.app import Monitor
from monitor.domain.feed_health import Health
from monitor.domain.feedlist import FeedSpec
from monitor.domain.model import Origin
from monitor.steps.observing import state_of
from monitor.storage.feeds import add_feeds
from monitor.storage.tables import Article, Entry, Feed
from monitor.testing import Clock, InlineQueue, work_until_idle
from tests.press import Answer, Press, rss

NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def watch(monitor: Monitor, press: Press) -> None:
    with monitor.store.write() as session:
        add_feeds(session, [FeedSpec("feed", press.url + "/feed")], Origin.CLI, monitor.context.now())


def the_feed(monitor: Monitor) -> Feed:
    return monitor.feeds()[0]


def entries(monitor: Monitor) -> int:
    with monitor.store.read() as session:
        return session.scalar(select(func.count()).select_from(Entry)) or 0


def poll(monitor: Monitor, queue: InlineQueue, clock: Clock) -> Feed:
    """At its next time, or now when it has none."""
    due_at = the_feed(monitor).due_at
    if due_at is not None and due_at > clock.now:
        clock.now = due_at
    work_until_idle(monitor, queue)
    return the_feed(monitor)


def publish(press: Press, *numbers: int, **headers: str) -> None:
    items = [(f"g{n}", f"Titre {n}", f"/{n}") for n in numbers]
    press.answers["/feed"] = Answer(rss(press.url, items), headers={"content-type": "application/rss+xml", **headers})
    for n in numbers:
        press.page(f"/{n}", f"Titre {n}")


def test_validators_go_back_byte_for_byte_and_only_after_the_first_poll(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    modified = "Mon, 02 Mar 2026 07:59:00 GMT"
    publish(press, 1, etag='W/"a, b"', **{"last-modified": modified})
    watch(monitor, press)
    poll(monitor, queue, clock)
    poll(monitor, queue, clock)
    first, second = [headers for path, headers in press.seen if path == "/feed"]
    assert "if-none-match" not in first
    assert (second["if-none-match"], second["if-modified-since"]) == ('W/"a, b"', modified)


def test_what_was_stored_before_is_not_stored_again(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    publish(press, 1, 2)
    watch(monitor, press)
    poll(monitor, queue, clock)
    publish(press, 3, 1, 2)
    feed = poll(monitor, queue, clock)
    assert entries(monitor) == 3
    assert len(feed.item_hashes.split()) == 3


def test_max_age_is_waited_for(monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock) -> None:
    publish(press, 1, **{"cache-control": "max-age=21600"})
    watch(monitor, press)
    feed = poll(monitor, queue, clock)
    assert feed.due_at is not None
    assert feed.due_at - clock.now >= 6 * HOUR


def test_a_server_that_is_busy_is_left_alone_for_as_long_as_it_asks(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    press.answers["/feed"] = Answer(status=429, headers={"retry-after": "7200"})
    watch(monitor, press)
    feed = poll(monitor, queue, clock)
    assert feed.due_at is not None
    assert 2 * HOUR <= feed.due_at - clock.now <= 3 * HOUR


def test_a_feed_that_is_gone_is_not_asked_again_and_says_so(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    press.answers["/feed"] = Answer(status=410)
    watch(monitor, press)
    poll(monitor, queue, clock)
    clock.advance(30 * DAY)
    feed = poll(monitor, queue, clock)
    assert (press.hits("/feed"), feed.due_at) == (1, None)
    assert "410" in (feed.stopped_reason or "")


def test_a_feed_that_moved_for_good_is_asked_at_its_new_address_after_three_polls(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    publish(press, 1)
    press.answers["/new"] = press.answers["/feed"]
    press.answers["/feed"] = Answer(status=301, headers={"location": press.url + "/new"})
    watch(monitor, press)
    for _ in range(5):
        feed = poll(monitor, queue, clock)
    assert (press.hits("/feed"), press.hits("/new")) == (3, 5)
    assert feed.url == press.url + "/feed"


def test_guids_that_change_at_each_poll_fill_nothing(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    watch(monitor, press)
    press.page("/1", "Un")
    press.page("/2", "Deux")
    for turn in range(4):
        press.publish("/feed", [(f"a{turn}", "Un", "/1"), (f"b{turn}", "Deux", "/2")])
        poll(monitor, queue, clock)
    assert entries(monitor) == 2


def test_failures_space_out_and_a_success_forgets_them(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    watch(monitor, press)
    press.answers["/feed"] = Answer(status=500)
    waits = []
    for _ in range(4):
        feed = poll(monitor, queue, clock)
        assert feed.due_at is not None
        waits.append(feed.due_at - clock.now)
    assert waits == sorted(waits)
    publish(press, 1)
    feed = poll(monitor, queue, clock)
    assert (feed.failures, feed.last_error) == (0, None)


def test_a_site_offers_its_feed_before_it_is_watched(monitor: Monitor, press: Press) -> None:
    publish(press, 1, 2)
    link = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    press.answers["/"] = Answer(f"<html><head>{link}</head></html>".encode(), headers={"content-type": "text/html"})
    (preview,) = monitor.discover_feeds(press.url + "/")
    assert (preview.url, preview.titles) == (press.url + "/feed", ("Titre 1", "Titre 2"))
    assert entries(monitor) == 0


def test_health_says_what_is_usual_and_what_fails_the_worst_first(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    publish(press, 1)
    watch(monitor, press)
    with monitor.store.write() as session:
        add_feeds(session, [FeedSpec("absent", press.url + "/absent")], Origin.CLI, clock.now)
    work_until_idle(monitor, queue)
    told = [(feed.name, health.words) for feed, health in monitor.feeds_health("fr")]
    assert [name for name, _ in told] == ["absent", "feed"]
    assert "404" in told[0][1]


def test_every_kind_of_feed_becomes_entries_that_are_read(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    for n in (1, 2, 3):
        press.page(f"/{n}", f"Titre {n}")
    press.answers["/json"] = Answer(
        json.dumps(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "title": "J",
                "items": [{"id": "1", "url": f"{press.url}/1", "title": "Titre 1"}],
            }
        ).encode(),
        headers={"content-type": "application/feed+json"},
    )
    press.answers["/atom"] = Answer(
        f"<feed xmlns='http://www.w3.org/2005/Atom'><id>a</id><title>A</title><entry><id>2</id><title>Titre 2</title>"
        f"<link href='{press.url}/2'/></entry></feed>".encode()
    )
    press.answers["/sitemap"] = Answer(
        f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' xmlns:n='{NEWS}'><url><loc>{press.url}/3</loc>"
        "<n:news><n:publication><n:name>G</n:name><n:language>fr</n:language></n:publication>"
        "<n:publication_date>2026-03-02</n:publication_date><n:title>Titre 3</n:title></n:news></url></urlset>".encode()
    )
    with monitor.store.write() as session:
        specs = [FeedSpec(path, press.url + path) for path in ("/json", "/atom", "/sitemap")]
        add_feeds(session, specs, Origin.CLI, clock.now)
    work_until_idle(monitor, queue)
    with monitor.store.read() as session:
        titles = sorted(session.scalars(select(Article.title)))
    assert titles == ["Titre 1", "Titre 2", "Titre 3"]


def test_a_feed_that_falls_silent_says_what_was_usual(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    """A dozen a day for three days, then nothing."""
    press.page("/1", "Titre")
    items = "".join(
        f"<item><guid>g{n}</guid><title>Titre {n}</title><link>{press.url}/1</link>"
        f"<pubDate>{format_datetime(clock.now - n * 2 * HOUR)}</pubDate></item>"
        for n in range(36)
    )
    press.answers["/feed"] = Answer(f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>".encode())
    watch(monitor, press)
    work_until_idle(monitor, queue)
    quiet_from = clock.now
    while clock.now < quiet_from + 30 * HOUR:
        poll(monitor, queue, clock)
    clock.now = quiet_from + 30 * HOUR
    ((_, health),) = monitor.feeds_health("fr")
    assert health.health is Health.SILENT
    # twelve a day, or 36 over the three days and the 30 hours of silence: polls are jittered, and each weighs anew
    assert re.fullmatch(r"d’ordinaire (?:8|9|10|11|12) par jour, aucun depuis 30 h", health.words)


def test_links_that_lead_nowhere_and_dates_of_any_kind_drop_no_entry(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    press.page("/1", "Titre")
    dates = [
        "lundi 2 mars 2026 à 8h15",
        "Thu, 01 Jan 2099 00:00:00 GMT",
        "Fri, 01 Jan 1904 00:00:00 GMT",
        "n'importe quoi",
    ]
    links = ["javascript:alert(1)", "data:text/html,x", f"{press.url}/1", ""]
    items = "".join(
        f"<item><guid isPermaLink='false'>g{n}</guid><title>Titre {n}</title><link>{link}</link>"
        f"<pubDate>{date}</pubDate></item>"
        for n, (date, link) in enumerate(zip(dates, links, strict=True))
    )
    press.answers["/feed"] = Answer(f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>".encode())
    watch(monitor, press)
    work_until_idle(monitor, queue)
    with monitor.store.read() as session:
        found = session.scalars(select(Entry).order_by(Entry.guid)).all()
        said = [(entry.link, entry.published_at) for entry in found]
    assert [link for link, _ in said] == [None, None, f"{press.url}/1", None]
    assert said[0][1] == datetime(2026, 3, 2, 7, 15, tzinfo=UTC)
    assert all(at is None or at <= clock.now for _, at in said)


def test_a_poll_that_brings_nothing_leaves_the_state_as_it_stood(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    publish(press, 1, 2, etag='"a"')
    watch(monitor, press)
    before = poll(monitor, queue, clock)
    press.answers["/feed"] = Answer(status=304, headers={"etag": '"a"'})
    after = poll(monitor, queue, clock)
    assert (after.state, after.item_hashes, after.etag) == (before.state, before.item_hashes, '"a"')
    assert (before.not_modified, after.not_modified, after.last_status) == (0, 1, 304)
    assert (after.last_polled_at, after.last_body_at) == (clock.now, before.last_body_at)


def test_the_version_before_and_this_one_take_turns_at_a_feed(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    """The version before knows only the JSON, and writes what it knows of it at each poll."""
    publish(press, 1, 2)
    watch(monitor, press)
    poll(monitor, queue, clock)
    hashes = the_feed(monitor).item_hashes.split()
    theirs = {"interval": 7777.0, "not_modified": 2, "hashes": hashes[:1], "last_body_at": clock.now.isoformat()}
    with monitor.store.write() as session:
        session.execute(update(Feed).values(state=theirs, not_modified=9, interval_seconds=1, item_hashes="x"))
    state = state_of(the_feed(monitor))
    assert (state.interval, state.not_modified, state.hashes) == (timedelta(seconds=7777), 2, hashes[0])
    publish(press, 3, 1, 2)
    feed = poll(monitor, queue, clock)
    assert feed.item_hashes.split()[1:] == hashes
    assert entries(monitor) == 3
    assert feed.state.keys() >= {"interval", "not_modified", "last_body_at", "rhythm"}
