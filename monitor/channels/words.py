"""The words of digests in French and English, with the typography of each.

French: a no-break space before `:`, `;`, `?`, `!`, `%` and inside guillemets; hours as « 7 h 30 », « 1er » mars.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal

from monitor.channels.filters import typeset

NBSP = "\u00a0"

FR = {
    "digest": "Veille",
    "new": "Nouveau",
    "grown": "Suite de sujets déjà signalés",
    "backlog": "Arriéré",
    "backlog_note": "Articles déjà en ligne à l’ajout d’un flux ou à la modification d’un dossier : rien d’urgent.",
    "other_topics": "Hors thème",
    "also": "Aussi chez",
    "joined": "Depuis",
    "read": "Lire l’article",
    "open": "Ouvrir l’alerte",
    "score": "score",
    "partial": "texte partiel",
    "undated": "sans date",
    "more": "et aussi",
    "guard": "Période chargée : {shown} alertes détaillées sur {total}, les mieux notées ; les autres par leur titre.",
    "held": "Beaucoup d’alertes en peu de temps : celles-ci sont réunies au lieu d’être envoyées une à une.",
    "omitted": "… et {count} de plus, à lire dans Veille.",
    "trends": "Alertes par thème et par semaine",
    "trends_note": "Depuis le {day} ; à droite, les sept derniers jours.",
    "of": "sur",
    "in": "dans",
    "topic": "Thème",
    "surge": "en hausse",
    "quiet": "en retrait",
    "surge_note": "{title} : {count} en sept jours, contre {usual} d’ordinaire.",
    "quiet_note": "{title} : {count} en sept jours, contre {usual} d’ordinaire.",
    "changes": "Ce qui a changé",
    "edited": "Article modifié",
    "added": "ajouté :",
    "removed": "retiré :",
    "coverage": "Couverture",
    "empty": "Rien de nouveau.",
    "empty_note": "La couverture ci-dessous dit ce qui a été lu.",
    "period": "Du {start} au {end}",
    "settings": "Vous recevez ce courriel parce que vous suivez",
    "unsubscribe": "Ne plus recevoir ces courriels",
    "web": "Ouvrir Veille",
    "test": "Essai",
    "test_note": "Ceci est un essai : le contenu est fictif.",
    "alert": "Alerte",
    "evidence_open": "«" + NBSP,
    "evidence_close": NBSP + "»",
    "colon": NBSP + ":",
    "report": "Note de veille",
    "confirmed": "Faits confirmés",
    "follow-up": "À suivre",
    "to-verify": "À vérifier",
    "new_chapter": "Non traité",
    "actors": "Acteurs",
    "places": "Pays",
    "sources": "Sources",
    "source": "Source",
    "articles_column": "Articles",
    "notes": "Notes",
    "made": "Établie le {day} à {time}.",
    "no_story": "Aucun sujet sur la période.",
}
EN = {
    "digest": "Veille",
    "new": "New",
    "grown": "More on earlier stories",
    "backlog": "Backlog",
    "backlog_note": "Already online when a feed was added or a dossier changed: nothing urgent.",
    "other_topics": "No topic",
    "also": "Also at",
    "joined": "Since then",
    "read": "Read the article",
    "open": "Open the alert",
    "score": "score",
    "partial": "partial text",
    "undated": "undated",
    "more": "and also",
    "guard": "A busy period: {shown} of {total} alerts in full, the best scored; the others by title only.",
    "held": "Many alerts in a short time: these come together instead of one by one.",
    "omitted": "… and {count} more, to be read in Veille.",
    "trends": "Alerts by topic and week",
    "trends_note": "Since {day}; on the right, the last seven days.",
    "of": "of",
    "in": "in",
    "topic": "Topic",
    "surge": "surging",
    "quiet": "quiet",
    "surge_note": "{title}: {count} in seven days, usually {usual}.",
    "quiet_note": "{title}: {count} in seven days, usually {usual}.",
    "changes": "What changed",
    "edited": "Edited article",
    "added": "added:",
    "removed": "removed:",
    "coverage": "Coverage",
    "empty": "Nothing new.",
    "empty_note": "The coverage below says what was read.",
    "period": "From {start} to {end}",
    "settings": "You receive this mail because you follow",
    "unsubscribe": "Unsubscribe",
    "web": "Open Veille",
    "test": "Test",
    "test_note": "This is a test: its content is made up.",
    "alert": "Alert",
    "evidence_open": "“",
    "evidence_close": "”",
    "colon": ":",
    "report": "Intelligence brief",
    "confirmed": "Confirmed",
    "follow-up": "To follow",
    "to-verify": "To verify",
    "new_chapter": "Not yet handled",
    "actors": "Actors",
    "places": "Countries",
    "sources": "Sources",
    "source": "Source",
    "articles_column": "Articles",
    "notes": "Notes",
    "made": "Made on {day} at {time}.",
    "no_story": "No story in this period.",
}
# (singular, plural); French counts 0 and 1 as singular.
COUNTS = {
    "fr": {
        "alerts": ("alerte", "alertes"),
        "new_alerts": ("nouvelle alerte", "nouvelles alertes"),
        "grown": ("suite", "suites"),
        "backlog": ("en arriéré", "en arriéré"),
        "stories": ("sujet", "sujets"),
        "reports": ("article", "articles"),
        "topics": ("thème", "thèmes"),
        "feeds": ("flux relevé", "flux relevés"),
        "failed": ("en échec", "en échec"),
        "silent": ("muet", "muets"),
        "articles": ("article lu", "articles lus"),
        "partial": ("en partie seulement", "en partie seulement"),
        "unreadable": ("illisible", "illisibles"),
        "pending": ("en attente", "en attente"),
        "given_up": (
            "message qui vous était destiné n’a pu être remis",
            "messages qui vous étaient destinés n’ont pu être remis",
        ),
        "undelivered": ("message à d’autres n’a pu être remis", "messages à d’autres n’ont pu être remis"),
    },
    "en": {
        "alerts": ("alert", "alerts"),
        "new_alerts": ("new alert", "new alerts"),
        "grown": ("follow-up", "follow-ups"),
        "backlog": ("in the backlog", "in the backlog"),
        "stories": ("story", "stories"),
        "reports": ("article", "articles"),
        "topics": ("topic", "topics"),
        "feeds": ("feed polled", "feeds polled"),
        "failed": ("failed", "failed"),
        "silent": ("silent", "silent"),
        "articles": ("article read", "articles read"),
        "partial": ("in part only", "in part only"),
        "unreadable": ("unreadable", "unreadable"),
        "pending": ("pending", "pending"),
        "given_up": ("message to you could not be delivered", "messages to you could not be delivered"),
        "undelivered": ("message to others could not be delivered", "messages to others could not be delivered"),
    },
}


@dataclass(frozen=True, slots=True)
class Words:
    """The words and formats of one language in one time zone."""

    language: str
    zone: ZoneInfo

    def __getitem__(self, key: str) -> str:
        text = (FR if self.language == "fr" else EN)[key]
        return typeset(text) if self.language == "fr" else text

    def fill(self, key: str, **values: object) -> str:
        return self[key].format(**values)

    def count(self, number: int, key: str) -> str:
        singular, plural = COUNTS[self.language][key]
        one = number <= 1 if self.language == "fr" else number == 1
        label = (singular if one else plural).replace(" ", NBSP, 1)
        return f"{self.number(number)}{NBSP}{label}"

    def number(self, value: float) -> str:
        return str(format_decimal(value, format="#,##0.#", locale=self.language)).replace("\u202f", NBSP)

    def score(self, value: float) -> str:
        """A score of 0..1 as a percentage, never rounded up to 100."""
        percent = min(99, int(value * 100)) if value < 1 else 100
        return f"{percent}{NBSP}%" if self.language == "fr" else f"{percent}%"

    def day(self, at: datetime | date) -> str:
        """`dimanche 22 novembre 2026`, `1er` on the first."""
        day = self._local_day(at)
        text = str(format_date(day, "EEEE d MMMM y", locale=self.language))
        return text.replace(" 1 ", " 1er ", 1) if self.language == "fr" and day.day == 1 else text

    def short_day(self, at: datetime | date) -> str:
        day = self._local_day(at)
        text = str(format_date(day, "d MMM", locale=self.language)).replace(" ", NBSP)
        return text.replace(f"1{NBSP}", f"1er{NBSP}", 1) if self.language == "fr" and day.day == 1 else text

    def time(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        if self.language == "fr":
            return f"{local.hour}{NBSP}h{NBSP}{local.minute:02}" if local.minute else f"{local.hour}{NBSP}h"
        return f"{local:%H:%M}"

    def moment(self, at: datetime | None) -> str:
        """Day and time: `22 nov., 7 h 30`."""
        return f"{self.short_day(at)}, {self.time(at)}" if at is not None else self["undated"]

    def _local_day(self, at: datetime | date) -> date:
        return at.astimezone(self.zone).date() if isinstance(at, datetime) else at
