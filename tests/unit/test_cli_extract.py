import gzip
import json
from pathlib import Path

from typer.testing import CliRunner

from monitor.cli.extract import app

PAGES = Path(__file__).parents[1] / "data" / "pages"


def test_files_plain_and_gzipped_give_a_line_each_with_the_contract_s_keys(tmp_path: Path) -> None:
    packed = tmp_path / "page.html.gz"
    packed.write_bytes(gzip.compress((PAGES / "paywall.html").read_bytes()))
    result = CliRunner().invoke(app, [str(packed), str(PAGES / "points.html"), "--format", "jsonl"])
    first, second = map(json.loads, result.stdout.splitlines())
    assert result.exit_code == 0
    assert (first["access"], first["published_at"]) == ("partial", "2026-01-09T05:00:00+01:00")
    keys = {"file", "url", "canonical_url", "title", "lead", "text", "published_at", "authors", "language", "access"}
    assert set(second) == keys


def test_what_cannot_be_read_is_said_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "cut.html.gz").write_bytes(gzip.compress(b"<p>text</p>" * 99)[:40])
    (tmp_path / "empty.html").write_bytes(b"")
    names = [str(tmp_path / name) for name in ("cut.html.gz", "empty.html", "missing.html")]
    result = CliRunner().invoke(app, [*names, str(PAGES / "points.html")])
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 1
    assert all(name in result.stderr for name in names)
