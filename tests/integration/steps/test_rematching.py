"""A changed dossier on stored articles, on both databases."""

import base64
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from monitor.domain.model import Access, Origin, PageData
from monitor.domain.stories import Fingerprint
from monitor.domain.topics import Dossier, parse_dossier
from monitor.errors import DossierError
from monitor.steps.rematching import backtest, rematch, weighed_as_in_force
from monitor.steps.trying import try_rules
from monitor.storage.articles import ArticleData, add_article
from monitor.storage.dossiers import DossierRow, put_dossier
from monitor.storage.engine import Store
from monitor.storage.stored import stored_articles
from monitor.storage.tables import Alert
from tests.dossiers import ESSAI

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEXT = (
    ESSAI
    + """
[[topics]]
slug = "usine"
title = "Usine"
rules = [{ any = ["usine", "raffinerie"] }]
"""
)


@pytest.fixture
def dossier(store: Store) -> Dossier:
    made = parse_dossier(TEXT, "essai.toml")
    row = DossierRow(made.slug, made.title, TEXT, None, made.rules_hash)
    with store.write() as session:
        put_dossier(session, row, [("usine", "Usine")], Origin.FILE, NOW)
        for number, title in enumerate(("Huawei ouvre une usine", "Huawei recule", "Nokia ouvre une usine")):
            page = PageData(title=title, text=f"{title} en Alsace.", access=Access.FREE)
            url = f"https://exemple.test/{number}"
            add_article(session, ArticleData(url, url, "Exemple", page, NOW, True, Fingerprint()), NOW)
    return made


def test_a_backtest_tells_gains_and_dead_terms_and_writes_nothing(store: Store, dossier: Dossier) -> None:
    report = backtest(store, dossier).report(dossier)
    assert [row["title"] for row in report["topics"]["usine"]["gained_articles"]] == ["Huawei ouvre une usine"]
    assert report["dead_terms"] == ["usine/raffinerie"]
    assert report["terms_alone"] == {"usine/usine": 1}
    assert all(not article.topics for article in stored_articles(store, "essai"))


def test_a_rematch_raises_retroactive_alerts_once(store: Store, dossier: Dossier) -> None:
    assert rematch(store, dossier, now=NOW).alerts_raised == 1
    assert rematch(store, dossier, now=NOW).alerts_raised == 0
    with store.read() as session:
        alert = session.scalars(select(Alert)).one()
        assert (alert.retroactive, alert.backlog) == (True, False)


def test_a_rematch_takes_back_what_no_longer_fires(store: Store, dossier: Dossier) -> None:
    rematch(store, dossier, now=NOW)
    narrower = parse_dossier(TEXT.replace('"usine", "raff', '"raff'), "essai.toml")
    assert backtest(store, narrower).report(narrower)["topics"]["usine"]["lost"] == 1
    assert rematch(store, narrower, now=NOW).changed == 1


def test_a_changed_copy_is_weighed_by_the_model_in_force_unless_it_wants_none(store: Store, dossier: Dossier) -> None:
    row = DossierRow(dossier.slug, dossier.title, TEXT, base64.b64encode(b"model").decode(), dossier.rules_hash + "2")
    with store.write() as session:
        put_dossier(session, row, [("usine", "Usine")], Origin.FILE, NOW)
    plain = parse_dossier("model = false\n" + TEXT, "essai.toml")
    found = [weighed_as_in_force(store, one).model for one in (dossier, plain)]
    assert found == [b"model", None]


def test_rules_are_tried_with_the_model_in_force(store: Store, dossier: Dossier) -> None:
    narrower = TEXT.replace('"usine", ', "")
    trial = try_rules(store, "essai", TEXT, narrower)
    assert [(one.title, one.topics) for one in trial.losses] == [("Huawei ouvre une usine", ("usine",))]
    assert (trial.gains, trial.kept, trial.articles) == ((), 0, 3)
    row = DossierRow(dossier.slug, dossier.title, TEXT, base64.b64encode(b"model").decode(), dossier.rules_hash + "2")
    with store.write() as session:
        put_dossier(session, row, [("usine", "Usine")], Origin.FILE, NOW)
    with pytest.raises(DossierError, match="its model cannot be read"):
        try_rules(store, "essai", TEXT, narrower)
