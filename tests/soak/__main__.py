"""Soaks a server for some minutes, prints the report and writes it as JSON. Exit code 1 if a bound is broken."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.soak import report
from tests.soak.rounds import Soaked, new_scenes, play_round
from tests.soak.subject import Subject

#: Seconds of a round, at most; there are at least four.
_ROUND = 30.0


async def soak(subject: Subject, seed: int, seconds: float) -> Soaked:
    soaked, scenes = Soaked(), new_scenes(subject.port)
    rounds = max(4, round(seconds / _ROUND))
    for number in range(rounds):
        await play_round(subject, f"{seed}/{number}", seconds / rounds, soaked, scenes)
        held, total = soaked.holdings[-1], sum(soaked.requests.values())
        told = f"{total:,} requests, {held.resident:g} MiB, {held.fds} fds, {held.tasks} tasks"
        print(
            f"round {number + 1} of {rounds}: {told}, {len(soaked.violations)} violations", file=sys.stderr, flush=True
        )
    return soaked


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="of load (10)")
    parser.add_argument("--seed", type=int, default=0, help="decides what clients do (0)")
    parser.add_argument("--json", type=Path, help="where the report goes as JSON, beside the printed one")
    options = parser.parse_args(arguments)
    subject = Subject()
    try:
        soaked = asyncio.run(soak(subject, options.seed, options.minutes * 60))
    finally:
        exit_code = subject.stop()
    print("\n".join(report.lines(soaked, exit_code)))
    if options.json:
        about = {"minutes": options.minutes, "seed": options.seed}
        options.json.write_text(json.dumps(report.as_json(soaked, exit_code, **about), indent=2) + "\n")
    return 0 if report.is_fine(soaked, exit_code) else 1


if __name__ == "__main__":
    sys.exit(main())
