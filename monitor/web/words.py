"""What the pages say, by language; every language has the same names."""

from __future__ import annotations

from monitor.web.words_en import EN
from monitor.web.words_fr import FR

LANGUAGES = {"fr": FR, "en": EN}
