import pytest

from monitor.domain.matching import Matcher, compile_dossiers
from monitor.domain.model import Document
from monitor.domain.topics import parse_dossier
from tests.dossiers import ESSAI

DOSSIER = (
    ESSAI
    + """
[[topics]]
slug = "exclusion"
title = "Exclusion"
rules = [{ any = ["exclure", "porte dérobée"], weight = 1.0 }]
"""
)


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return compile_dossiers([parse_dossier(DOSSIER, "essai.toml")])


def test_an_inflected_form_fires_and_its_evidence_is_exact(matcher: Matcher) -> None:
    body = "L’équipementier Huawei est EXCLU des réseaux."
    verdict = matcher.match_one(Document("Télécoms", "", body), "essai")
    assert verdict.relevant
    assert {body[s.start : s.end] for s in verdict.topics[0].evidence} == {s.text for s in verdict.topics[0].evidence}


def test_a_text_without_the_anchor_is_left_at_once(matcher: Matcher) -> None:
    assert not matcher.may_match("Ericsson est exclu des réseaux.")
    assert not matcher.match(Document("Ericsson exclu"))["essai"].relevant
