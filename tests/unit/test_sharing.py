"""Which articles share most keys, as our SQLite ranks them."""

from __future__ import annotations

import pytest

from monitor.storage.sharing import most_shared


@pytest.mark.parametrize(
    ("found", "ranked"),
    [
        (None, "[]"),
        ("", "[]"),
        ("7", "[7]"),
        ("9,8,7;9,8;8", "[8, 9, 7]"),  # 1/3 + 1/2 + 1, 1/3 + 1/2, 1/3
        ("9,7;8,5", "[5, 7, 8]"),  # as much each: the first that came, three at most
        ("8,7,6,5,4,3,2,1", "[]"),  # a key that eight have says too little
        ("8,7,6,5,4,3,2,1;8,7,6,5,4,3,2,1", "[1, 2, 3]"),
    ],
)
def test_what_shares_most_comes_first_and_what_many_have_counts_less(found: str | None, ranked: str) -> None:
    assert most_shared(found) == ranked
