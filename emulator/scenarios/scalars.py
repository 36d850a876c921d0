"""The syntax of plain numbers in scenarios, and of line ends in YAML."""

from __future__ import annotations

import re

INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
#: The line ends of YAML.
LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
