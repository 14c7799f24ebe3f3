"""What a digest or an alert says, before any language or layout: plain values that the steps fill from rows.

Every text may be hostile (titles come from the press); rendering escapes, nothing here does. Times are UTC-aware.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.domain.trends import Trend


@dataclass(frozen=True, slots=True)
class TopicRef:
    """A topic of an alert; `score` in 0..1."""

    slug: str
    title: str
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class ArticleRef:
    """One article of a story. `partial`: only part of its text could be read."""

    title: str
    source: str
    url: str
    published_at: datetime | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Excerpt:
    """An evidence sentence: `marks` are the matched words, as (start, end) in characters of `text`."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert as people see it. `topics` best first: the first is the section it stands in.

    `article` is the one to read; `others` carry the same story; `joined` came since the alert was last told.
    `changes` are sentences of the edit that made the alert grow.
    `page_url` is the alert's page ("" without a public address); `revision` > 1 was told before.
    """

    id: int
    title: str
    score: float
    raised_at: datetime
    topics: tuple[TopicRef, ...]
    article: ArticleRef
    dossier: str = ""
    status: str = "new"
    others: tuple[ArticleRef, ...] = ()
    joined: tuple[ArticleRef, ...] = ()
    changes: tuple[str, ...] = ()
    evidence: tuple[Excerpt, ...] = ()
    page_url: str = ""
    revision: int = 1
    backlog: bool = False
    retroactive: bool = False


@dataclass(frozen=True, slots=True)
class TopicTrend:
    """Alerts a week (`domain.trends.weekly_counts`), oldest week first; `usual` is the week one expects."""

    slug: str
    title: str
    weeks: tuple[int, ...]
    usual: float = 0.0
    trend: Trend = Trend.USUAL


@dataclass(frozen=True, slots=True)
class Edit:
    """An article whose text changed after it was told: a sentence that came (`added`) or went (`removed`)."""

    article: ArticleRef
    edited_at: datetime
    added: str = ""
    removed: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was looked at since an instant, a day ago at least, so that "nothing today" means something.

    `failed` and `silent` are names of feeds; `given_up` counts messages to this subscriber that could not be delivered,
    and `undelivered` names to whom else, and how, for a subscriber who is an operator.
    """

    feeds: int = 0
    polled: int = 0
    failed: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    read: int = 0
    partial: int = 0
    unreadable: int = 0
    pending: int = 0
    given_up: int = 0
    undelivered: tuple[str, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class DigestContent:
    """A closed digest. The volume guard shows the best `at_most` of `alerts` in full, the others by title.

    `unlisted` counts members that are not in `alerts`: a digest of thousands need not carry them all. `held`: the
    subscriber is told at once, but there were too many.
    `thread_id` is the message id that all digests of this subscriber refer to. `unsubscribe_url` must be https for
    one-click unsubscription to be offered. `question` is the name of what a subscriber of a search asks.
    """

    message_id: str
    subscriber: str
    period_start: datetime
    period_end: datetime
    closed_at: datetime
    zone: ZoneInfo
    dossiers: tuple[str, ...] = ()
    title: str = ""
    alerts: tuple[AlertView, ...] = ()
    unlisted: int = 0
    held: bool = False
    at_most: int = 40
    trends: tuple[TopicTrend, ...] = ()
    edits: tuple[Edit, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    public_url: str = ""
    unsubscribe_url: str = ""
    thread_id: str = ""
    test: bool = False
    question: str = ""

    @property
    def followed(self) -> tuple[str, ...]:
        """What the subscriber follows: a question by its name, else dossiers by their titles."""
        return (self.question,) if self.question else self.dossiers

    @property
    def total(self) -> int:
        """How many alerts are members."""
        return len(self.alerts) + self.unlisted


@dataclass(frozen=True, slots=True)
class Section:
    """The alerts of one topic, best first."""

    title: str
    alerts: tuple[AlertView, ...]
    shown: int

    @property
    def rest(self) -> tuple[AlertView, ...]:
        """Those that are only listed by title."""
        return self.alerts[self.shown :]


def sections(alerts: tuple[AlertView, ...], shown: int) -> tuple[Section, ...]:
    """Alerts by their first topic; topics by their best score. Of all alerts the `shown` best are shown in full."""
    best = {id(alert) for alert in sorted(alerts, key=_rank)[:shown]}
    groups: dict[str, list[AlertView]] = {}
    for alert in sorted(alerts, key=lambda alert: (id(alert) not in best, _rank(alert))):
        groups.setdefault(alert.topics[0].title if alert.topics else "", []).append(alert)
    return tuple(
        Section(title, tuple(group), sum(id(alert) in best for alert in group)) for title, group in groups.items()
    )


def by_title(alerts: tuple[AlertView, ...]) -> tuple[Section, ...]:
    """Alerts in one section without a title of its own, none of them shown in full; none for no alerts."""
    return (Section("", tuple(sorted(alerts, key=_rank)), 0),) if alerts else ()


def _rank(alert: AlertView) -> tuple[float, float, int]:
    return (-alert.score, -alert.raised_at.timestamp(), alert.id)


def fresh_first(content: DigestContent) -> tuple[tuple[AlertView, ...], tuple[AlertView, ...], tuple[AlertView, ...]]:
    """New alerts, alerts told before that grew, and the backlog of new feeds or changed dossiers."""
    backlog = tuple(alert for alert in content.alerts if alert.backlog or alert.retroactive)
    current = tuple(alert for alert in content.alerts if not (alert.backlog or alert.retroactive))
    grown = tuple(alert for alert in current if alert.revision > 1)
    return tuple(alert for alert in current if alert.revision == 1), grown, backlog


def digest_message_id(digest_id: int, channel_id: int, mail_from: str) -> str:
    """The constant id of a digest by one channel, on the sender's domain."""
    return f"digest.{digest_id}.{channel_id}@{sender_domain(mail_from)}"


def alert_message_id(alert_id: int, revision: int, channel_id: int, mail_from: str) -> str:
    """The constant id of an alert's revision by one channel."""
    return f"alert.{alert_id}.{revision}.{channel_id}@{sender_domain(mail_from)}"


def thread_id(kind: str, key: str | int, mail_from: str) -> str:
    """What successive messages refer to, so that mail clients thread them; no mail of this id exists."""
    return f"{kind}.thread.{key}@{sender_domain(mail_from)}"


def sender_domain(mail_from: str) -> str:
    """The domain of an address with or without display name, in ASCII; `localhost` when there is none."""
    domain = mail_from.rpartition("@")[2].strip(" >\t")
    try:
        return domain.encode("idna").decode() or "localhost"
    except UnicodeError:
        return "localhost"
