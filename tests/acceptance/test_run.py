"""`veille run` as its users meet it: real processes, a real broker, a real press."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.installation import VEILLE, Installation, fill_press
from tests.press import Press
from tests.servers import wait_until
from tests.stories import REVIEW, REVIEW_TITLE, SEED, SEED_TITLE


def seed(installation: Installation, press: Press) -> None:
    press.publish("/feed", [("1", SEED_TITLE, "/a"), ("2", REVIEW_TITLE, "/b")])
    press.page("/a", SEED_TITLE, *SEED)
    press.page("/b", REVIEW_TITLE, *REVIEW)
    installation.feeds([press.url + "/feed"])


def test_once_does_the_main_job_and_says_so_in_one_line(installation: Installation, press: Press) -> None:
    seed(installation, press)
    done = installation.veille("run", "--once", "--format", "json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary.pop("seconds") < 60
    assert summary == {
        "feeds_polled": 1,
        "feeds_failed": 0,
        "entries_new": 2,
        "entries_pending": 0,
        "outcomes": {"matched": 1, "unmatched": 1},
        "alerts_raised": 1,
        "deliveries_sent": 0,
    }
    (alert,) = installation.lines("alerts", "--format", "jsonl")
    assert alert["title"] == SEED_TITLE


def test_once_fails_when_all_feeds_failed(installation: Installation, press: Press) -> None:
    installation.feeds([press.url + "/nothing", press.url + "/nowhere"])
    done = installation.veille("run", "--once", "--format", "json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["feeds_failed"] == 2
    health = installation.veille("feeds", "health", "--format", "jsonl")
    assert "404" in health.stdout


def test_empty_directories_are_said_to_be_empty(installation: Installation) -> None:
    environ = {**installation.environ, "VEILLE_CONFIG_DIR": str(installation.directory / "none")}
    done = subprocess.run([*VEILLE, "check"], env=environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "veille init" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_cleanly(installation: Installation, press: Press, number: int) -> None:
    seed(installation, press)
    with installation.running("--no-web") as running:
        running.await_event("entry_read", 2)
        children = [running.child(name) for name in ("broker", "worker", "beat")]
        running.process.send_signal(number)
        running.process.wait(40)
    assert running.process.returncode == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    assert running.events("stopped")


def test_a_child_that_dies_is_started_again(installation: Installation, press: Press) -> None:
    seed(installation, press)
    installation.extra["VEILLE_TICK_INTERVAL"] = "1"
    with installation.running("--no-web") as running:
        running.await_event("entry_read", 2)
        for entries, name in enumerate(("worker", "broker", "beat"), start=3):
            first = running.child(name)
            running.kill(name)
            wait_until(lambda name=name, first=first: running.child(name) != first, 30)
            press.publish("/feed", [(str(entries), f"Encore un article, le {entries}e", f"/c{entries}")])
            press.page(f"/c{entries}", f"Encore un article, le {entries}e")
            installation.veille("feeds", "poll", "--all")
            assert running.await_event("entry_read", entries)


def test_a_worker_that_stands_still_turns_unhealthy_until_it_goes_on(installation: Installation, press: Press) -> None:
    press.publish("/feed", [])
    empty = press.answers["/feed"]
    press.answers["/feed"] = lambda _headers: time.sleep(3) or empty
    installation.feeds([press.url + "/feed"])
    installation.extra |= {"VEILLE_TICK_INTERVAL": "1", "VEILLE_POLL_LEASE": "6", "VEILLE_POLL_TIME_LIMIT": "5"}

    def told() -> subprocess.CompletedProcess[str]:
        return installation.veille("health", "poll")

    with installation.running("--no-web") as running:
        wait_until(lambda: press.hits("/feed"), 60)
        os.killpg(running.child("worker"), signal.SIGSTOP)
        assert told().returncode == 0
        wait_until(lambda: told().returncode == 1, 60)
        assert "is a worker on the queue `poll`?" in told().stderr
        press.answers["/feed"] = empty
        os.killpg(running.child("worker"), signal.SIGCONT)
        assert wait_until(lambda: told().returncode == 0, 60)


def test_a_second_start_is_refused_and_a_start_killed_outright_leaves_no_process(
    installation: Installation, press: Press
) -> None:
    seed(installation, press)
    with installation.running("--no-web") as running:
        running.await_event("entry_read", 2)
        second = installation.veille("run", "--no-web")
        children = [running.child(name) for name in ("broker", "worker", "beat")]
        running.process.kill()
        running.process.wait(10)
        assert wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children), 40)
    assert second.returncode == 1
    assert second.stderr.strip().splitlines()[-1].startswith("veille: Veille already runs on")


def test_a_data_directory_too_deep_for_a_socket_works_all_the_same(installation: Installation, press: Press) -> None:
    seed(installation, press)
    installation.extra["VEILLE_DATA_DIR"] = str(installation.directory / ("d" * 60) / ("e" * 60))
    assert installation.veille("run", "--once").returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_can_run_it_too(installation: Installation, press: Press) -> None:
    seed(installation, press)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("no setpriv (util-linux) to become an ordinary user with")
    nobody = pwd.getpwnam("nobody")
    for folder in (installation.directory, installation.config, installation.data):
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    for parent in [installation.directory, *installation.directory.parents][:4]:
        if parent.stat().st_mode & 0o001 == 0:
            parent.chmod(0o711)
    # this checkout or its Python may stand where only root can read: the one capability kept is to read there
    become = [setpriv, f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    become += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--bounding-set=-all,+dac_read_search"]
    done = subprocess.run(
        [*become, *VEILLE, "run", "--once"],
        env={**installation.environ, "HOME": str(installation.directory)},
        cwd=installation.directory,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_configuration_is_taken_up_without_a_restart_and_a_broken_file_stops_nothing(
    installation: Installation, press: Press
) -> None:
    first, second = fill_press(press, 2, 2, 0)
    installation.extra["VEILLE_TICK_INTERVAL"] = "1"
    installation.feeds([press.url + first])
    with installation.running("--no-web") as running:
        running.await_event("entry_read", 2)
        (installation.config / "feeds.toml").write_text("[[feed]\nname=")
        running.await_event("configuration_broken")
        press.publish(first, [("3", "Encore un article", "/c")])
        press.page("/c", "Encore un article")
        installation.veille("feeds", "poll", "--all")
        running.await_event("entry_read", 3)
        installation.feeds([press.url + first, press.url + second])
        assert running.await_event("entry_read", 5)
