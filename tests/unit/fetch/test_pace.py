from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from monitor.fetch.addresses import AllowList
from monitor.fetch.pace import HostBusyError, LocalKeeper, Pace, Rhythm, pace_key, redis_url

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_starts_are_a_gap_apart() -> None:
    keeper = LocalKeeper(clock=Clock())
    rhythm = Rhythm(gap=2 * SECOND, connections=3)
    waits = [(await keeper.reserve("a", str(turn), rhythm, HOUR))[1] for turn in range(3)]
    assert waits == [timedelta(), 2 * SECOND, 4 * SECOND]


async def test_a_third_connection_waits_for_one_given_back() -> None:
    keeper = LocalKeeper(clock=Clock())
    rhythm = Rhythm(gap=timedelta(), connections=2)
    for token in "ab":
        await keeper.reserve("host", token, rhythm, HOUR)
    assert not (await keeper.reserve("host", "c", rhythm, HOUR))[0]
    await keeper.release("host", "a")
    assert (await keeper.reserve("host", "c", rhythm, HOUR))[0]


async def test_a_turn_never_given_back_is_free_again_later() -> None:
    clock = Clock()
    keeper = LocalKeeper(clock=clock)
    rhythm = Rhythm(connections=1)
    await keeper.reserve("host", "dead", rhythm, HOUR)
    clock.now += 200
    assert (await keeper.reserve("host", "next", rhythm, HOUR))[0]


async def test_who_would_not_wait_reserves_nothing() -> None:
    keeper = LocalKeeper(clock=Clock())
    rhythm = Rhythm(gap=10 * SECOND, connections=9)
    await keeper.reserve("host", "a", rhythm, HOUR)
    assert await keeper.reserve("host", "b", rhythm, SECOND) == (False, 10 * SECOND)
    assert await keeper.reserve("host", "c", rhythm, HOUR) == (True, 10 * SECOND)


async def test_private_hosts_have_no_pace() -> None:
    pace = Pace(None, allow=AllowList.parse("127.0.0.1:8080,farm.test"))
    for host in ("127.0.0.1:8080", "farm.test", "farm.test:9000"):
        assert [(await pace.reserve(host)).wait for _ in range(5)] == [timedelta()] * 5
    assert not pace.is_free("127.0.0.1:81")


async def test_a_host_too_busy_is_said_at_once() -> None:
    pace = Pace(None, rhythm=Rhythm(gap=timedelta(minutes=5)))
    async with pace.turn("host"):
        pass
    with pytest.raises(HostBusyError) as caught:
        async with pace.turn("host"):
            pass
    assert caught.value.wait > timedelta(minutes=19)


async def test_a_crawl_delay_only_lengthens_the_gap() -> None:
    pace = Pace(None, rhythm=Rhythm(gap=SECOND))
    turn = await pace.reserve("host", gap=timedelta(seconds=0.1))
    await pace.release(turn)
    assert (await pace.reserve("host")).wait > 3 * SECOND


@pytest.mark.parametrize(
    ("broker", "url"),
    [
        ("redis://h:6379/1", "redis://h:6379/1"),
        ("redis+socket:///tmp/b.sock?virtual_host=3", "unix:///tmp/b.sock?db=3"),
        ("redis+socket:///tmp/b.sock", "unix:///tmp/b.sock?db=0"),
        ("amqp://h", None),
    ],
)
def test_kombu_s_spelling_of_a_broker_is_understood(broker: str, url: str | None) -> None:
    assert redis_url(broker) == url


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://A.example/x", "a.example"),
        ("http://a.example:8080/", "a.example:8080"),
        ("http://[::1]:81/", "[::1]:81"),
        ("https://a.example:443/", "a.example"),
    ],
)
def test_the_pace_counts_by_host_and_unusual_port(url: str, key: str) -> None:
    assert pace_key(url) == key


HOSTS = ["a.example", "A.Example.", "a.example:8080", "été.example", "[::1]:81", "user@a.example", "a.example\t", ""]


@pytest.mark.parametrize("scheme", ["http", "https", "HTTP", "ftp", " http"])
@pytest.mark.parametrize("host", HOSTS)
def test_what_the_pace_counts_by_is_the_host_whatever_stands_behind_it(scheme: str, host: str) -> None:
    """As the standard library has it for the whole address, though it is asked of where the address leads only."""
    for rest in (
        "",
        "/",
        "/a/b?c#d",
        "?to=http://b.example:81/",
        "#@b.example:81",
        "/\n//b.example:81",
        "\\@b.example:81/",
    ):
        url = f"{scheme}://{host}{rest}"
        parts = urlsplit(url)
        name, usual = (parts.hostname or "").rstrip("."), {"http": 80, "https": 443}.get(parts.scheme)
        port = "" if parts.port in (None, usual) else f":{parts.port}"
        assert pace_key(url) == (f"[{name}]" if ":" in name else name) + port, url
