import pytest

from monitor.domain.agencies import agency_of


@pytest.mark.parametrize(
    ("line", "agency"),
    [
        ("Le Fil du Rhône avec AFP", "AFP"),
        ("Source AFP", "AFP"),
        ("LYON (AFP) – Le groupe a inauguré jeudi un laboratoire.", "AFP"),
        ("(Agence France-Presse)", "AFP"),
        ("© 2026 AFP", "AFP"),
        ("M.P. avec Reuters", "Reuters"),
        ("PARIS, 3 mars (Reuters) - Le titre recule.", "Reuters"),
        ("La rédaction, avec l’AFP", "AFP"),
        ("Par J. D. avec AP", "AP"),
    ],
)
def test_a_credit_names_its_agency(line: str, agency: str) -> None:
    assert agency_of([line]) == agency


@pytest.mark.parametrize(
    "line",
    [
        "Par Lucie Weber",
        "Le pilote a atterri aux Açores.",
        "Il part avec ap­préhension.",
        "L’AFP fête ses quatre-vingts ans cette année.",
    ],
)
def test_other_lines_name_none(line: str) -> None:
    assert agency_of([line]) is None
