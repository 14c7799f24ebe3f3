"""Which expressions title, lead and body alone decide: of others a search reads outlet, language and time, too."""

from datetime import date

import pytest

from monitor.domain.dossier import Alias, Entity
from monitor.domain.expressions import Term, parse_expression
from monitor.domain.judging import Judge


@pytest.mark.parametrize(
    ("said", "of_text"),
    [
        ("huawei", True),
        ("huawei NEAR/5 (5G OR réseau) NOT title(brevet)", True),
        ("réseau SENTENCE sécurité", True),
        ('réseau source("Média 12")', False),
        ('réseau NOT language("en")', False),
        ('(huawei OR after("2026-01-01")) réseau', False),
        ('title(huawei before("2026-01-01"))', False),
    ],
)
def test_outlet_language_and_time_are_no_text(said: str, of_text: bool) -> None:
    assert Judge(parse_expression(said)).of_text is of_text


def test_a_name_that_holds_for_a_while_asks_for_the_time() -> None:
    named = Entity("acteur", (Alias(Term("huawei"), since=date(2020, 1, 1)),))
    assert not Judge(parse_expression("réseau NEAR/5 @acteur"), entities={"acteur": named}).of_text
