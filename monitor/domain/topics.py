"""Dossier files: TOML to values, with every error at its line. `docs/topics.md` tells the format."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn

from monitor.domain.dossier import About, Alias, Dossier, Entity, Rule, Sample, Topic
from monitor.domain.expressions import Expression, Or, Reference, Term, children, parse_expression, parse_term
from monitor.errors import DossierError, QueryError

__all__ = ["Dossier", "Topic", "load_dossier", "parse_dossier"]

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FIELDS = ("title", "lead", "body")
_KEYS = {
    "dossier": (
        "slug",
        "title",
        "description",
        "signals",
        "model",
        "entities",
        "sets",
        "relevance",
        "scoring",
        "topics",
    ),
    "entity": ("names", "periphrases", "rivals", "alone"),
    "alias": ("term", "since", "until"),
    "relevance": ("anchor", "requires", "threshold", "about", "rules"),
    "about": ("mentions", "paragraphs"),
    "scoring": ("boost", "elsewhere"),
    "topic": ("slug", "title", "description", "threshold", "requires", "rules", "fires", "silent"),
    "rule": ("find", "any", "weight", "cap", "anywhere", "label"),
}


def load_dossier(path: Path) -> Dossier:
    """The dossier of a TOML file; a model beside it (`NAME.model.json.gz`) comes with it. Raises `DossierError`."""
    beside = path.with_suffix(".model.json.gz")
    try:
        text = path.read_text(encoding="utf-8")
        model = beside.read_bytes() if beside.is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        raise DossierError(f"cannot be read: {error}", where=str(path), code="D001") from error
    return parse_dossier(text, str(path), model=model)


def parse_dossier(text: str, where: str, *, model: bytes | None = None) -> Dossier:
    """The dossier that `text` (TOML) describes; `where` names it in errors. Raises `DossierError` with the line."""
    return _Reader(text, where).dossier(model)


class _Reader:
    def __init__(self, text: str, where: str) -> None:
        self._text, self._where = text, where

    def fail(self, message: str, *, near: str = "", code: str = "D002", hint: str = "") -> NoReturn:
        raise DossierError(message, where=f"{self._where}:{self._line(near)}", code=code, hint=hint)

    def _line(self, near: str) -> int:
        at = self._text.find(near) if near else 0
        return self._text.count("\n", 0, max(at, 0)) + 1

    def dossier(self, model: bytes | None) -> Dossier:
        try:
            data = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"line (\d+)", str(error))
            raise DossierError(
                f"not TOML: {error}", where=f"{self._where}:{line.group(1) if line else 1}", code="D001"
            ) from error
        self._known(data, "dossier")
        relevance, scoring = self._table(data, "relevance"), self._table(data, "scoring")
        digest = hashlib.blake2b(self._text.encode() + (model or b""), digest_size=8).hexdigest()
        made = Dossier(
            slug=self._slug(data),
            title=self._string(data, "title"),
            description=self._string(data, "description", default=""),
            topics=tuple(self._topics(data)),
            entities=tuple(self._entities(data)),
            sets=tuple(self._sets(data)),
            boosts=tuple(self._boosts(scoring)),
            signals=tuple((name, self._expression(text)) for name, text in self._table(data, "signals").items()),
            elsewhere=self._number(scoring, "elsewhere", default=0.3),
            where=self._where,
            rules_hash=digest,
            model=model if data.get("model", True) else None,
            **self._relevance(relevance),
        )
        self._check_references(made)
        return made

    def _relevance(self, data: Mapping[str, Any]) -> dict[str, Any]:
        self._known(data, "relevance")
        about = self._table(data, "about")
        self._known(about, "about")
        mentions, held = (int(self._number(about, key, default=n)) for key, n in (("mentions", 3), ("paragraphs", 2)))
        return {
            "anchor": self._expression(data["anchor"]) if "anchor" in data else None,
            "requires": self._expression(data["requires"]) if "requires" in data else None,
            "threshold": self._number(data, "threshold", default=1.0),
            "rules": tuple(self._rules(data)),
            "about": About(mentions, held),
        }

    def _topics(self, data: Mapping[str, Any]) -> Iterable[Topic]:
        listed = data.get("topics", [])
        if not isinstance(listed, list) or not listed:
            self.fail("a dossier has at least one topic", near="topics", hint="add [[topics]]")
        seen: set[str] = set()
        for entry in listed:
            topic = self._topic(entry)
            if topic.slug in seen:
                self.fail(f"two topics are called {topic.slug!r}", near=f'"{topic.slug}"')
            seen.add(topic.slug)
            yield topic

    def _topic(self, data: Mapping[str, Any]) -> Topic:
        self._known(data, "topic")
        slug, rules = self._slug(data), tuple(self._rules(data))
        if not rules and "requires" not in data:
            self.fail(f"the topic {slug!r} is empty: it has no rule", near=f'"{slug}"', hint="add [[topics.rules]]")
        samples = [
            Sample(text, fires)
            for key, fires in (("fires", True), ("silent", False))
            for text in self._strings(data, key)
        ]
        return Topic(
            slug=slug,
            title=self._string(data, "title"),
            description=self._string(data, "description", default=""),
            rules=rules,
            threshold=self._number(data, "threshold", default=1.0),
            requires=self._expression(data["requires"]) if "requires" in data else None,
            samples=tuple(samples),
        )

    def _rules(self, data: Mapping[str, Any]) -> Iterable[Rule]:
        for entry in data.get("rules", []):
            if not isinstance(entry, dict):
                self.fail(f"a rule is a table, not {entry!r}", near=str(entry), hint="write { find = '…', weight = 1 }")
            self._known(entry, "rule")
            texts = self._strings(entry, "any") + ([self._string(entry, "find")] if "find" in entry else [])
            if not texts:
                self.fail("a rule finds nothing", near="rules", hint="give it find = '…' or any = ['…']")
            yield Rule(
                items=tuple(self._expression(text) for text in texts),
                weight=self._number(entry, "weight", default=1.0),
                cap=int(self._number(entry, "cap", default=1)),
                anywhere=entry.get("anywhere", False) is True,
                label=self._string(entry, "label", default=""),
            )

    def _entities(self, data: Mapping[str, Any]) -> Iterable[Entity]:
        for name, entry in self._table(data, "entities").items():
            if not isinstance(entry, dict):
                self.fail(f"the entity {name!r} is not a table", near=name)
            self._known(entry, "entity")
            aliases = tuple(self._alias(value) for value in entry.get("names", []))
            if not aliases:
                self.fail(f"the entity {name!r} has no name", near=name, hint="names = ['…']")
            yield Entity(
                name.lower(),
                aliases,
                periphrases=tuple(self._term(text) for text in self._strings(entry, "periphrases")),
                rivals=tuple(self._term(text) for text in self._strings(entry, "rivals")),
                alone=tuple(self._term(text) for text in self._strings(entry, "alone")),
            )

    def _alias(self, value: object) -> Alias:
        if isinstance(value, str):
            return Alias(self._term(value))
        if not isinstance(value, dict):
            self.fail(f"a name is a string or a table, not {value!r}", near=str(value))
        self._known(value, "alias")
        return Alias(self._term(self._string(value, "term")), self._day(value, "since"), self._day(value, "until"))

    def _sets(self, data: Mapping[str, Any]) -> Iterable[tuple[str, Expression]]:
        for name, texts in self._table(data, "sets").items():
            if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
                self.fail(f"the set {name!r} is not a list of terms", near=name, hint=f"{name} = ['…', '…']")
            yield name.lower(), Or(tuple(self._expression(text) for text in texts))

    def _boosts(self, scoring: Mapping[str, Any]) -> Iterable[tuple[str, float]]:
        self._known(scoring, "scoring")
        for name in (boosts := self._table(scoring, "boost")):
            if name not in _FIELDS:
                self.fail(f"no field {name!r} to boost", near=name, hint=f"there are {', '.join(_FIELDS)}")
            yield name, self._number(boosts, name)

    def _expression(self, text: object) -> Expression:
        """An item: an expression, or a bare phrase of several words, which needs no quotation marks here."""
        return self._parsed(text, _parse_item)

    def _term(self, text: str) -> Term:
        found = self._parsed(text, parse_term)
        assert isinstance(found, Term)
        return found

    def _parsed(self, text: object, parse: Callable[[str], Expression]) -> Expression:
        if not isinstance(text, str):
            self.fail(f"an expression is a string, not {text!r}", near=str(text))
        try:
            return parse(text)
        except QueryError as error:
            self.fail(
                f"{error.message}, in {text!r} at character {error.position + 1}",
                near=text,
                code="D003",
                hint=error.hint,
            )

    def _check_references(self, made: Dossier) -> None:
        names = {"entity": [entity.name for entity in made.entities], "set": [name for name, _ in made.sets]}
        for expression in _expressions(made):
            for reference in _references(expression):
                known = names[reference.kind]
                if reference.name not in known:
                    named = ("@" if reference.kind == "entity" else "#") + reference.name
                    hint = _closest(reference.name, known)
                    self.fail(f"no {reference.kind} {named}", near=named, code="D004", hint=hint)
        self._check_cycles(dict(made.sets))

    def _check_cycles(self, sets: Mapping[str, Expression]) -> None:
        def visit(name: str, path: tuple[str, ...]) -> None:
            if name in path:
                self.fail(f"the sets go in a circle: {' → '.join((*path, name))}", near=f"#{name}", code="D005")
            for reference in _references(sets[name]):
                if reference.kind == "set":
                    visit(reference.name, (*path, name))

        for name in sets:
            visit(name, ())

    def _known(self, data: Mapping[str, Any], kind: str) -> None:
        for key in data:
            if key not in _KEYS[kind]:
                self.fail(f"unknown key {key!r} in {kind}", near=key, code="D006", hint=_closest(key, _KEYS[kind]))

    def _table(self, data: Mapping[str, Any], key: str) -> dict[str, Any]:
        found = data.get(key, {})
        if not isinstance(found, dict):
            self.fail(f"{key!r} is not a table", near=key)
        return found

    def _slug(self, data: Mapping[str, Any]) -> str:
        slug = self._string(data, "slug")
        if not _SLUG.fullmatch(slug):
            self.fail(f"{slug!r} is not a slug", near=slug, hint="lower-case letters, digits and hyphens")
        return slug

    def _string(self, data: Mapping[str, Any], key: str, default: str | None = None) -> str:
        found = data.get(key, default)
        if not isinstance(found, str):
            near = key if key in data else str(data.get("slug", ""))
            self.fail(f"{key!r} is missing or not a string", near=near, hint=f'{key} = "…"')
        return found

    def _strings(self, data: Mapping[str, Any], key: str) -> list[str]:
        found = data.get(key, [])
        if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
            self.fail(f"{key!r} is not a list of strings", near=key, hint=f"{key} = ['…']")
        return found

    def _number(self, data: Mapping[str, Any], key: str, default: float | None = None) -> float:
        found = data.get(key, default)
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            self.fail(f"{key!r} is not a number", near=key, hint=f"{key} = 1.0")
        return float(found)

    def _day(self, data: Mapping[str, Any], key: str) -> date | None:
        found = data.get(key)
        if found is not None and (not isinstance(found, date) or isinstance(found, datetime)):
            self.fail(f"{key!r} is not a date", near=str(found), hint=f"{key} = 2020-11-17, without quotation marks")
        return found


_PHRASE = re.compile(r"(?:==|=|\^)?[\w'’.&+\- ]+\*?\d*")
_OPERATOR = re.compile(r"\b(?:AND|OR|NOT|ET|OU|SAUF|NEAR|BEFORE|SENTENCE|PARAGRAPH)\b")


def _parse_item(text: str) -> Expression:
    """An expression; plain words side by side are a phrase here, not an AND."""
    if _PHRASE.fullmatch(text) and not _OPERATOR.search(text):
        return parse_term(text)
    return parse_expression(text)


def _closest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), 1)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"


def _expressions(made: Dossier) -> Iterable[Expression]:
    yield from (found for found in (made.anchor, made.requires) if found is not None)
    yield from (expression for _, expression in (*made.sets, *made.signals))
    for rule in made.rules:
        yield from rule.items
    for topic in made.topics:
        if topic.requires is not None:
            yield topic.requires
        for rule in topic.rules:
            yield from rule.items


def _references(expression: Expression) -> Iterable[Reference]:
    if isinstance(expression, Reference):
        yield expression
    for child in children(expression):
        yield from _references(child)
