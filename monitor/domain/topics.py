"""Dossier files: TOML to values, with every error at its line. `docs/topics.md` tells the format."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from monitor.domain.dossier import About, Alias, Dossier, Entity, Rule, Sample, Topic
from monitor.domain.dossier_values import Values, closest
from monitor.domain.expressions import (
    Expression,
    Or,
    Reference,
    Term,
    children,
    is_operator,
    parse_expression,
    parse_term,
)
from monitor.errors import ConfigError, DossierError, QueryError

__all__ = ["Dossier", "Topic", "load_dossier", "load_dossiers", "parse_dossier"]

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


def load_dossiers(folder: Path) -> Iterator[tuple[Path, Dossier | ConfigError]]:
    """Each dossier file of a folder, in order, or what is wrong with it; of two with one slug the second is wrong."""
    seen: dict[str, Path] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            dossier = load_dossier(path)
            other = seen.setdefault(dossier.slug, path)
            if other != path:
                line = Values(dossier.text, "").line("slug", dossier.slug)
                message = f"the slug {dossier.slug!r} is that of {other.name} already"
                raise DossierError(message, where=f"{path}:{line}", code="D009", hint="one file a dossier")
        except ConfigError as error:
            yield path, error
        else:
            yield path, dossier


def parse_dossier(text: str, where: str, *, model: bytes | None = None) -> Dossier:
    """The dossier that `text` (TOML) describes; `where` names it in errors. Raises `DossierError` with the line."""
    return _Reader(text, where).dossier(model)


class _Reader(Values):
    def dossier(self, model: bytes | None) -> Dossier:
        try:
            data = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"line (\d+)", str(error))
            raise DossierError(
                f"not TOML: {error}", where=f"{self._where}:{line.group(1) if line else 1}", code="D001"
            ) from error
        self.known(data, _KEYS["dossier"], "dossier")
        digest = hashlib.blake2b(self._text.encode() + (model or b""), digest_size=8).hexdigest()
        weighed = self.flag(data, "model", default=True)
        made = Dossier(
            slug=self.slug(data),
            title=self.string(data, "title"),
            description=self.string(data, "description", default=""),
            topics=tuple(self._topics(data)),
            entities=tuple(self._entities(data)),
            sets=tuple(self._sets(data)),
            signals=tuple(self._signals(data)),
            where=self._where,
            rules_hash=digest,
            model=model if weighed else None,
            text=self._text,
            **self._scoring(data),
            **self._relevance(data),
        )
        self._check_references(made)
        return made

    def _scoring(self, whole: Mapping[str, Any]) -> dict[str, Any]:
        data = self.table(whole, "scoring")
        self.section("scoring")
        self.known(data, _KEYS["scoring"], "scoring")
        boosts = self.table(data, "boost")
        self.known(boosts, _FIELDS, "boost")
        return {
            "boosts": tuple((name, self.number(boosts, name, 1.0)) for name in boosts),
            "elsewhere": self.number(data, "elsewhere", 0.3),
        }

    def _relevance(self, whole: Mapping[str, Any]) -> dict[str, Any]:
        data = self.table(whole, "relevance")
        self.section("relevance")
        self.known(data, _KEYS["relevance"], "relevance")
        about = self.table(data, "about")
        self.known(about, _KEYS["about"], "about")
        rules = tuple(self._rules(data))
        return {
            "anchor": self._expression(data["anchor"]) if "anchor" in data else None,
            "requires": self._expression(data["requires"]) if "requires" in data else None,
            "threshold": self.number(data, "threshold", 1.0 if rules else 0.0),
            "rules": rules,
            "about": About(self.count(about, "mentions", 3), self.count(about, "paragraphs", 2)),
        }

    def _topics(self, data: Mapping[str, Any]) -> Iterable[Topic]:
        listed = self.tables(data, "topics", "add [[topics]]")
        if not listed:
            self.fail("a dossier has at least one topic", near="topics", hint="add [[topics]]")
        seen: set[str] = set()
        for number, entry in enumerate(listed):
            self.section("topics", number)
            topic = self._topic(entry)
            if topic.slug in seen:
                self.fail(f"two topics are called {topic.slug!r}", near="slug", value=topic.slug)
            seen.add(topic.slug)
            yield topic

    def _topic(self, data: Mapping[str, Any]) -> Topic:
        self.known(data, _KEYS["topic"], "topic")
        slug, rules = self.slug(data), tuple(self._rules(data))
        if not rules and "requires" not in data:
            self.fail(
                f"the topic {slug!r} is empty: it has no rule", near="slug", value=slug, hint="add [[topics.rules]]"
            )
        samples = [
            Sample(text, fires)
            for key, fires in (("fires", True), ("silent", False))
            for text in self.strings(data, key)
        ]
        return Topic(
            slug=slug,
            title=self.string(data, "title"),
            description=self.string(data, "description", default=""),
            rules=rules,
            threshold=self.number(data, "threshold", 1.0),
            requires=self._expression(data["requires"]) if "requires" in data else None,
            samples=tuple(samples),
        )

    def _rules(self, data: Mapping[str, Any]) -> Iterable[Rule]:
        for entry in self.tables(data, "rules", "write { find = '…', weight = 1 }"):
            self.known(entry, _KEYS["rule"], "rule")
            texts = self.strings(entry, "any") + ([self.string(entry, "find")] if "find" in entry else [])
            if not texts:
                near, value = next(iter(entry.items()), ("rules", data["rules"]))
                self.fail("a rule finds nothing", near=near, value=value, hint="give it find = '…' or any = ['…']")
            yield Rule(
                items=tuple(self._expression(text) for text in texts),
                weight=self.number(entry, "weight", 1.0),
                cap=self.count(entry, "cap", 1),
                anywhere=self.flag(entry, "anywhere", default=False),
                label=self.string(entry, "label", default=""),
            )

    def _entities(self, data: Mapping[str, Any]) -> Iterable[Entity]:
        for name, entry in self.table(data, "entities").items():
            self.section(f"entities.{name}")
            if not isinstance(entry, dict):
                self.fail(f"the entity {name!r} is not a table", near=name, value=entry)
            self.known(entry, _KEYS["entity"], "entity")
            aliases = tuple(self._alias(value) for value in self.listed(entry, "names"))
            if not aliases:
                self.fail(f"the entity {name!r} has no name", near=name, hint="names = ['…']")
            yield Entity(
                name.lower(),
                aliases,
                periphrases=tuple(self._term(text) for text in self.strings(entry, "periphrases")),
                rivals=tuple(self._term(text) for text in self.strings(entry, "rivals")),
                alone=tuple(self._term(text) for text in self.strings(entry, "alone")),
            )

    def _alias(self, value: object) -> Alias:
        if isinstance(value, str):
            return Alias(self._term(value))
        if not isinstance(value, dict):
            self.fail(f"a name is a string or a table, not {value!r}", near="names")
        self.known(value, _KEYS["alias"], "alias")
        alias = Alias(self._term(self.string(value, "term")), self.day(value, "since"), self.day(value, "until"))
        if alias.since and alias.until and alias.since > alias.until:
            self.fail("a name ends before it begins", near="since", value=value["since"])
        return alias

    def _sets(self, data: Mapping[str, Any]) -> Iterable[tuple[str, Expression]]:
        sets = self.table(data, "sets")
        self.section("sets")
        for name in sets:
            texts = self.strings(sets, name)
            if not texts:
                self.fail(f"the set {name!r} is empty", near=name, value=texts, hint=f"{name} = ['…', '…']")
            yield name.lower(), Or(tuple(self._expression(text) for text in texts))

    def _signals(self, data: Mapping[str, Any]) -> Iterable[tuple[str, Expression]]:
        signals = self.table(data, "signals")
        self.section("signals")
        for name, text in signals.items():
            yield name, self._expression(text)

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
        self._from = 0
        for expression in _expressions(made):
            for reference in _references(expression):
                known = names[reference.kind]
                if reference.name not in known:
                    named = ("@" if reference.kind == "entity" else "#") + reference.name
                    hint = closest(reference.name, known) if known else f"the dossier has no {reference.kind}"
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


_PHRASE = re.compile(r"(?:==|=|\^)?[\w'’.&+\- ]+\*?\d*")


def _parse_item(text: str) -> Expression:
    """An expression; plain words side by side are a phrase here, not an AND."""
    if _PHRASE.fullmatch(text) and not any(map(is_operator, text.split())):
        return parse_term(text)
    return parse_expression(text)


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
