"""Options that several commands have."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.world import Options


def add_world_options(parser: argparse.ArgumentParser, port: int = 8787) -> None:
    """Where to listen, and what worlds are like."""
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (127.0.0.1)")
    parser.add_argument("--port", type=int, default=port, help=f"0 for any free port ({port})")
    parser.add_argument("--seed", type=_seed, help="other ids and fake words (0)")
    parser.add_argument("--clock", choices=["skip", "real"], help="skip: waits take no real time (skip)")
    parser.add_argument("--start", metavar="INSTANT", help="where the skip clock starts: ISO 8601, or now")
    parser.add_argument("--unmatched", choices=["fail", "improvise"], help="what a run does that no turn fits")
    parser.add_argument(
        "--shapes", choices=["wire", "spec"], help="as the service sent it, or as its schema says (wire)"
    )
    parser.add_argument(
        "--worlds", choices=["one", "key"], default="key", help="one world for all keys, or one a key (key)"
    )


def world_options(options: argparse.Namespace) -> Options:
    """Raises EmulatorError for options that cannot be."""
    from emulator.world import Options

    said = Options(options.seed, options.clock, options.start, options.unmatched, options.shapes)
    said.check()
    return said


def _seed(text: str) -> int | str:
    return int(text) if text.lstrip("-").isdigit() else text
