"""Prints what ``play`` returns for an API: ``python -m python_client responses``."""

from __future__ import annotations

import asyncio
import json
import sys

from .play import play

print(json.dumps(asyncio.run(play(sys.argv[1]))))
