"""The API: what it gives, and that its own description is true."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from monitor.web.limits import Limits
from tests.newsroom import Newsroom
from tests.site import Site

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance,negative_data_rejection,unsupported_method,ignored_auth"
)


@pytest.fixture
def writer(site: Site) -> Site:
    site.token = site.app.state.desk.access.make_token("writer", "write")
    return site


def test_lists_give_the_lines_of_the_contract_page_by_page(writer: Site) -> None:
    first = writer.get("/api/v1/alerts?limit=2").json
    second = writer.get(f"/api/v1/alerts?limit=2&after={first['after']}").json
    assert [row["id"] for row in first["rows"] + second["rows"]] == [3, 2, 1]
    assert second["after"] is None


def test_a_search_has_the_language_of_topics(writer: Site) -> None:
    rows = writer.get("/api/v1/articles?q=exclure%20AND%20su%C3%A8de").json["rows"]
    assert [row["title"] for row in rows] == ["La Suède exclut Huawei"]


def test_a_query_that_cannot_be_read_says_where(writer: Site) -> None:
    error = writer.get("/api/v1/alerts?q=huawei%20topik:x").json["error"]
    assert (error["code"], error["position"]) == ("query", 7)


def test_an_article_is_explained_topic_by_topic(writer: Site) -> None:
    told = writer.get("/api/v1/articles/1/explanation?dossier=huawei").json
    assert {topic["topic"] for topic in told["topics"]} == {"5g-exclusion", "cloud"}
    assert all(topic["missing"] or topic["fired"] for topic in told["topics"])
    assert writer.get("/api/v1/articles/1/explanation?dossier=autre").status == 404


def test_an_alert_is_followed_up(writer: Site) -> None:
    changed = writer.send("PATCH", "/api/v1/alerts/1", {"status": "dismissed", "reason": "bruit", "assignee": "Ada"})
    assert (changed.json["status"], changed.json["reason"], changed.json["assignee"]) == ("dismissed", "bruit", "Ada")
    assert writer.send("POST", "/api/v1/alerts/1/notes", {"text": "vu"}).status == 201
    assert [line["kind"] for line in writer.get("/api/v1/alerts/1/trail").json] == ["status", "assigned", "note"]


def test_statistics_count_what_the_filter_finds(writer: Site) -> None:
    counted = writer.get("/api/v1/statistics?topic=cloud").json
    assert (counted["total"], counted["statuses"]) == (2, {"new": 2})


def test_new_alerts_come_as_events(writer: Site) -> None:
    request = urllib.request.Request(
        f"{writer.url}/api/v1/alerts/stream", headers={"Authorization": f"Bearer {writer.token}"}
    )
    with urllib.request.urlopen(request, timeout=20) as stream:
        assert stream.readline().startswith(b"retry:")
        room = Newsroom(writer.monitor.store, slug="other")
        number = room.alert(room.article("Neuf", matches={"cloud": 0.9}))
        lines = [stream.readline().decode().strip() for _ in range(4)]
    assert f"id: {number}" in lines
    data = next(line for line in lines if line.startswith("data: "))
    assert json.loads(data[6:])["title"] == "Neuf"


@pytest.mark.parametrize("kind", ["atom", "rss", "json"])
def test_a_question_can_be_followed_in_a_reader_until_it_is_revoked(site: Site, kind: str) -> None:
    access = site.app.state.desk.access
    token = access.make_feed_token("suède", "articles", "exclure")
    answer = site.get(f"/feeds/{token}.{kind}")
    assert answer.status == 200
    if kind == "json":
        assert [item["title"] for item in answer.json["items"]] == ["La Suède exclut Huawei"]
    else:
        assert "La Suède exclut Huawei" in "".join(ET.fromstring(answer.text).itertext())
    access.revoke_token(access.tokens()[0].id)
    assert site.get(f"/feeds/{token}.{kind}").status == 404


def test_our_own_parser_reads_the_feeds(site: Site) -> None:
    from monitor.fetch.feeds import parse_feed

    token = site.app.state.desk.access.make_feed_token("", "alerts", "")
    for kind in ("atom", "rss", "json"):
        answer = site.get(f"/feeds/{token}.{kind}")
        feed = parse_feed(answer.body, url=site.url, content_type=answer.headers["content-type"])
        assert len(feed.entries) == 3


def test_the_feeds_of_questions_keep_hostile_titles_as_text(site: Site) -> None:
    token = site.app.state.desk.access.make_feed_token("", "alerts", "")
    assert "<script>" not in site.get(f"/feeds/{token}.atom").text


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_schemathesis_finds_no_failure(writer: Site, tmp_path: Path) -> None:
    """It reads the API's description and tries everything that it allows, and much that it does not.

    The clock of who asks too often runs fast: by the true one a minute would pass in waiting.
    """
    writer.app.state.desk.limits = Limits(lambda: 50 * time.monotonic())
    config = tmp_path / "schemathesis.toml"
    config.write_text("", encoding="utf-8")
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        "run",
        f"{writer.url}/api/v1/openapi.json",
        "--header",
        f"Authorization: Bearer {writer.token}",
        "--exclude-path",
        "/api/v1/alerts/stream",
        "--checks",
        CHECKS,
        "--max-examples",
        "15",
        "--seed",
        "7",
        "--phases",
        "examples,coverage,fuzzing",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
