"""What an article says about its anchor besides the rules: who it is about, where, how early, how often.

These numbers are the dense half of the weigher's view of relevance. French definite descriptions (*le groupe*,
*l'équipementier*) stand for the company named last, so that the share of the story that is the anchor's shows.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from math import log, log1p
from operator import itemgetter

from monitor.domain.descriptions import Descriptions
from monitor.domain.operations import Compiled
from monitor.domain.places import Pair
from monitor.domain.reading import Reading

# It begins with one of a few characters, so that `re` leaps from one to the next; what stands before is asked then.
_CAPITALISED = re.compile(r"[A-ZÉÈ](?:(?<=[a-zà-ÿ,;:’'\u00a0 ] .)|(?<=[’'].))[\w&-]{2,}")
_COMPANY = Descriptions(
    r"\b(?:l[ea’']|du|de l[’']|au|à l[’']|son|sa|ce|cette)[ \u00a0]?(?:même |seul |premier )?(?:%s)\b"
    r"(?! (?:de|du|des|d[’'])\b)",
    "groupe équipementier industriel fabricant constructeur marque firme entreprise fournisseur filiale société maison "
    "intéressé géant branche division chinois colosse mastodonte nouveau_venu vendeur champion",
)
_OTHER = Descriptions(
    r"\b(?:l[ea’']|du|de l[’']|au|à l[’'])[ \u00a0]?(?:%s)\b",
    "opérateur éditeur hébergeur américain coréen finlandais suédois français allemand norvégien britannique banque "
    "compagnie distributeur énergéticien",
)
_TOO_OFTEN = 8
_DENSE = ("here", "far")


class _Places:
    """Sorted pairs that can tell whether an offset lies in one of them."""

    def __init__(self, pairs: list[Pair]) -> None:
        self._pairs = sorted(pairs)
        self._starts = [start for start, _ in self._pairs]

    def hold(self, offset: int) -> bool:
        index = bisect_right(self._starts, offset) - 1
        return index >= 0 and any(end > offset for _, end in self._pairs[max(0, index - 2) : index + 1])


def signals(reading: Reading, anchors: Sequence[Pair], compiled: Mapping[str, Compiled]) -> dict[str, float]:
    """The numbers by name. `compiled` are the dossier's signals; `anchors` is not empty."""
    found = {name: sorted(set(run(reading, 0, reading.end) or ())) for name, run in compiled.items()}
    others = _others(reading, anchors, found)
    own, foreign = _shares(reading, anchors, others)
    numbers = _presence(reading, anchors, own, foreign, others)
    numbers |= _fields(reading, anchors, others, found)
    numbers |= _surroundings(reading, anchors, own, found)
    return numbers


def _others(reading: Reading, anchors: Sequence[Pair], found: Mapping[str, list[Pair]]) -> list[Pair]:
    """Other companies: those the dossier lists, and capitalised words that come back and are no place."""
    named, text = set(anchors), reading.text
    covered = _Places([*anchors, *found.get("places", ())])
    counts = Counter(m.group() for m in _CAPITALISED.finditer(text) if not covered.hold(m.start()))
    others = set(found.get("companies", ()))
    anchored = _Places(list(named))
    for word, _ in sorted(counts.items(), key=itemgetter(1), reverse=True)[: _TOO_OFTEN * 2]:
        places = _places_of(word, text) if text.count(word) > 1 else []
        if len(places) > 1:
            others.update(places)
    return sorted(pair for pair in others if not anchored.hold(pair[0]))


def _places_of(word: str, text: str) -> list[Pair]:
    """Where a word stands by itself."""
    found, at = [], text.find(word)
    while at >= 0:
        end = at + len(word)
        if _is_border(text, at) and _is_border(text, end):
            found.append((at, end))
            at = text.find(word, end)
        else:
            at = text.find(word, at + 1)
    return found


def _is_border(text: str, at: int) -> bool:
    """Whether a word begins or ends at `at`."""
    return _is_letter(text[at - 1 : at]) != _is_letter(text[at : at + 1])


def _is_letter(char: str) -> bool:
    return char.isalnum() or char == "_"


