"""Troubles on the French pages: every sentence that the program can say has its French."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.domain.pulse import ANNOUNCED, PARTS, ailments
from monitor.domain.weights import POOLED
from monitor.errors import ConfigError
from monitor.settings import load_settings
from monitor.web.score_words import counted_in_words
from monitor.web.troubles import broken_file, refusal_in_words, work_in_words

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def stuck(hours: int) -> list[str]:
    beats = {ANNOUNCED + kind: NOW - timedelta(hours=hours) for kind in ("poll", "read", "digest", "deliver")}
    beats |= {"tick": NOW - timedelta(hours=hours)} if hours > 1 else {}
    return ailments(beats, load_settings({}), NOW, tuple(PARTS))


@pytest.mark.parametrize("sentence", [*stuck(1), *stuck(2)])
def test_what_waits_is_said_in_the_readers_language(sentence: str) -> None:
    french = work_in_words(sentence, "fr")
    assert french != sentence
    assert " is " not in french
    assert work_in_words(sentence, "en") == sentence


def test_a_stuck_step_is_named_with_its_queue() -> None:
    said = work_in_words("work for digest has waited 600 s for an answer: is a worker on the queue `deliver`?", "fr")
    assert said == "composer les bulletins attend depuis 600 s : un ouvrier sert-il la file « deliver » ?"


@pytest.mark.parametrize(
    ("error", "name", "line", "detail"),
    [
        (
            ConfigError("no such key", where="/etc/veille/feeds.toml:12", hint="url"),
            "feeds.toml",
            "12",
            "no such key (url)",
        ),
        (ConfigError("cannot be read: no", where="/etc/veille/feeds.toml"), "feeds.toml", "", "cannot be read: no"),
        (ConfigError("something else"), "something else", "", ""),
    ],
)
def test_a_broken_file_is_named_with_its_line(error: ConfigError, name: str, line: str, detail: str) -> None:
    found = broken_file(str(error))
    assert (found.name, found.line, found.detail) == (name, line, detail)


@pytest.mark.parametrize(
    ("said", "french"),
    [
        ("no article has the id 7", "il n’y a rien sous le numéro 7"),
        ("'ftp://x' is not an http or https address", "« ftp://x » n’est pas une adresse http ou https"),
        ("too many requests; again in 12 s", "trop de demandes : recommencez dans 12 s"),
        ("body.url: Field required", "une valeur n’a pas la forme attendue : url"),
        ("what nobody foresaw", "what nobody foresaw"),
    ],
)
def test_a_refusal_is_said_in_french(said: str, french: str) -> None:
    assert refusal_in_words(said, "fr") == french


def test_every_part_of_a_score_has_its_french() -> None:
    parts = (*POOLED, "doubt of relevance")
    assert all(counted_in_words(part, "fr") != part for part in parts)
    assert counted_in_words("rule: sanction", "fr") == "règle : sanction"
    assert counted_in_words("rule: sanction", "en") == "rule: sanction"
