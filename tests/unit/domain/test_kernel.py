"""Which inner loops run: all that are compiled, or the twins of all of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from monitor.domain.kernel import LIBRARIES, in_python

_WEIGH = """
import sys
from pathlib import Path
from monitor.domain.matching import compile_dossiers
from monitor.domain.model import Document
from monitor.domain.stories import fingerprint
from monitor.domain.topics import load_dossier
body = "Le gouvernement suédois interdit les équipements de Huawei dans les réseaux 5G. Les opérateurs ont deux ans."
matcher = compile_dossiers([load_dossier(Path("config/dossiers/huawei-europe.toml"))])
found = matcher.match_one(Document(body=body), "huawei-europe")
print(*sorted(topic.topic for topic in found.topics), fingerprint(body).sketch[0], "numpy" in sys.modules)
"""


def test_an_article_is_weighed_and_fingerprinted_without_numpy_where_sums_are_compiled() -> None:
    if in_python():
        pytest.skip("nothing was compiled here: make setup does, where there is a compiler")
    told = subprocess.run([sys.executable, "-c", _WEIGH], capture_output=True, text=True, check=True).stdout.split()
    assert "5g-restrictions" in told
    assert told[-1] == "False"


# In a process of its own: what was chosen is chosen when it is imported.
_MATCH = """
import sys
from monitor.domain import compiling
made = compiling.compiled
compiling.compiled = lambda name, *where: None if name == sys.argv[1] else made(name, *where)
from monitor.domain import kernel
from monitor.domain.expressions import parse_expression
from monitor.domain.judging import Judge
from monitor.domain.model import Document
assert sys.argv[1] in kernel.in_python()
found = Judge(parse_expression('exclure NEAR/4 "réseau 5G"')).spans(Document(body="Huawei exclu des réseaux 5G."))
print(sorted(span.text for span in found))
"""


@pytest.mark.parametrize("missing", LIBRARIES)
def test_one_library_that_is_missing_or_stale_costs_speed_and_nothing_else(missing: str) -> None:
    done = subprocess.run([sys.executable, "-c", _MATCH, missing], capture_output=True, text=True, check=False)
    assert (done.stderr, done.stdout) == ("", "['exclu', 'réseaux 5G']\n")
