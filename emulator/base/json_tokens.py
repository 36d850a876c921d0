"""The tokens of JSON, for the strict parser of scenarios and for the lenient one of recordings that may break off."""

from __future__ import annotations

import re
from typing import Final

#: A string (which the end of the text may break off), a punctuation mark, or a run of any other characters. The strict
#: parser checks the characters between tokens and within them.
TOKEN: Final = re.compile(r'"(?:[^"\\]++|\\.)*+\\?(?:"|\Z)|[{}\[\],:]|[^\s{}\[\],:"]++', re.DOTALL)
#: A string with both of its quotes.
CLOSED_STRING: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
