from monitor.domain.stories import FEWEST_KEYS, MOST_KEYS, SAME_STORY, containment, fingerprint, sketch

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


def test_typography_and_letters_that_few_texts_have_part_words_alike() -> None:
    plain = "l'œuvre coûte 3 000 euros à Łódź"
    assert sketch("L’œuvre coûte 3\u202f000\u2009euros, à ŁÓDŹ\u00a0!") == sketch(plain)
    assert sketch("l’œuvre — coûte : 3 000 euros…") == sketch("L'ŒUVRE coûte 3 000 EUROS")


def test_keys_are_few_and_most_of_them_stay_in_a_cut_text() -> None:
    words = [f"mot{number}" for number in range(2_000)]
    whole, half = fingerprint(" ".join(words)).keys, fingerprint(" ".join(words[:1_000])).keys
    assert len(whole) == MOST_KEYS
    assert list(whole) == sorted(set(whole))
    short = fingerprint(" ".join(words[:300])).keys
    assert FEWEST_KEYS <= len(short) < len(half) <= MOST_KEYS
    assert len(set(fingerprint(" ".join(words[:200])).keys) & set(short)) >= FEWEST_KEYS / 2


def test_what_every_outlet_prints_gives_no_key() -> None:
    """Eleven words in common are no copy, fourteen are the beginning of one."""
    said = "selon un document que nous avons consulté hier soir à la préfecture du département"
    ours, theirs = (fingerprint(f"{said} {' '.join(f'{name}{n}' for n in range(9))}").keys for name in "ab")
    assert len(set(ours) & set(theirs)) == 3
    fewer = said.rsplit(" ", 3)[0]
    keys = (fingerprint(f"{fewer} {' '.join(f'{name}{n}' for n in range(9))}").keys for name in "ab")
    assert not set.intersection(*map(set, keys))


def test_what_older_versions_stored_is_found_by_the_keys_that_they_used() -> None:
    found = fingerprint("un deux trois quatre cinq six sept huit neuf").former_keys
    assert found == (-8539758721096126364, 761820260578549829)
    assert fingerprint(TEXT).former_keys != fingerprint(TEXT).keys


def test_a_text_shorter_than_a_key_is_found_by_its_sketch() -> None:
    found = fingerprint("Brumath : le pont rouvre lundi")
    assert found.keys == found.sketch != ()
