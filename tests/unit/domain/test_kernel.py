"""Which inner loops run: all that are compiled, or the twins of all of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from monitor.domain.kernel import LIBRARIES

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
