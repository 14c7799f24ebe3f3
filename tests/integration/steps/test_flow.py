"""Poll, read, match, raise: on both databases, against a real server."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, text

from monitor.app import Monitor
from monitor.domain.feedlist import FeedSpec
from monitor.domain.model import Origin
from monitor.storage.engine import Store
from monitor.storage.entries import outcomes
from monitor.storage.facts import alert_facts
from monitor.storage.feeds import add_feeds
from monitor.storage.tables import Alert, Article, Base, Entry, Feed, Match, Topic
from monitor.testing import Clock, InlineQueue, handle, work_until_idle
from tests.press import PARAGRAPH, Answer, Press
from tests.stories import REVIEW, REVIEW_TITLE, SEED, SEED_TITLE


def watch(monitor: Monitor, press: Press, path: str = "/feed") -> None:
    monitor.sync()
    with monitor.store.write() as session:
        add_feeds(session, [FeedSpec(path, press.url + path)], Origin.CLI, monitor.context.now())


def counts(store: Store) -> dict[str, int]:
    with store.read() as session:
        return outcomes(session)[0]


def dump(store: Store) -> dict[str, list[object]]:
    """Every row of every table, but for the clocks of heartbeats."""
    with store.read() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
            if table.name != "heartbeats"
        }


def test_the_seed_story_raises_one_alert_with_its_topics(monitor: Monitor, queue: InlineQueue, press: Press) -> None:
    press.publish("/feed", [("1", SEED_TITLE, "/a"), ("2", REVIEW_TITLE, "/b")])
    press.page("/a", SEED_TITLE, *SEED)
    press.page("/b", REVIEW_TITLE, *REVIEW)
    watch(monitor, press)
    work_until_idle(monitor, queue)
    assert counts(monitor.store) == {"matched": 1, "unmatched": 1}
    with monitor.store.read() as session:
        assert [alert.title for alert in session.scalars(select(Alert))] == [SEED_TITLE]
        topics = set(session.scalars(select(Topic.slug).join(Match)))
        spans = [span for evidence in session.scalars(select(Match.evidence)) for span in evidence]
        article = session.scalars(select(Article).join(Match)).first()
    assert topics >= {"europe-strategy", "5g-restrictions", "devices", "us-sanctions", "enterprise-digitalisation"}
    assert article is not None
    fields = {"title": article.title, "lead": article.lead, "body": article.text}
    assert all(fields[span["field"]][span["start"] : span["end"]] == span["text"] for span in spans)


def test_nothing_is_asked_twice_and_a_304_stores_nothing(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    press.publish("/feed", [("1", "Un titre", "/a")], etag='"v1"')
    feed = press.answers["/feed"]
    press.answers["/feed"] = lambda headers: Answer(status=304) if headers.get("if-none-match") == '"v1"' else feed  # type: ignore[return-value]
    press.page("/a", "Un titre")
    watch(monitor, press)
    work_until_idle(monitor, queue)
    monitor.make_feeds_due()
    work_until_idle(monitor, queue)
    assert press.hits("/feed") == 2
    assert press.hits("/a") == 1


def test_one_address_in_two_entries_is_fetched_once(monitor: Monitor, queue: InlineQueue, press: Press) -> None:
    press.publish("/feed", [("1", "Un titre", "/a"), ("2", "Un titre encore", "/a?utm_source=rss")])
    press.page("/a", "Un titre")
    watch(monitor, press)
    work_until_idle(monitor, queue)
    assert counts(monitor.store) == {"duplicate": 1, "unmatched": 1}


def test_every_entry_ends_in_one_outcome(monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock) -> None:
    press.publish("/feed", [(str(n), f"Titre {n}", f"/{n}") for n in range(5)])
    press.page("/0", "Titre 0")
    press.answers["/1"] = Answer(status=403)
    press.answers["/2"] = Answer(status=410)
    press.answers["/3"] = Answer(b"<html><body></body></html>", headers={"content-type": "text/html"})
    press.answers["/4"] = Answer(status=500)
    watch(monitor, press)
    for _ in range(12):
        work_until_idle(monitor, queue)
        clock.advance(timedelta(hours=3))
    assert counts(monitor.store) == {"unmatched": 1, "blocked": 1, "gone": 1, "no_text": 1, "failed": 1}


def test_a_page_that_comes_back_is_read_and_matched_then(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    press.publish("/feed", [("1", SEED_TITLE, "/a")])
    press.answers["/a"] = Answer(status=503)
    watch(monitor, press)
    work_until_idle(monitor, queue)
    press.page("/a", SEED_TITLE, *SEED)
    clock.advance(timedelta(hours=1))
    work_until_idle(monitor, queue)
    assert counts(monitor.store) == {"matched": 1}


def test_a_failing_feed_stops_no_other_and_says_why(monitor: Monitor, queue: InlineQueue, press: Press) -> None:
    press.answers["/bad"] = Answer(b"not a feed at all", headers={"content-type": "text/plain"})
    press.publish("/feed", [("1", "Un titre", "/a")])
    press.page("/a", "Un titre")
    watch(monitor, press)
    watch(monitor, press, "/bad")
    watch(monitor, press, "/missing")
    work_until_idle(monitor, queue)
    errors = {feed.name: feed.last_error for feed in monitor.feeds()}
    assert errors["/feed"] is None
    assert errors["/bad"]
    assert "404" in (errors["/missing"] or "")


def test_handling_every_message_twice_changes_no_row(monitor: Monitor, queue: InlineQueue, press: Press) -> None:
    press.publish("/feed", [("1", SEED_TITLE, "/a"), ("2", "Un titre", "/b")])
    press.page("/a", SEED_TITLE, *SEED)
    press.page("/b", "Un titre")
    watch(monitor, press)
    monitor.tick()
    while queue.messages:
        message = queue.messages.popleft()
        handle(monitor, message)
        before = dump(monitor.store)
        handle(monitor, message)
        assert dump(monitor.store) == before
    assert counts(monitor.store) == {"matched": 1, "unmatched": 1}


def test_lost_messages_come_back_after_the_lease(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    press.publish("/feed", [("1", "Un titre", "/a")])
    press.page("/a", "Un titre")
    watch(monitor, press)
    for _ in range(2):  # once the poll is lost, once the reading
        monitor.tick()
        queue.messages.clear()
        clock.advance(monitor.settings.poll_lease)
        monitor.tick()
        message = queue.messages.popleft()
        handle(monitor, message)
        queue.messages.clear()
        clock.advance(monitor.settings.poll_lease)
    assert counts(monitor.store) == {"unmatched": 1}


def test_an_agency_text_in_two_outlets_is_one_story_and_one_alert(
    monitor: Monitor, queue: InlineQueue, press: Press
) -> None:
    for outlet in ("/one", "/two"):
        press.publish(f"{outlet}/feed", [("1", SEED_TITLE, f"{outlet}/a")])
        press.page(f"{outlet}/a", SEED_TITLE, *SEED)
        watch(monitor, press, f"{outlet}/feed")
    work_until_idle(monitor, queue)
    with monitor.store.read() as session:
        assert len(session.scalars(select(Alert)).all()) == 1
        assert len({article.story_id for article in session.scalars(select(Article))}) == 1


def test_a_partial_text_is_read_once_more_and_its_whole_text_matched(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    press.publish("/feed", [("1", "Un titre", "/a")])
    press.page("/a", "Un titre", PARAGRAPH, "Cet article est réservé aux abonnés.")
    watch(monitor, press)
    work_until_idle(monitor, queue)
    with monitor.store.read() as session:
        assert list(session.scalars(select(Article.access))) == ["partial"]
    press.page("/a", "Un titre", *SEED)
    for _ in range(4):
        clock.advance(timedelta(hours=26))
        work_until_idle(monitor, queue)
    assert counts(monitor.store) == {"matched": 1}


def test_a_text_that_stays_partial_is_not_asked_for_a_third_time(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    press.publish("/feed", [("1", "Un titre", "/a")])
    press.page("/a", "Un titre", PARAGRAPH, "Cet article est réservé aux abonnés.")
    watch(monitor, press)
    for _ in range(5):
        work_until_idle(monitor, queue)
        clock.advance(timedelta(hours=26))
    assert press.hits("/a") == 2


def test_an_edited_entry_is_read_again_and_its_old_text_kept(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    press.publish("/feed", [("1", "Un titre", "/a")])
    press.page("/a", "Un titre")
    watch(monitor, press)
    work_until_idle(monitor, queue)
    press.publish("/feed", [("1", "Un titre corrigé", "/a")])
    press.page("/a", "Un titre corrigé", PARAGRAPH * 3)
    clock.advance(timedelta(hours=1))
    monitor.make_feeds_due()
    work_until_idle(monitor, queue)
    with monitor.store.read() as session:
        article = session.scalars(select(Article)).one()
        old = session.execute(text("SELECT title FROM revisions")).scalar_one()
    assert (article.title, article.revision, old) == ("Un titre corrigé", 2, "Un titre")


def test_a_matched_page_edited_in_silence_tells_its_new_topic_with_the_sentence(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    title, first = "Huawei ouvre un laboratoire à Lyon", "Huawei a ouvert jeudi un laboratoire à Lyon, en Europe. " * 3
    new = "L’Allemagne bannit les équipements de Huawei de ses réseaux 5G, a annoncé Berlin."
    press.publish("/feed", [("1", "Un titre", "/old")])
    press.page("/old", "Un titre")
    watch(monitor, press)
    work_until_idle(monitor, queue)  # the first poll brings backlog
    press.publish("/feed", [("1", "Un titre", "/old"), ("2", title, "/a")])
    press.page("/a", title, first, PARAGRAPH * 2)
    clock.advance(timedelta(hours=1))
    monitor.make_feeds_due()
    work_until_idle(monitor, queue)
    press.page("/a", title, first, PARAGRAPH * 2, new)
    clock.advance(timedelta(hours=4))
    work_until_idle(monitor, queue)
    with monitor.store.read() as session:
        article = session.scalars(select(Article).where(Article.title == title)).one()
        (facts,) = alert_facts(session, session.scalars(select(Alert.id)).all())
    assert (article.revision, facts.revision, facts.changes) == (2, 2, (new,))
    for _ in range(5):
        clock.advance(timedelta(days=1))
        work_until_idle(monitor, queue)
    assert press.hits("/a") == 4


def test_an_edit_that_changes_no_topic_alerts_nobody_again(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    press.publish("/feed", [("1", "Un titre", "/old")])
    press.page("/old", "Un titre")
    watch(monitor, press)
    work_until_idle(monitor, queue)  # the first poll brings backlog
    press.publish("/feed", [("1", "Un titre", "/old"), ("2", SEED_TITLE, "/a")])
    press.page("/a", SEED_TITLE, *SEED)
    clock.advance(timedelta(hours=1))
    monitor.make_feeds_due()
    work_until_idle(monitor, queue)
    press.page("/a", SEED_TITLE, *SEED, "La mairie de Brumath a aussi annoncé mardi la réfection de trois ponts.")
    clock.advance(timedelta(hours=4))
    work_until_idle(monitor, queue)
    with monitor.store.read() as session:
        article = session.scalars(select(Article).where(Article.title == SEED_TITLE)).one()
        alert = session.scalars(select(Alert)).one()
    assert (article.revision, alert.revision) == (2, 1)


def test_a_matched_page_that_goes_away_stays_matched(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    press.publish("/feed", [("1", "Un titre", "/old")])
    press.page("/old", "Un titre")
    watch(monitor, press)
    work_until_idle(monitor, queue)
    press.publish("/feed", [("1", "Un titre", "/old"), ("2", SEED_TITLE, "/a")])
    press.page("/a", SEED_TITLE, *SEED)
    clock.advance(timedelta(hours=1))
    monitor.make_feeds_due()
    work_until_idle(monitor, queue)
    press.answers["/a"] = Answer(status=410)
    clock.advance(timedelta(hours=4))
    work_until_idle(monitor, queue)
    assert press.hits("/a") == 2
    assert counts(monitor.store) == {"matched": 1, "unmatched": 1}


def test_validators_are_written_with_the_entries(monitor: Monitor, queue: InlineQueue, press: Press) -> None:
    """When storing the entries fails, the validators must not be stored either."""
    press.publish("/feed", [("1", "Un titre", "/a")], etag='"v1"')
    watch(monitor, press)
    with monitor.store.write() as session:
        session.execute(text("ALTER TABLE entries RENAME TO entries_away"))
    from monitor.storage import work

    with monitor.store.write() as session:
        (message,) = work.announce_due(session, work.Kind.POLL, monitor.context.now(), timedelta(minutes=3))
    handle(monitor, message)
    with monitor.store.write() as session:
        session.execute(text("ALTER TABLE entries_away RENAME TO entries"))
    with monitor.store.read() as session:
        feed = session.scalars(select(Feed)).one()
        assert (feed.etag, feed.last_success_at) == (None, None)
        assert session.scalars(select(Entry)).all() == []


def test_a_page_that_was_not_parsed_in_time_is_tried_again(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    press.publish("/feed", [("1", SEED_TITLE, "/a")])
    press.page("/a", SEED_TITLE, *SEED)
    watch(monitor, press)
    monitor.tick()
    handle(monitor, queue.messages.popleft())  # the feed is polled in time
    parser = monitor.context.web.sandbox
    patient, parser._time_limit = parser._time_limit, -1.0
    work_until_idle(monitor, queue)
    assert press.hits("/a") == 1
    assert counts(monitor.store) == {}
    parser._time_limit = patient
    clock.advance(timedelta(hours=3))
    work_until_idle(monitor, queue)
    assert counts(monitor.store) == {"matched": 1}
