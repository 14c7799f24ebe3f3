"""The verdict of bench.faults: what is lost, late or repeated is seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bench.faults.receivers import CASES
from bench.faults.receivers import broken as case_broken
from bench.faults.verdict import _after_commit, _early, _longest_silence, _slots, broken
from monitor.settings import load_settings
from monitor.storage.engine import open_store
from monitor.storage.schema import migrate
from monitor.storage.tables import Digest, DigestAlert, Subscriber
from tests.newsroom import NOON, Newsroom

COUNTED = ("lost", "untold", "in_two_digests", "missed_digests", "mails_lost", "repeated_after_commit")
GOOD = dict.fromkeys((*COUNTED, "repeated_early"), 0)


def test_a_line_with_anything_wrong_is_broken():
    assert broken({**GOOD, "back_after": 12.0}) == []
    assert broken({**GOOD, "back_after": 90.5}) == ["back_after"]
    assert broken({**GOOD, "lost": 9, "back_after": 9, "unfinished": 1}) == ["unfinished"]
    for name in GOOD:
        assert broken({**GOOD, name: 1, "back_after": 0}) == [name]


def test_a_mail_that_comes_again_after_its_commit_is_not_allowed():
    committed = datetime.fromtimestamp(100, UTC)
    assert _after_commit({"a": [98.0, 99.0]}, {"a": committed}) == 0
    assert _after_commit({"a": [99.0, 130.0]}, {"a": committed}) == 1


def test_a_mail_that_comes_again_while_its_row_is_leased_was_sent_by_two():
    assert _early({"a": [100.0, 161.0]}, load_settings({})) == 0
    assert _early({"a": [100.0, 104.0]}, load_settings({})) == 1


def test_silence_is_the_longest_pause_while_alerts_came_in():
    assert _longest_silence([5, 8, 40], 0, 50) == 32


def test_a_minute_at_which_alerts_waited_is_a_late_or_a_missed_digest(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/veille.db")
    migrate(store)
    room = Newsroom(store)
    early, late = room.alert(room.article(matches={"cloud": 0.8})), room.alert(room.article(matches={"cloud": 0.8}))
    alerts = {early: NOON + timedelta(seconds=20), late: NOON + timedelta(minutes=3)}
    with store.write() as session:
        session.add(Subscriber(id=1, name="d0", origin="cli", settings={}, created_at=NOON))
        session.flush()
        for alert, minutes in ((early, 1), (late, 8)):
            times = {"period_start": NOON + timedelta(minutes=minutes - 1), "period_end": NOON}
            closed_at = NOON + timedelta(minutes=minutes, seconds=10)
            digest = Digest(subscriber_id=1, alerts=1, content={}, closed_at=closed_at, **times)
            session.add(digest)
            session.flush()
            session.add(DigestAlert(digest_id=digest.id, alert_id=alert, revision=1, subscriber_id=1))
        session.flush()
        never = {**alerts, 99: NOON + timedelta(minutes=9)}
        assert _slots(session, 1, {early: alerts[early]}) == (0, 0)
        assert _slots(session, 1, alerts) == (0, 1)
        assert _slots(session, 1, never) == (1, 1)
    store.dispose()


def test_a_receiver_whose_bad_manners_had_no_effect_is_broken():
    case = CASES[0]
    line = {"lost": 0, "in_two_digests": 0, "missed_digests": 0, "without_words": 0, "repeated": 0, "given_up": 0}
    assert case_broken({**line, "tries": 2}, case) == []
    assert case_broken({**line, "tries": 1}, case) == ["tries"]
    assert case_broken({**line, "tries": 2, "repeated": 1}, case) == ["repeated"]