def _shares(reading: Reading, anchors: Sequence[Pair], others: list[Pair]) -> tuple[list[Pair], int]:
    """Mentions of the anchor with the descriptions that stand for it, and how many are another company's."""
    anchored = _Places(list(anchors))
    events = [(start, "own", (start, end)) for start, end in anchors]
    events += [(start, "other", (start, end)) for start, end in others]
    events += [(pair[0], "company", pair) for pair in _COMPANY.spans(reading)]
    events += [(pair[0], "foreign", pair) for pair in _OTHER.spans(reading)]
    last, own, foreign = "", list[Pair](), 0
    for _, kind, pair in sorted(events):
        if kind in ("own", "other"):
            last = kind
        elif kind == "company" and (anchored.hold(pair[1] - 1) or not last):
            continue
        if kind == "own" or (kind == "company" and last == "own"):
            own.append(pair)
        else:
            foreign += 1
    return own, foreign


def _presence(
    reading: Reading, anchors: Sequence[Pair], own: list[Pair], foreign: int, others: list[Pair]
) -> dict[str, float]:
    """How much of the article is the anchor's."""
    body = reading.fields["body"][0]
    held = [pair for pair in reading.paragraphs if pair[0] >= body] or reading.paragraphs
    starts, own_starts = [start for start, _ in anchors], sorted(start for start, _ in own)
    by_name = [_holds(starts, pair) for pair in held]
    top = max(Counter(reading.text[slice(*pair)] for pair in others).values(), default=0)
    first = starts[0] / max(1, reading.end)
    return {
        "mentions": log(min(len(anchors), _TOO_OFTEN)),
        "one mention": len(anchors) == 1,
        "mentions and descriptions": log1p(len(own)),
        "share of companies' mentions": len(own) / (len(own) + foreign + 1),
        "share of sentences": reading.mask_of(own).bit_count() / max(1, len(reading.starts)),
        "share against the other most named": len(anchors) / (len(anchors) + top + 0.5),
        "first mention": first,
        "late": first > 0.4,
        "in the first paragraph": bool(by_name) and by_name[0],
        "share of paragraphs by name": sum(by_name) / max(1, len(held)),
        "two paragraphs": sum(by_name) >= 2,
        "share of paragraphs": sum(_holds(own_starts, pair) for pair in held) / max(1, len(held)),
        "reach": (starts[-1] - starts[0]) / max(1, reading.end),
        "length": log(max(1, reading.words)),
    }


def _holds(starts: list[int], pair: Pair) -> bool:
    return bisect_left(starts, pair[0]) < bisect_left(starts, pair[1])


def _fields(
    reading: Reading, anchors: Sequence[Pair], others: list[Pair], found: Mapping[str, list[Pair]]
) -> dict[str, float]:
    """What stands in title and lead."""
    fields = reading.fields
    title, (lead, lead_end) = fields["title"][1], fields["lead"]
    named = any(end <= title for _, end in anchors)
    return {
        "in the title": named,
        "in the lead": any(lead <= start < lead_end for start, _ in anchors),
        "another company in the title": not named and any(end <= title for _, end in others),
        "a listed company in the title": any(end <= title for _, end in found.get("companies", ())),
        "another company first": bool(others) and others[0][0] < anchors[0][0],
        **{
            f"{name} in the title": any(end <= title for _, end in found.get(name, ()))
            for name in ("here", "far", "noise")
        },
    }


def _surroundings(
    reading: Reading, anchors: Sequence[Pair], own: list[Pair], found: Mapping[str, list[Pair]]
) -> dict[str, float]:
    """What stands in the anchor's sentences and near them."""
    named, mine = reading.mask_of(anchors), reading.mask_of(own)
    near = mine | mine << 1 | mine >> 1
    close = {name: _count(reading, pairs, near) for name, pairs in found.items()}
    here = found.get("here", [])
    words = max(1, reading.words)
    numbers: dict[str, float] = {
        "here against far, near": log((close.get("here", 0) + 0.5) / (close.get("far", 0) + 0.5)),
        "here in its sentences": log1p(_count(reading, here, named)),
        "share of its sentences with here": (reading.mask_of(here) & named).bit_count() / max(1, named.bit_count()),
        "here comes late": bool(here) and here[0][0] > reading.end / 2,
        "nothing here": not here,
        "noise": log1p(len(found.get("noise", ())) / words * 200),
    }
    for name, pairs in found.items():
        numbers[f"{name} near"] = log1p(close[name])
        if name in _DENSE:
            numbers[f"{name} everywhere"] = log((len(pairs) + 0.5) / words * 100)
        elif name not in ("noise", "places", "companies"):
            numbers[f"{name} a mention"] = len(pairs) / len(anchors)
    return numbers


def _count(reading: Reading, pairs: Sequence[Pair], mask: int) -> int:
    return sum(mask >> reading.sentence_of(start) & 1 for start, _ in pairs)
