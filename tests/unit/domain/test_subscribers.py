"""subscribers.toml: what it may say, and the line that every mistake is told with."""

from __future__ import annotations

import json
from datetime import date, time
from pathlib import Path

import pytest

from monitor.domain.periods import Cadence, QuietHours
from monitor.domain.subscribers import (
    SubscriberSpec,
    load_subscribers,
    parse_rhythm,
    parse_subscribers,
    parse_wall_time,
)
from monitor.errors import ConfigError

EXAMPLE = Path(__file__).parents[3] / "config" / "subscribers.example.toml"

FULL = """\
[[subscriber]]
name = "claire"
topics = ["5g"]
min_score = 0.4
sources = ["Le Canard"]
rhythm = "weekly lundi 8h"
working_days = true
quiet = "21:00-07:00"
days_off = [2026-12-24, "2026-12-31"]
at_most = 12

[[subscriber.channel]]
kind = "email"
to = ["claire@example.org", "desk@example.org"]

[[subscriber]]
name = "robot"
[[subscriber.channel]]
kind = "webhook"
to = "https://example.org/hook"
secret = "whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0"
"""


def test_the_shipped_example_is_valid():
    assert [one.name for one in load_subscribers(EXAMPLE)] == ["claire", "desk-robot"]


def test_a_missing_file_means_nobody(tmp_path):
    assert load_subscribers(tmp_path / "subscribers.toml") == ()


def test_everything_that_can_be_said_is_read():
    claire, robot = parse_subscribers(FULL, "s.toml")
    assert claire.rhythm.cadence is Cadence.WEEKLY
    assert claire.rhythm.at == (time(8),)
    assert claire.rhythm.quiet == QuietHours(time(21), time(7))
    assert claire.rhythm.days_off == {date(2026, 12, 24), date(2026, 12, 31)}
    assert (claire.at_most, claire.min_score) == (12, 0.4)
    assert robot.channels[0].options == {"secrets": ["whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0"]}


def test_each_address_of_a_list_is_a_channel_of_its_own():
    claire, _ = parse_subscribers(FULL, "s.toml")
    assert [channel.address for channel in claire.channels] == ["claire@example.org", "desk@example.org"]


def test_settings_survive_the_way_through_json():
    for subscriber in parse_subscribers(FULL, "s.toml"):
        back = SubscriberSpec.from_json(subscriber.to_json())
        assert back.rhythm == subscriber.rhythm
        assert back.to_json() == subscriber.to_json()
        assert json.loads(json.dumps(subscriber.to_json())) == subscriber.to_json()


def test_sources_are_chosen_without_regard_to_case():
    claire = SubscriberSpec("c", sources=("Le Canard",), except_sources=("Gazette",))
    assert claire.wants_source("le canard")
    assert not claire.wants_source("GAZETTE")
    assert not claire.wants_source("Autre")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('[[subscriber]]\nname = "a"\nrythm = "hourly"\n', 3, "did you mean rhythm"),
        ('[[subscriber]]\nname = "a"\nrhythm = "monthly"\n', 3, "weekly monday 08:00"),
        ('[[subscriber]]\nname = "a"\nrhythm = "daily 25:00"\n', 3, "is not a rhythm"),
        ('[[subscriber]]\nname = "a"\nzone = "Europe/Lutece"\n', 3, "not a time zone"),
        ('[[subscriber]]\nname = "a"\nmin_score = 3\n', 3, "from 0 to 1"),
        ('[[subscriber]]\nname = "a"\nquery = "usine ("\n', 3, "at character 8"),
        ('[[subscriber]]\nname = "a"\nquery = "usine since:7d"\n', 3, "alerts that are still to come"),
        ('[[subscriber]]\nname = "a"\nworking_days = "yes"\n', 3, "true or false"),
        ('[[subscriber]]\nname = "a"\nquiet = "22:00-22:00"\n', 3, "start when they end"),
        ('[[subscriber]]\nname = "a"\nquiet = "late"\n', 3, "quiet hours"),
        ('[[subscriber]]\nname = "a"\ndossiers = "x"\n', 3, "list of texts"),
        ('[[subscriber]]\nname = "a"\ndays_off = ["soon"]\n', 3, "list of dates"),
        ('[[subscriber]]\ntitle = "no name"\n', 1, "is required"),
        ('[[subscriber]]\nname = "a b"\n', 2, "is not made of"),
        ('[[subscriber]]\nname = "a"\n[[subscriber]]\nname = "a"\n', 4, "two subscribers"),
        ('[[subscriber]]\nname = "a"\n[[subscriber.channel]]\nkind = "email"\nto = "nobody"\n', 5, "not an e-mail"),
        ('[[subscriber]]\nname = "a"\n[[subscriber.channel]]\nkind = "pigeon"\n', 4, "is not one of"),
        ('[[subscriber]]\nname = "a"\n[[subscriber.channel]]\nkind = "webhook"\nto = "ftp://x"\nsecret="s"', 5, "http"),
        ('[[subscriber]]\nname = "a"\n[[subscriber.channel]]\nkind = "webhook"\nto = "https://x"\n', 3, "is required"),
        ("[[subscriber]\n", 1, "line 1"),
        ('title = "x"\n', 1, "[[subscriber]]"),
        ("subscriber = 3\n", 1, "list of tables"),
        ('[[subscriber]]\nname = "a"\nchannel = 3\n', 3, "[[subscriber.channel]]"),
    ],
)
def test_a_mistake_is_told_with_its_line(text, line, says):
    with pytest.raises(ConfigError) as caught:
        parse_subscribers(text, "s.toml")
    assert caught.value.where == f"s.toml:{line}"
    assert says in str(caught.value)


def test_a_file_that_is_not_text_is_a_configuration_error(tmp_path):
    path = tmp_path / "subscribers.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError):
        load_subscribers(path)


@pytest.mark.parametrize("text", ["at once", "at-once", "hourly", "daily 7:30", "daily 8:00 18:00", "weekly friday 8h"])
def test_the_documented_rhythms_are_understood(text):
    assert parse_rhythm(text)


@pytest.mark.parametrize("text", ["", "x", "7:xx", "24:00", "٧:00", "-1:00"])
def test_what_is_no_time_of_day_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse_wall_time(text)
