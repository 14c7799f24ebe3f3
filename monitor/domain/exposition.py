"""Figures in the text format that Prometheus reads (version 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric with its samples: labels and value. `kind` is `gauge` or `counter`."""

    name: str
    kind: str
    help: str
    samples: Sequence[tuple[Mapping[str, str], float]]


def gauge(name: str, about: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> Metric:
    return Metric(name, "gauge", about, tuple(samples))


def counter(name: str, about: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> Metric:
    return Metric(name, "counter", about, tuple(samples))


def exposition(metrics: Iterable[Metric]) -> str:
    """All metrics as text; one without samples is left out."""
    lines: list[str] = []
    for metric in metrics:
        if not metric.samples:
            continue
        lines.append(f"# HELP {metric.name} {_escape(metric.help)}")
        lines.append(f"# TYPE {metric.name} {metric.kind}")
        lines += [f"{metric.name}{_labels(labels)} {_number(value)}" for labels, value in metric.samples]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    inside = ",".join(f'{name}="{_quoted(value)}"' for name, value in labels.items())
    return "{" + inside + "}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escape(text).replace('"', '\\"')


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(round(float(value), 6))
