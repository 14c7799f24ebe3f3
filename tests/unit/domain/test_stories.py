from monitor.domain.stories import SAME_STORY, Rarity, containment, sketch

TEXT = "Le groupe chinois Huawei ouvre un centre de données près de Strasbourg et recrute trois cents ingénieurs. " * 3
OTHER = "La commune de Brumath inaugure samedi sa médiathèque, après deux ans de travaux et un budget tenu."


def test_a_sketch_is_the_same_integers_everywhere() -> None:
    assert sketch("un deux trois quatre") == (sketch("Un, deux : trois… QUATRE !")[0],)
    assert sketch("un deux trois quatre") == (-1426055254071477124,)


def test_a_sketch_is_signed_64_bit_and_ascending() -> None:
    values = sketch(TEXT + OTHER)
    assert list(values) == sorted(set(values))
    assert all(-(2**63) <= value < 2**63 for value in values)


def test_fewer_than_four_words_have_no_sketch() -> None:
    assert sketch("trop court ici") == ()
    assert containment((), ()) == 0.0


def test_a_cut_text_is_contained_in_the_whole() -> None:
    assert containment(sketch(TEXT + OTHER), sketch(OTHER)) >= SAME_STORY


def test_other_texts_are_not_contained() -> None:
    assert containment(sketch(TEXT), sketch(OTHER)) == 0.0


def test_common_hashes_are_looked_up_last() -> None:
    rarity = Rarity()
    for number in range(Rarity.COMMON):
        rarity.note((1, 2, 3, 10_000 + number))
    assert rarity.rarest((1, 2, 3, 4, 5, 6), most=4, among=5) == (4, 5, 1, 2)


def test_what_a_few_reprints_share_is_not_common() -> None:
    rarity = Rarity()
    for _ in range(20):
        rarity.note((1, 2, 3))
    assert rarity.rarest((1, 2, 3, 4), most=2, among=4) == (1, 2)


def test_what_was_common_long_ago_is_forgotten() -> None:
    rarity = Rarity(bits=8)
    for _ in range(Rarity.COMMON):
        rarity.note((-7,))
    for _ in range(40):
        rarity.note(tuple(range(100)))
    assert rarity.rarest((-7, 300), most=1, among=2) == (-7,)
