"""What `veille demo` says: colours on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from monitor.domain.failures import failure_in_words

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from monitor.storage.search_rows import AlertRow, ArticleRow, MatchRow

PASSAGE = 150  # characters of a passage on the screen
SHOWN = 6  # alerts
TOPICS = 4  # of one alert


class Screen:
    """Tells the demo on a rich console, in French or English."""

    def __init__(self, console: Console, language: str) -> None:
        self.console = console
        self.language: Literal["fr", "en"] = "en" if language == "en" else "fr"
        self.words = WORDS[self.language]

    def opened(self, outlets: int, feeds: int) -> None:
        """The press is there."""
        self.console.print(f"\n[bold]Veille[/] · {self.words['title']}\n")
        self._done(self.words["opened"].format(outlets=outlets, feeds=feeds))

    @contextmanager
    def working(self) -> Iterator[Callable[[Any], None]]:
        """While the workers work; what it gives takes the counts so far."""
        if not self.console.is_terminal or self.console.record:  # a line that is drawn over and over suits neither
            yield lambda _: None
            return
        with self.console.status(self.words["starting"]) as status:
            yield lambda counts: status.update(self._counts(counts))

    def read(self, counts: Any, troubled: Sequence[tuple[str, str, Any]]) -> None:
        """The archive was read."""
        self._done(self.words["archive"].format(counts=self._counts(counts)))
        for name, reason, _ in troubled:
            said = safe(failure_in_words(reason, self.language))
            self.console.print(f"  [red]![/] {self.words['failing'].format(name=name, reason=said)}")

    def edition(self, published: int, alerts: Sequence[AlertRow]) -> None:
        """Today's edition and the best alerts of it."""
        from rich.text import Text

        self._done(self.words["edition"].format(published=published, alerts=len(alerts)))
        table = self._table(self.words["score"], self.words["alert"], self.words["topics"])
        for alert in alerts[:SHOWN]:
            sources = " · ".join(dict.fromkeys(article.source for article in alert.articles))
            title = Text.assemble((plain(alert.title), "bold"), ("\n" + plain(sources), "dim"))
            table.add_row(f"{min(alert.score, 0.99):.2f}", title, Text(topics(alert), "cyan"))
        if len(alerts) > SHOWN:
            table.add_row("", Text(self.words["others"].format(count=len(alerts) - SHOWN), "dim"), "")
        self.console.print(table)
        self.console.print()

    def passages(self, matches: Sequence[MatchRow]) -> None:
        """Why one article raised an alert: a passage for each topic."""
        from rich.text import Text

        if not matches:
            return
        self.console.print(f"  [bold]{self.words['why']}[/] {safe(matches[0].article.title)}")
        table = self._table("", "", "", header=False, wide=False)
        for match in matches:
            passage = plain(match.evidence[0]["text"]) if match.evidence else ""
            table.add_row("", Text(match.topic_title, "cyan"), f"« {short(passage)} »")
        self.console.print(table)

    def told_apart(self, articles: Sequence[ArticleRow]) -> None:
        """Articles that name the group and raise nothing."""
        self.console.print(f"\n  [bold]{self.words['apart']}[/]")
        for article in articles:
            self.console.print(f"    [dim]·[/] {safe(article.title)} [dim]{safe(article.source)}[/]", markup=True)
        self.console.print()

    def delivered(self, mails: int, sent: int, mail: Path | None, file: Path | None) -> None:
        """What went out."""
        self._done(self.words["mails"].format(mails=mails))
        self._done(self.words["digest"].format(sent=sent))
        for path in (mail, file):
            if path is not None:
                self.console.print(f"    {path}", soft_wrap=True, markup=False)

    def later(self, published: int, alerts: Sequence[AlertRow]) -> None:
        """The later wave: new alerts, and those that a correction brought up to date."""
        from rich.text import Text

        self._done(self.words["later"].format(published=published))
        table = self._table("", "", "", header=False)
        for alert in alerts:
            kind = self.words["revised" if alert.revision > 1 else "new"]
            table.add_row(kind, Text(plain(alert.articles[0].title), "bold"), Text(topics(alert), "cyan"))
        self.console.print(table)

    def finished(self, home: Path, seconds: float) -> None:
        """The queries to try next."""
        self._done(self.words["finished"].format(seconds=seconds))
        self.console.print(f"\n  [bold]{self.words['next']}[/]")
        for command in (f"export VEILLE_DATA_DIR={home} VEILLE_CONFIG_DIR={home / 'config'}", *QUERIES):
            self.console.print(f"    {command}", soft_wrap=True, markup=False)
        self.console.print()

    def staying(self, web_url: str | None) -> None:
        """With --stay."""
        self.console.print(f"  {self.words['staying']} {web_url or ''}\n")

    def _table(self, *columns: str, header: bool = True, wide: bool = True) -> Table:
        from rich.table import Table

        table = Table(box=None, padding=(0, 1), header_style="dim", show_header=header)
        table.add_column(columns[0], justify="right", no_wrap=True, style="yellow", min_width=3)
        table.add_column(columns[1], ratio=3 if wide else 2)
        table.add_column(columns[2], ratio=2 if wide else 5)
        return table

    def _done(self, text: str) -> None:
        self.console.print(f"[green]✓[/] {text}")

    def _counts(self, counts: Any) -> str:
        return str(
            self.words["counts"].format(
                feeds=counts.feeds_polled,
                failed=counts.feeds_failed,
                read=sum(counts.outcomes.values()),
                alerts=counts.alerts_raised,
            )
        )


