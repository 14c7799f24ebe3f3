"""What programs that watch us are told."""

from __future__ import annotations

import json

from monitor.storage.dossiers import beat, put_setting
from monitor.web.desk import utc_now
from tests.site import Site


def test_health_and_readiness_ask_nobody_who_they_are(site: Site) -> None:
    assert site.get("/healthz").status == 200
    assert site.get("/readyz").status == 200


def test_readiness_tells_stuck_work_and_broken_files(site: Site) -> None:
    assert "no tick" in json.loads(site.get("/readyz").text)["work"][0]
    with site.monitor.store.write() as session:
        beat(session, "tick", utc_now())
        put_setting(session, "config", {"hash": "", "errors": ["config/feeds.toml:3: what is this"]})
    told = json.loads(site.get("/readyz").text)
    assert (told["status"], told["broken_files"], told["work"]) == ("degraded", ["feeds.toml"], [])


def test_a_broken_file_is_told_on_every_page_to_those_who_came_in(site: Site) -> None:
    with site.monitor.store.write() as session:
        put_setting(session, "config", {"hash": "", "errors": ["config/feeds.toml:3: <b>what is this</b>"]})
    assert "feeds.toml" not in site.get("/sign-in").text
    site.sign_in()
    alerts = site.get("/alerts").text
    assert '<code>feeds.toml</code>, ligne 3 : <span lang="en">&lt;b&gt;what is this&lt;/b&gt;</span>' in alerts
    assert "aucun tour n’a été fait" in site.get("/feeds").text


def test_metrics_want_a_sign_in(site: Site) -> None:
    assert site.get("/metrics").status in {303, 401}
    site.sign_in()
    answer = site.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'veille_alerts{status="confirmed"} 1' in answer.text
