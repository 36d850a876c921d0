"""How scalars are told apart in scenarios, whether YAML or JSON: their tags, and what a plain number is."""

from __future__ import annotations

import re

#: Tags of nodes that have none of their own: text that was quoted, and what is typed by its characters or its kind.
TEXT, PLAIN = "tag:yaml.org,2002:str", ""

INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
#: What ends a line, as YAML counts them.
LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
