"""Prints what ``play`` returns."""

from __future__ import annotations

import asyncio
import json

from .play import play

print(json.dumps(asyncio.run(play())))
