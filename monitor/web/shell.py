"""Pages: templates, words, times, and the shell around every page."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache, partial
from typing import Any
from urllib.parse import urlencode

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal
from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from monitor.domain.feed_health import Language
from monitor.domain.model import AlertStatus
from monitor.domain.reasons import missing_in_words, number_in_words
from monitor.steps.watch import troubles
from monitor.web.desk import Desk, Principal
from monitor.web.marking import Mark, marked
from monitor.web.score_words import counted_in_words
from monitor.web.troubles import broken_file, work_in_words
from monitor.web.words import LANGUAGES

_CHOSEN: dict[str, Language] = {"fr": "fr", "en": "en"}
STATUSES = tuple(status.value for status in AlertStatus)


@cache
def environment() -> Environment:
    made = Environment(
        loader=PackageLoader("monitor.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["percent"] = lambda score: f"{round(score * 100)}"
    made.globals["statuses"] = STATUSES
    return made


def language_of(request: Request, desk: Desk) -> Language:
    """The one chosen on this browser, else that of the settings."""
    chosen: Language | None = _CHOSEN.get(request.cookies.get("veille_lang", ""))
    return chosen or desk.settings.language


def render(
    request: Request,
    desk: Desk,
    principal: Principal | None,
    template: str,
    *,
    code: int = 200,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> Response:
    """A page, in the reader's language and the settings' time zone."""
    language = language_of(request, desk)
    theme = request.cookies.get("veille_theme", "")
    html = (
        environment()
        .get_template(template)
        .render(
            t=partial(_word, LANGUAGES[language]),
            lang=language,
            theme=theme if theme in {"light", "dark"} else "auto",
            principal=principal,
            csrf=principal.csrf if principal else "",
            here=here(request),
            when=partial(_when, desk, language),
            ago=partial(_ago, desk, language),
            number=partial(_number, language),
            weight=partial(_weight, language),
            counted_in_words=partial(counted_in_words, language=language),
            number_in_words=partial(number_in_words, language=language),
            missing_in_words=partial(missing_in_words, language=language),
            day=partial(_day, language),
            excerpt=_excerpt,
            broken_file=broken_file,
            work_in_words=partial(work_in_words, language=language),
            dossiers=_dossiers(desk) if principal else [],
            troubles=troubles(desk.monitor.store, desk.settings, desk.now()) if principal else None,
            **context,
        )
    )
    return HTMLResponse(html, status_code=code, headers=headers)


def _word(words: dict[str, str], key: str, **values: object) -> str:
    return words[key].format(**values) if values else words[key]


def _when(desk: Desk, language: str, moment: datetime | None, form: str = "d MMM y, HH:mm") -> str:
    if moment is None:
        return "—"
    return str(format_datetime(moment.astimezone(desk.zone), form, locale=language))


def _ago(desk: Desk, language: str, moment: datetime | None) -> str:
    """In words, as a reader counts: il y a 2 heures."""
    if moment is None:
        return "—"
    return str(format_timedelta(moment - desk.now(), add_direction=True, locale=language))


def _day(language: str, day: date) -> str:
    return str(format_date(day, "d MMM y", locale=language))


def _number(language: str, value: float) -> str:
    """At most one decimal, with the language's own mark."""
    return str(format_decimal(round(value, 1), locale=language))


def _weight(language: str, value: float) -> str:
    return str(format_decimal(value, "0.00;−0.00", locale=language))


def _excerpt(text: str, marks: Any) -> Any:
    """An evidence sentence with its words marked; a mark around the whole sentence says nothing."""
    return marked(text, [Mark(start, end) for start, end in marks if end - start < len(text.strip("…"))])


def _dossiers(desk: Desk) -> list[tuple[str, str]]:
    """(slug, title) of the dossiers in force."""
    return list(dict.fromkeys((row.dossier, row.dossier_title) for row in desk.queries.topics() if row.enabled))


def here(request: Request) -> str:
    """This page's address within the site."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def safe_path(target: str | None, default: str = "/alerts") -> str:
    """A path of this site to go on to; anything else is `default`: an open redirect serves phishers."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return default
    if "\\" in target or any(ord(char) < 33 or ord(char) == 127 for char in target):
        return default
    return target


def go(target: str | None, default: str = "/alerts") -> Response:
    """After a change, on to a page of this site."""
    return RedirectResponse(safe_path(target, default), status_code=303)


def with_query(path: str, **values: Any) -> str:
    """An address with those values that say something."""
    kept = [(name, value) for name, value in values.items() if value not in ("", None, [])]
    return f"{path}?{urlencode(kept, doseq=True)}" if kept else path


def is_partial(request: Request) -> bool:
    """htmx asks for the piece it will put in place."""
    return request.headers.get("hx-request") == "true"
