from __future__ import annotations

from monitor.domain.exposition import exposition, gauge


def test_a_metric_is_told_with_its_help_type_and_samples() -> None:
    text = exposition([gauge("veille_due_rows", "Rows.", [({"queue": "poll"}, 3), ({"queue": "read"}, 0.25)])])
    assert text.splitlines() == [
        "# HELP veille_due_rows Rows.",
        "# TYPE veille_due_rows gauge",
        'veille_due_rows{queue="poll"} 3',
        'veille_due_rows{queue="read"} 0.25',
    ]


def test_label_values_are_quoted() -> None:
    text = exposition([gauge("m", "h", [({"topic": 'a"b\\c\nd'}, 1)])])
    assert 'm{topic="a\\"b\\\\c\\nd"} 1' in text


def test_a_metric_without_samples_is_left_out() -> None:
    assert exposition([gauge("m", "h", [])]) == "\n"
