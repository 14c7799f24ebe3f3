"""Good manners over a simulated week with three restarts, read from the server's own log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import pytest

from monitor.domain.feedlist import FeedSpec
from monitor.domain.model import Origin
from monitor.settings import load_settings
from monitor.storage.feeds import add_feeds
from monitor.testing import Clock, make_inline_monitor
from tests.press import Answer, Press, html, open_press

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
STEP, WEEK = timedelta(minutes=30), timedelta(days=7)
RESTARTS = (timedelta(hours=30), timedelta(days=3, minutes=30), timedelta(days=5, hours=7))
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
# A step may find a feed due that became due within it, never before.
SLACK = timedelta(seconds=1)
Headers = dict[str, str]


@dataclass
class Request:
    at: datetime
    path: str
    headers: Headers
    status: int
    sent: Headers  # the headers of our answer


@dataclass
class Week:
    """What the server noted, by path."""

    requests: list[Request] = field(default_factory=list)
    restarted_at: list[datetime] = field(default_factory=list)

    def to(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def gaps(self, path: str) -> list[timedelta]:
        times = [request.at for request in self.to(path)]
        return [later - earlier for earlier, later in pairwise(times)]


class Site:
    """Feeds that each behave in one way, by the simulated clock."""

    def __init__(self, press: Press, clock: Clock) -> None:
        self.press, self.clock, self.week = press, clock, Week()
        self.feeds: dict[str, Callable[[Headers], Answer]] = {
            "/news": lambda asked: self.versioned(asked, every=3 * HOUR),
            "/static": lambda asked: self.versioned(asked, every=WEEK * 2),
            "/dated": self.dated,
            "/max-age": lambda asked: self.versioned(asked, every=HOUR, **{"Cache-Control": "public, max-age=21600"}),
            "/expires": lambda asked: self.versioned(asked, every=HOUR, Expires=self.http_date(4 * HOUR)),
            "/ttl": lambda asked: self.plain(ttl="<ttl>180</ttl>"),
            "/syndication": lambda asked: self.plain("<sy:updatePeriod>daily</sy:updatePeriod>"),
            "/cookies": lambda asked: self.plain(**{"Set-Cookie": "id=1; Path=/"}),
            "/busy": lambda asked: self.busy(503, "7200"),
            "/throttled": lambda asked: self.busy(429, self.http_date(5 * HOUR)),
            "/absurd": lambda asked: self.busy(429, "99999999999999999999"),
            "/gone": lambda asked: self.plain() if self.age < timedelta(days=2) else Answer(status=410),
            "/moved": lambda asked: Answer(status=301, headers={"Location": f"{press.url}/home"}),
            "/home": lambda asked: self.versioned(asked, every=6 * HOUR),
            "/broken": lambda asked: Answer(status=500),
            "/missing": lambda asked: Answer(status=404),
        }
        press.date = lambda: self.http_date(timedelta())
        for path, answer in self.feeds.items():
            press.answers[path] = self.noted(path, answer)
        press.answers["/robots.txt"] = self.noted("/robots.txt", lambda _: Answer(status=404))
        press.answers["/page"] = self.noted("/page", lambda _: Answer(html("Titre", ("Texte. " * 60,))))

    @property
    def age(self) -> timedelta:
        return self.clock() - START

    def noted(self, path: str, answer: Callable[[Headers], Answer]) -> Callable[[Headers], Answer]:
        def respond(asked: Headers) -> Answer:
            given = answer(asked)
            self.week.requests.append(Request(self.clock(), path, asked, given.status, given.headers))
            return given

        return respond

    def versioned(self, asked: Headers, *, every: timedelta, **headers: str) -> Answer:
        """A validator with everything in it that a careless client would touch."""
        version = self.age // every
        # In UTF-8 on the wire; the test's server reads and writes headers as Latin-1.
        tag = f'W/"v{version};a,b  C\\d/=+é"'.encode().decode("latin-1")
        if asked.get("if-none-match") == tag:
            return Answer(status=304, headers={"ETag": tag, **headers})
        return Answer(self.rss(version), headers={"ETag": tag, **headers})

    def dated(self, asked: Headers) -> Answer:
        """A date that no formatter of ours would write."""
        changed = f"Monday, 02-Mar-26 0{self.age // (24 * HOUR)}:00:00 GMT"
        if asked.get("if-modified-since") == changed:
            return Answer(status=304)
        return Answer(self.rss(self.age // (24 * HOUR)), headers={"Last-Modified": changed})

    def plain(self, ttl: str = "", **headers: str) -> Answer:
        return Answer(self.rss(self.age // HOUR, ttl), headers=headers)

    def busy(self, status: int, wait: str) -> Answer:
        """Turned away for the first half of each day."""
        if self.clock().hour < 12:
            return Answer(status=status, headers={"Retry-After": wait})
        return self.plain()

    def http_date(self, ahead: timedelta) -> str:
        return format_datetime((self.clock() + ahead).replace(microsecond=0), usegmt=True)

    def rss(self, version: int, ttl: str = "") -> bytes:
        items = "".join(
            f"<item><guid>g{number}</guid><title>Titre {number}</title><link>{self.press.url}/page</link></item>"
            for number in range(max(0, version - 3), version + 1)
        )
        syndication = "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'"
        return f"<rss version='2.0' {syndication}><channel><title>T</title>{ttl}{items}</channel></rss>".encode()


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    folder = tmp_path_factory.mktemp("week")
    with open_press() as press:
        yield live(press, folder)


def live(press: Press, folder: Path) -> Week:
    """A week in steps of half an hour; at each restart the process's memory is lost, its messages too."""
    clock = Clock(START)
    site = Site(press, clock)
    settings = load_settings(
        {
            "VEILLE_DATA_DIR": str(folder),
            "VEILLE_CONFIG_DIR": str(folder / "config"),
            "VEILLE_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
            "VEILLE_CONTACT": "veille@press.example",
        }
    )
    monitor, queue = make_inline_monitor(settings, clock)
    with monitor.store.write() as session:
        feeds = [FeedSpec(path, press.url + path) for path in site.feeds if path != "/home"]
        add_feeds(session, feeds, Origin.CLI, clock())
    restarts = list(RESTARTS)
    while site.age < WEEK:
        if restarts and site.age >= restarts[0]:
            restarts.pop(0)
            monitor.close()
            monitor, queue = make_inline_monitor(settings, clock)
            site.week.restarted_at.append(clock())
        monitor.tick()
        queue.drain(monitor)
        clock.advance(STEP)
    monitor.close()
    return site.week


