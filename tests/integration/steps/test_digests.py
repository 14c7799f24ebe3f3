"""From alert to person, on both databases, over a real SMTP server: membership, periods, retries, the volume guard."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from monitor.domain.model import AlertStatus
from monitor.errors import NotFoundError
from monitor.settings import load_settings
from monitor.steps.follow_up import FollowUp
from monitor.steps.raising import deliver_at_once
from monitor.steps.subscriptions import Subscriptions
from monitor.storage.alerts import Raised
from monitor.storage.tables import Alert, Article, Delivery, Digest, DigestAlert, Dossier, Revision, Subscriber
from monitor.testing import Clock, make_inline_monitor, work_until_idle
from tests.integration.channels.smtp import Behaviour, relay
from tests.newsroom import Newsroom

START = datetime(2026, 3, 2, 13, tzinfo=UTC)  # a Monday, 14 h in Paris; the newsroom's alerts are of noon
SUBSCRIBER = (
    '[[subscriber]]\nname = "{name}"\n{more}\n[[subscriber.channel]]\nkind = "email"\nto = "{name}@example.org"\n'
)


@pytest.fixture
def clock() -> Clock:
    return Clock(START - timedelta(hours=2))


@pytest.fixture
def mail() -> Iterator[Behaviour]:
    with relay() as behaviour:
        yield behaviour


class Office:
    """A Monitor with a newsroom and subscribers."""

    def __init__(self, database_url: str, folder: Path, clock: Clock, mail: Behaviour) -> None:
        self.config, self.clock = folder / "config", clock
        self.config.mkdir()
        environ = {
            "VEILLE_DATABASE_URL": database_url,
            "VEILLE_DATA_DIR": str(folder / "var"),
            "VEILLE_CONFIG_DIR": str(self.config),
            "VEILLE_SMTP_URL": f"smtp://127.0.0.1:{mail.port}",
            "VEILLE_MAIL_FROM": "Veille <veille@veille.example>",
            "VEILLE_PUBLIC_URL": "https://veille.example",
        }
        self.monitor, self.queue = make_inline_monitor(load_settings(environ), clock)
        self.room = Newsroom(self.monitor.store)
        with self.monitor.store.write() as session:
            session.execute(update(Dossier).values(origin="cli"))  # no file names it

    def subscribe(self, *names: str, more: str = "") -> None:
        text = "".join(SUBSCRIBER.format(name=name, more=more) for name in names)
        (self.config / "subscribers.toml").write_text(text, encoding="utf-8")
        self.monitor.sync()

    def alert(self, title: str = "Huawei en Espagne", **more: object) -> int:
        """An alert of now."""
        article = self.room.article(title, matches={"cloud": 0.8}, text=f"{title}. Fin.")
        alert = self.room.alert(article, **more)  # type: ignore[arg-type]
        with self.monitor.store.write() as session:
            session.execute(
                update(Alert).where(Alert.id == alert).values(updated_at=self.clock(), raised_at=self.clock())
            )
        return alert

    def work(self, days: float = 0) -> None:
        self.clock.advance(timedelta(days=days))
        work_until_idle(self.monitor, self.queue)

    def count(self, table: type) -> int:
        with self.monitor.store.read() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def office(database_url: str, tmp_path: Path, clock: Clock, mail: Behaviour) -> Iterator[Office]:
    opened = Office(database_url, tmp_path, clock, mail)
    yield opened
    opened.monitor.close()


def test_each_alert_is_in_one_digest_of_each_subscriber(office: Office, mail: Behaviour) -> None:
    office.subscribe("claire", "desk")
    office.alert("Un")
    office.work(days=1)
    office.alert("Deux")
    office.work(days=1)
    office.work(days=1)
    assert (office.count(Digest), office.count(DigestAlert), len(mail.mails)) == (4, 4, 4)


def test_a_digest_arrives_by_smtp_with_all_that_it_should_say(office: Office, mail: Behaviour) -> None:
    office.subscribe("claire")
    office.alert("Huawei signe à Madrid")
    office.work(days=1)
    (message,) = mail.mails
    text = message.get_body(("plain",)).get_content()
    assert message["Subject"] == "huawei : 1 alerte, 3 mars"
    assert "Huawei signe à Madrid" in text
    assert "Couverture" in text
    assert message["List-Unsubscribe"].startswith("<https://veille.example/unsubscribe/1/")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_machine_that_slept_sends_one_digest(office: Office, mail: Behaviour) -> None:
    office.subscribe("claire", more="send_empty = true")
    office.alert()
    office.work(days=4)
    assert len(mail.mails) == 1


def test_an_empty_digest_is_sent_to_those_who_chose_it(office: Office, mail: Behaviour) -> None:
    office.subscribe("claire", more="send_empty = true")
    office.work(days=1)
    office.work(days=1)
    assert len(mail.mails) == 2
    assert "Rien de nouveau" in mail.mails[0].get_body(("plain",)).get_content()


@pytest.mark.parametrize("night", [datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 10, 24, 20, tzinfo=UTC)])
def test_a_night_that_changes_the_clocks_gives_one_digest(
    office: Office, mail: Behaviour, clock: Clock, night: datetime
) -> None:
    clock.now = night
    office.subscribe("claire", more='send_empty = true\nrhythm = "daily 02:30"')
    for _ in range(40):  # ten hours of ticks
        clock.advance(timedelta(minutes=15))
        office.work()
    assert len(mail.mails) == 1


def test_two_beats_by_mistake_make_one_digest(office: Office, mail: Behaviour, clock: Clock) -> None:
    office.subscribe("claire")
    office.alert()
    clock.advance(timedelta(days=1))
    office.monitor.tick()
    messages = list(office.queue.messages)
    office.queue.messages.extend(messages)
    office.queue.drain(office.monitor)
    with office.monitor.store.write() as session:  # and a row made due by hand
        session.execute(update(Subscriber).values(due_at=clock()))
    office.work()
    assert (office.count(Digest), len(mail.mails)) == (1, 1)


def test_a_digest_sent_by_hand_costs_no_later_one(office: Office, mail: Behaviour) -> None:
    office.subscribe("claire")
    office.alert("Un")
    office.work(days=1)
    office.alert("Deux")
    office.clock.advance(timedelta(hours=2))
    assert office.monitor.send_digest("claire").sent == 1
    office.alert("Trois")
    office.work(days=1)
    assert len(mail.mails) == 3


def test_muted_snoozed_and_dismissed_alerts_are_left_out(office: Office, mail: Behaviour, clock: Clock) -> None:
    office.subscribe("claire")
    _, muted, snoozed, dismissed = (office.alert(title) for title in ("Gardé", "Muet", "Plus tard", "Faux"))
    follow_up = FollowUp(office.monitor.store, "Ada", clock)
    follow_up.mute([muted])
    follow_up.snooze([snoozed], clock() + timedelta(days=2))
    follow_up.set_status([dismissed], AlertStatus.DISMISSED)
    office.work(days=1)
    office.work(days=2)
    texts = [message.get_body(("plain",)).get_content() for message in mail.mails]
    assert ["Gardé" in texts[0], "Plus tard" in texts[0], "Plus tard" in texts[1]] == [True, False, True]
    assert not any("Muet" in text or "Faux" in text for text in texts)


def test_topics_scores_and_outlets_are_chosen(office: Office, mail: Behaviour) -> None:
    office.subscribe("claire", more='topics = ["5g-exclusion"]')
    office.alert()
    office.work(days=1)
    office.subscribe("claire", more='except_sources = ["LE COURRIER"]')
    office.work(days=1)
    office.subscribe("claire", more="min_score = 0.9")
    office.work(days=1)
    assert mail.mails == []
    office.subscribe("claire", more='sources = ["le courrier"]\nmin_score = 0.8')
    office.work(days=1)
    assert len(mail.mails) == 1


QUESTIONS = {
    "usine AND Rome": {"usine à Rome"},
    "usiner OR @huawei": {"usine en Alsace", "usine à Rome", "antenne à Rome"},
    'usine source:courrier -source:"vigie"': {"usine en Alsace"},
    "score:>0.85": {"antenne à Rome"},
    "topic:cloud NOT usine": {"antenne à Rome"},
}


def test_subscribers_ask_in_the_language_of_searches(office: Office, mail: Behaviour) -> None:
    entries = (SUBSCRIBER.format(name=f"s{n}", more=f"query = '{query}'") for n, query in enumerate(QUESTIONS))
    (office.config / "subscribers.toml").write_text("".join(entries), encoding="utf-8")
    office.monitor.sync()
    for title, score, source in (
        ("usine en Alsace", 0.8, "Le Courrier"),
        ("usine à Rome", 0.8, "La Vigie"),
        ("antenne à Rome", 0.9, "La Vigie"),
    ):
        article = office.room.article(f"Huawei : {title}", text="Fin.", matches={"cloud": score}, source=source)
        office.room.alert(article)
    office.work(days=1)
    office.work(days=1)
    told = {}
    for one in mail.mails:
        text = " ".join(one.get_body(("plain",)).get_content().split())
        number = int(one["To"].partition("@")[0].removeprefix("s"))
        told[list(QUESTIONS)[number]] = {title for title in QUESTIONS["usiner OR @huawei"] if title in text}
    assert told == QUESTIONS


def test_alerts_at_once_are_asked_too_and_a_later_article_of_the_story_can_answer(
    office: Office, mail: Behaviour
) -> None:
    office.subscribe("claire", more='rhythm = "at once"\nquery = "usine AND Rome"')
    alert = office.alert("Huawei : usine en Alsace")
    assert told_at_once(office, alert) == 0
    with office.monitor.store.read() as session:
        story = session.get_one(Alert, alert).story_id
    office.room.article("Huawei : usine à Rome", story=story, matches={"cloud": 0.8})
    assert told_at_once(office, alert) == 1


def told_at_once(office: Office, alert: int) -> int:
    office.monitor.context.prepare_questions()
    with office.monitor.store.write() as session:
        raised = Raised(alert, 1, True, (), False, False)
        return len(deliver_at_once(office.monitor.context, session, raised, office.clock()))


def test_a_question_that_names_what_no_dossier_has_leaves_the_file_as_it_was(office: Office) -> None:
    office.subscribe("claire", more='query = "usine"')
    text = SUBSCRIBER.format(name="claire", more='query = "@nobody"')
    (office.config / "subscribers.toml").write_text(text, encoding="utf-8")
    assert "no dossier has @nobody" in office.monitor.sync().errors[0]
    with office.monitor.store.read() as session:
        assert session.scalars(select(Subscriber)).one().settings["query"] == "usine"


def test_an_edited_article_is_told_with_its_sentence(office: Office, mail: Behaviour, clock: Clock) -> None:
    office.subscribe("claire", more="send_empty = true")
    office.alert("Huawei signe")
    office.work(days=1)
    with office.monitor.store.write() as session:
        article = session.scalars(select(Article)).one()
        old = {"article_id": article.id, "number": 1, "title": article.title, "lead": "", "text": article.text}
        session.add(Revision(**old, replaced_at=clock() + timedelta(hours=1)))
        article.text, article.revision = "Le contrat est rompu. Fin.", 2
    office.work(days=1)
    text = mail.mails[1].get_body(("plain",)).get_content()
    assert "Le contrat est rompu." in text
    assert "Article modifié" in text


def test_a_relay_that_is_down_delays_and_a_refusal_ends(office: Office, mail: Behaviour, clock: Clock) -> None:
    office.subscribe("claire", "desk")
    mail.answers = {"claire@example.org": "450 later", "desk@example.org": "550 never"}
    office.alert()
    office.work(days=1)
    lines = {line["subscriber"]: line for line in office.monitor.deliveries()}
    assert (lines["claire"]["status"], lines["desk"]["status"]) == ("planned", "failed")
    assert "550 never" in lines["desk"]["error"]
    mail.answers = {}
    office.work(days=5 / 86400)
    lines = {line["subscriber"]: line for line in office.monitor.deliveries()}
    assert (lines["claire"]["status"], lines["claire"]["attempts"]) == ("sent", 2)
    office.alert("Encore")
    office.work(days=1)
    body = next(m for m in mail.mails if m["To"] == "desk@example.org").get_body(("plain",)).get_content()
    assert "n’a pu être remis" in " ".join(body.split())


def test_a_delivery_is_given_up_after_the_schedule_and_can_be_retried(office: Office, mail: Behaviour) -> None:
    office.subscribe("claire")
    mail.answers = {"RCPT": "451 not now"}
    office.alert()
    office.work(days=1)
    for _ in range(12):
        office.work(days=0.5)
    (line,) = office.monitor.deliveries()
    assert (line["status"], line["attempts"]) == ("failed", 8)
    mail.answers = {}
    office.monitor.retry_delivery(line["id"])
    office.work()
    assert office.monitor.deliveries()[0]["status"] == "sent"


def test_what_is_given_up_days_later_is_told_to_the_subscriber_and_to_operators_once(
    office: Office, mail: Behaviour
) -> None:
    text = SUBSCRIBER.format(name="claire", more="") + SUBSCRIBER.format(name="ada", more="operator = true")
    (office.config / "subscribers.toml").write_text(text, encoding="utf-8")
    office.monitor.sync()
    mail.answers = {"claire@example.org": "451 not now"}
    office.alert()
    for _ in range(10):
        office.work(days=0.5)
    told = [m for m in mail.mails if "à d’autres" in " ".join(m.get_body(("plain",)).get_content().split())]
    assert [m["To"] for m in told] == ["ada@example.org"]
    assert "(claire, email)" in " ".join(told[0].get_body(("plain",)).get_content().split())
    mail.answers = {}
    office.alert("Encore")
    office.work(days=1)
    assert mail.mails[-1]["To"] in {"ada@example.org", "claire@example.org"}
    assert not any("à d’autres" in str(m) for m in mail.mails[-2:])


def test_the_volume_guard_holds_what_comes_on_top_for_one_digest(office: Office, mail: Behaviour, clock: Clock) -> None:
    office.subscribe("claire", more='rhythm = "at once"\nat_most = 3')
    for number in range(8):
        alert = office.alert(f"Alerte {number}")
        with office.monitor.store.write() as session:
            deliver_at_once(office.monitor.context, session, Raised(alert, 1, True, (), False, False), clock())
    office.work(days=2 / 1440)
    assert len(mail.mails) == 3
    office.work(days=1.5 / 24)
    assert len(mail.mails) == 4
    assert "5 alertes" in mail.mails[3]["Subject"]
    office.work(days=2)
    assert len(mail.mails) == 4


def test_alerts_at_once_wait_for_the_end_of_quiet_hours(office: Office, mail: Behaviour, clock: Clock) -> None:
    office.subscribe("claire", more='rhythm = "at once"\nquiet = "13:00-18:00"')
    clock.now = START
    alert = office.alert()
    with office.monitor.store.write() as session:
        deliver_at_once(office.monitor.context, session, Raised(alert, 1, True, (), False, False), clock())
    office.work(days=1 / 24)
    assert mail.mails == []
    office.work(days=4 / 24)
    assert len(mail.mails) == 1


def test_subscribers_change_without_a_restart_and_a_broken_file_changes_nothing(
    office: Office, mail: Behaviour
) -> None:
    office.subscribe("claire")
    office.alert()
    (office.config / "subscribers.toml").write_text("[[subscriber", encoding="utf-8")
    office.work(days=1)
    assert len(mail.mails) == 1
    shutil.rmtree(office.config)
    office.config.mkdir()
    office.subscribe("desk")
    office.alert("Deux")
    office.work(days=1)
    assert [message["To"] for message in mail.mails] == ["claire@example.org", "desk@example.org"]


def test_a_frozen_message_holds_what_its_channel_needs(office: Office) -> None:
    office.subscribe("claire")
    office.alert()
    office.clock.advance(timedelta(days=1))
    office.monitor.tick()
    office.queue.drain(office.monitor, most=1)
    with office.monitor.store.read() as session:
        message = session.scalars(select(Delivery.message)).one()
    assert message["payload"] == {}
    assert message["html"]


def test_a_configuration_that_changes_while_a_digest_is_due_does_not_cost_it(office: Office, mail: Behaviour) -> None:
    office.subscribe("claire")
    office.alert()
    office.clock.advance(timedelta(days=1))
    office.subscribe("claire", more="at_most = 12")
    office.work()
    assert len(mail.mails) == 1


def test_a_link_in_a_mail_ends_its_channel_and_the_file_does_not_bring_it_back(office: Office, mail: Behaviour) -> None:
    office.subscribe("claire", "desk")
    office.alert()
    office.work(days=1)
    message = next(one for one in mail.mails if one["To"] == "claire@example.org")
    channel, token = message["List-Unsubscribe"].strip("<> ").split("/")[-2:]
    links = Subscriptions(office.monitor.store, office.monitor.settings, office.clock)
    assert links.look(int(channel), token).address == "claire@example.org"
    with pytest.raises(NotFoundError):
        links.end(int(channel), ("y" if token.startswith("x") else "x") + token[1:])
    links.end(int(channel), token)
    assert links.end(int(channel), token).ended
    office.subscribe("claire", "desk", more="at_most = 12")
    office.alert("Deux")
    office.work(days=1)
    assert Counter(one["To"] for one in mail.mails) == {"claire@example.org": 1, "desk@example.org": 2}
    assert links.resume("claire") == 1
    office.alert("Trois")
    office.work(days=1)
    assert Counter(one["To"] for one in mail.mails) == {"claire@example.org": 2, "desk@example.org": 3}