def plain(text: str) -> str:
    """Text of the outside on our terminal: no control characters."""
    return "".join(character if character.isprintable() else " " for character in text)


def safe(text: str) -> str:
    """The same where rich reads markup."""
    from rich.markup import escape

    return escape(plain(text))


def topics(alert: AlertRow) -> str:
    """The best topics of an alert."""
    names = [topic.title for topic in alert.topics]
    return ", ".join(names[:TOPICS]) + (" …" if len(names) > TOPICS else "")


def short(text: str) -> str:
    """At most `PASSAGE` characters, cut between words."""
    return text if len(text) <= PASSAGE else text[:PASSAGE].rsplit(" ", 1)[0] + " …"


QUERIES = (
    "veille alerts --sort score",
    "veille matches --topic energy --format jsonl",
    "veille articles --q 'onduleur* OR batterie*'",
    "veille alerts set 1 follow-up",
    "veille digest preview lea",
)

WORDS = {
    "fr": {
        "title": "démonstration sur une presse inventée, hors ligne",
        "opened": "La presse ouvre : {outlets} titres, {feeds} flux, sur cette machine",
        "starting": "La file, le calendrier et les lecteurs démarrent…",
        "counts": "{feeds} flux relevés ({failed} en échec), {read} articles lus, {alerts} alertes",
        "archive": "Archives : {counts}, gardées en arriéré pour le prochain bulletin",
        "failing": "{name} ne répond pas ({reason}) ; les autres flux n’attendent pas",
        "edition": "L’édition du jour paraît : {published} articles, {alerts} alertes",
        "score": "note",
        "alert": "alerte",
        "others": "… et {count} autres",
        "topics": "thèmes",
        "why": "Pourquoi cette alerte :",
        "apart": "Lus, et sans alerte :",
        "mails": "{mails} alertes envoyées aussitôt par courriel à la permanence",
        "digest": "Bulletin du jour envoyé à Léa ({sent} envois) :",
        "later": "Plus tard : {published} articles nouveaux ou corrigés",
        "new": "nouvelle",
        "revised": "révisée",
        "finished": "Terminé en {seconds:.0f} s",
        "next": "À essayer maintenant :",
        "staying": "La presse et la veille continuent ; Ctrl-C les arrête.",
    },
    "en": {
        "title": "a demonstration on an invented press, offline",
        "opened": "The press opens: {outlets} outlets, {feeds} feeds, on this machine",
        "starting": "Broker, schedule and workers start…",
        "counts": "{feeds} feeds polled ({failed} failed), {read} articles read, {alerts} alerts",
        "archive": "Archive: {counts}, kept as a backlog for the next digest",
        "failing": "{name} does not answer ({reason}); the other feeds do not wait for it",
        "edition": "Today’s edition comes out: {published} articles, {alerts} alerts",
        "score": "score",
        "alert": "alert",
        "others": "… and {count} more",
        "topics": "topics",
        "why": "Why this alert:",
        "apart": "Read, and no alert:",
        "mails": "{mails} alerts sent at once by e-mail to the desk on duty",
        "digest": "The day’s digest sent to Léa ({sent} deliveries):",
        "later": "Later: {published} articles, new or corrected",
        "new": "new",
        "revised": "revised",
        "finished": "Done in {seconds:.0f} s",
        "next": "To try now:",
        "staying": "Press and workers go on; Ctrl-C stops them.",
    },
}
