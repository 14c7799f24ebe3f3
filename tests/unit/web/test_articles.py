"""What changed between two versions of an article, paragraph by paragraph."""

from monitor.web.pages.articles import difference

BEFORE = "Ibératel démontera 2 400 antennes\nLe chapô reste.\nUn paragraphe.\nUn autre, qui reste.\nLa fin."


def shown(after: str) -> list[str | None]:
    return [None if one is None else str(one) for one in difference(BEFORE, after)]


def test_words_that_went_and_came_are_marked_in_their_paragraph() -> None:
    assert shown(BEFORE.replace("2 400", "4 200").replace("La fin.", "La fin, corrigée.")) == [
        "Ibératel démontera <del>2 400</del> <ins>4 200</ins> antennes",
        None,
        "La <del>fin.</del> <ins>fin, corrigée.</ins>",
    ]


def test_a_paragraph_that_came_stands_by_itself() -> None:
    assert shown(BEFORE.replace("Un autre", "Le ministère dément.\nUn autre")) == ["<ins>Le ministère dément.</ins>"]


def test_a_paragraph_that_went_is_shown_where_it_stood() -> None:
    assert "<del>Un autre, qui reste.</del>" in " ".join(
        filter(None, shown(BEFORE.replace("Un autre, qui reste.\n", "")))
    )


def test_the_same_words_in_other_places_of_the_page_are_no_change() -> None:
    assert shown(BEFORE.replace("\n", "\n\n")) == []


def test_what_a_version_holds_is_escaped() -> None:
    assert shown(BEFORE + "\n<script>alert(1)</script>") == ["<ins>&lt;script&gt;alert(1)&lt;/script&gt;</ins>"]
