"""Signing in and out; tokens; open pages on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.web.limits import Limits, Rate
from tests.site import PASSWORD, Site, serve


def test_the_right_password_opens_and_goes_on_to_where_one_wanted(site: Site) -> None:
    answer = site.sign_in(next="/feeds")
    assert (answer.status, answer.headers["location"]) == (303, "/feeds")
    assert site.get("/feeds").status == 200


def test_a_wrong_password_opens_nothing(site: Site) -> None:
    assert site.sign_in("wrong").status == 401
    assert site.cookies == {}


def test_the_cookie_is_kept_from_scripts_and_other_sites(site: Site) -> None:
    cookie = site.sign_in().headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_each_sign_in_makes_another_session_and_signing_out_ends_it(site: Site) -> None:
    site.sign_in()
    first = dict(site.cookies)
    site.sign_in()
    assert site.cookies != first
    csrf = site.csrf
    cookies = dict(site.cookies)
    site.form("/sign-out", {"csrf": csrf})
    site.cookies = cookies
    assert site.get("/feeds").status == 401


def test_who_guesses_passwords_waits(site: Site) -> None:
    statuses = [site.sign_in(f"guess {number}") for number in range(7)]
    assert [answer.status for answer in statuses] == [401] * 5 + [429] * 2
    assert int(statuses[-1].headers["retry-after"]) >= 1


def test_a_forged_forwarding_header_is_no_way_around_waiting(site: Site) -> None:
    statuses = [site.form("/sign-in", {"password": "x"}, x_forwarded_for=f"10.0.0.{n}").status for n in range(7)]
    assert statuses[-1] == 429


def test_a_user_signs_in_with_their_own_password_until_they_are_shut_out(site: Site) -> None:
    access = site.app.state.desk.access
    access.put_user("Grace", "another long password")
    assert site.form("/sign-in", {"name": "Grace", "password": "another long password"}).status == 303
    assert site.get("/feeds").status == 200
    access.disable_user("Grace")
    assert site.get("/feeds").status == 401


def test_open_pages_answer_on_this_machine_only_to_its_own_names(open_site: Site) -> None:
    assert open_site.get("/alerts").status == 200
    assert open_site.get("/alerts", host="localhost:1").status == 200
    assert open_site.get("/alerts", host="evil.example").status == 421


def test_open_pages_still_ask_programs_for_a_token(open_site: Site) -> None:
    assert open_site.get("/api/v1/alerts").status == 401


def test_an_address_that_others_reach_is_refused_while_nothing_asks_who_they_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="VEILLE_WEB_PASSWORD"), serve(tmp_path, host="0.0.0.0"):
        pass


def test_with_a_password_it_may_listen_everywhere(tmp_path: Path) -> None:
    with serve(tmp_path, host="0.0.0.0", VEILLE_WEB_PASSWORD=PASSWORD) as site:
        assert site.get("/alerts").status == 401


def test_a_bucket_fills_again_with_time() -> None:
    now = [0.0]
    limits = Limits(lambda: now[0])
    rate = Rate(2, 0.5)
    assert [limits.wait("k", rate) for _ in range(3)] == [0, 0, 2]
    now[0] = 2.0
    assert limits.wait("k", rate) == 0


def test_too_many_requests_are_told_when_to_come_again(site: Site) -> None:
    site.token = site.app.state.desk.access.make_token("busy", "read")
    desk = site.app.state.desk
    principal = desk.access.token(site.token)
    desk.limits._buckets[f"token:{principal.id}"] = (-10_000.0, desk.limits._clock())
    answer = site.get("/api/v1/topics")
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json["error"]["code"] == "rate_limited"