FEEDS = [
    "/news",
    "/static",
    "/dated",
    "/max-age",
    "/expires",
    "/ttl",
    "/syndication",
    "/cookies",
    "/busy",
    "/throttled",
    "/gone",
    "/home",
]


def test_the_week_was_lived(week: Week) -> None:
    assert len(week.restarted_at) == 3
    assert all(week.to(path) for path in FEEDS)


@pytest.mark.parametrize("path", FEEDS)
def test_the_first_request_is_unconditional(week: Week, path: str) -> None:
    assert not {"if-none-match", "if-modified-since"} & week.to(path)[0].headers.keys()


@pytest.mark.parametrize("path", ["/news", "/static", "/dated", "/max-age", "/expires", "/home"])
def test_later_ones_send_the_validators_byte_for_byte(week: Week, path: str) -> None:
    requests = week.to(path)
    tag = date = None
    unconditional = 0
    for request in requests:
        asked = (request.headers.get("if-none-match"), request.headers.get("if-modified-since"))
        unconditional += asked == (None, None)
        assert asked in {(tag, date), (None, None)}
        tag, date = request.sent.get("ETag", tag), request.sent.get("Last-Modified", date)
    # The first, and one a day where the server has only ever said "not modified" since.
    assert unconditional <= 8


def test_a_feed_that_never_changes_is_asked_whole_now_and_then(week: Week) -> None:
    """At most once a day; less often once it is polled only once a day."""
    whole = [request.at for request in week.to("/static") if request.status == 200]
    assert 3 <= len(whole) <= 8
    assert all(later - earlier >= 24 * HOUR for earlier, later in pairwise(whole))


@pytest.mark.parametrize(
    ("path", "least"),
    [
        ("/max-age", 6 * HOUR),
        ("/expires", 4 * HOUR),
        ("/ttl", 3 * HOUR),
        ("/syndication", 23 * HOUR),
        *((path, 5 * MINUTE) for path in FEEDS),
    ],
)
def test_intervals_are_kept_also_across_restarts(week: Week, path: str, least: timedelta) -> None:
    assert min(week.gaps(path)) >= least - SLACK


@pytest.mark.parametrize(("path", "wait"), [("/busy", 2 * HOUR), ("/throttled", 5 * HOUR), ("/absurd", 23 * HOUR)])
def test_retry_after_is_kept(week: Week, path: str, wait: timedelta) -> None:
    requests = week.to(path)
    after = [later.at - earlier.at for earlier, later in pairwise(requests) if "Retry-After" in earlier.sent]
    assert after
    assert min(after) >= wait - SLACK


def test_an_absurd_retry_after_is_not_never(week: Week) -> None:
    assert len(week.to("/absurd")) >= 4


def test_a_feed_that_is_gone_is_asked_no_more(week: Week) -> None:
    assert [request.status for request in week.to("/gone")].count(410) == 1
    assert week.to("/gone")[-1].status == 410


@pytest.mark.parametrize("path", ["/broken", "/missing"])
def test_a_feed_that_fails_is_asked_ever_less_but_never_given_up(week: Week, path: str) -> None:
    gaps = week.gaps(path)
    assert 6 <= len(gaps) <= 40
    assert max(gaps) <= timedelta(hours=32)
    assert sum(gaps[-3:], timedelta()) > sum(gaps[:3], timedelta())


def test_a_move_is_believed_after_three_polls(week: Week) -> None:
    assert len(week.to("/moved")) == 3


def test_nothing_is_fetched_twice_at_once(week: Week) -> None:
    polls = [(request.at, request.path) for request in week.requests if request.path in FEEDS]
    assert len(polls) == len(set(polls))


def test_requests_are_plain(week: Week) -> None:
    for request in week.requests:
        unwanted = {"cookie", "referer", "cache-control", "pragma", "authorization", "x-requested-with"}
        assert not unwanted & request.headers.keys()
        assert request.headers["accept-encoding"] == "gzip, deflate"


def test_the_user_agent_is_stable_and_says_whom_to_write_to(week: Week) -> None:
    agents = {request.headers["user-agent"] for request in week.requests}
    assert len(agents) == 1
    assert "veille@press.example" in agents.pop()


def test_no_address_is_decorated(week: Week) -> None:
    """Cache-busters would show as paths that the site does not know, or with a query."""
    assert all("?" not in request.path for request in week.requests)
