"""Measuring a matcher against labelled articles: precision, recall and F1, overall and by topic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from monitor.domain.labelled import Labelled
from monitor.domain.model import Verdict


@dataclass(slots=True)
class Count:
    """How often something was found rightly, wrongly, and missed."""

    hits: int = 0
    wrong: int = 0
    missed: int = 0

    def add(self, said: bool, true: bool) -> None:
        self.hits += said and true
        self.wrong += said and not true
        self.missed += true and not said

    @property
    def precision(self) -> float:
        return self.hits / (self.hits + self.wrong) if self.hits + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.hits / (self.hits + self.missed) if self.hits + self.missed else 1.0

    @property
    def f1(self) -> float:
        """1 where there was nothing to find and nothing was found."""
        total = 2 * self.hits + self.wrong + self.missed
        return 2 * self.hits / total if total else 1.0


@dataclass(frozen=True, slots=True)
class Miss:
    """An article judged otherwise than its label says. `topic` is None when it is its relevance."""

    identity: str
    topic: str | None
    said: bool
    score: float
    text: str


@dataclass(slots=True)
class Scorecard:
    """Counts of one corpus. A topic counts only where it is not disputed."""

    relevance: Count = field(default_factory=Count)
    topics: dict[str, Count] = field(default_factory=dict)
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    misses: list[Miss] = field(default_factory=list)
    articles: int = 0

    @property
    def micro(self) -> Count:
        counts = self.topics.values()
        return Count(sum(c.hits for c in counts), sum(c.wrong for c in counts), sum(c.missed for c in counts))

    @property
    def macro_f1(self) -> float:
        return sum(count.f1 for count in self.topics.values()) / max(1, len(self.topics))

    def add(self, identity: str, labelled: Labelled, verdict: Verdict) -> None:
        """Counts one article."""
        self.articles += 1
        self.relevance.add(verdict.relevant, labelled.relevant)
        if verdict.relevant != labelled.relevant:
            title = labelled.document.title
            self.misses.append(Miss(identity, None, verdict.relevant, verdict.score, title))
        if labelled.topics is not None:
            self._add_topics(identity, labelled, verdict)

    def _add_topics(self, identity: str, labelled: Labelled, verdict: Verdict) -> None:
        said, true = {match.topic: match for match in verdict.topics}, labelled.topics or frozenset()
        for slug, count in self.topics.items():
            if slug in labelled.disputed:
                continue
            count.add(slug in said, slug in true)
            if (slug in said) != (slug in true):
                match = said.get(slug)
                text = match.evidence[0].text if match and match.evidence else labelled.evidence.get(slug, "")
                self.misses.append(Miss(identity, slug, slug in said, match.score if match else 0.0, text))
        for missed in true - said.keys() - labelled.disputed:
            self.confusion.update((missed, wrong) for wrong in said.keys() - true - labelled.disputed)

    def figures(self) -> dict[str, float]:
        """The figures that floors are set for."""
        return {
            "relevance_f1": round(self.relevance.f1, 4),
            "topic_micro_f1": round(self.micro.f1, 4),
            "topic_macro_f1": round(self.macro_f1, 4),
        }


def below(figures: dict[str, float], floors: dict[str, float]) -> list[str]:
    """The figures that are lower than their floor, as sentences."""
    return [
        f"{name} {figures[name]:.4f} is below its floor {floor:.4f}"
        for name, floor in floors.items()
        if name in figures and figures[name] < floor
    ]


def empty(topics: Iterable[str]) -> Scorecard:
    """A scorecard that has a count for each topic."""
    return Scorecard(topics={slug: Count() for slug in topics})
