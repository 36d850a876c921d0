"""``import``: old recordings become a scenario that can be read and edited."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.cli.commands.exits import FINE
from emulator.cli.commands.options import add_json_option
from emulator.cli.commands.output import listed, many, show_json, tell
from emulator.cli.terminal import Paint

if TYPE_CHECKING:
    from emulator.recordings.importing import Imported

SUMMARY = "make a scenario of recordings: cassettes, HAR files, logs"
EXAMPLES = """\
  assistants-emulator import cassettes/*.yaml --out weather.yaml       one scenario of VCR cassettes
  assistants-emulator import session.har --out -                       print it, write nothing
  assistants-emulator import recording.jsonl --out scenarios/app.yaml  what `record` has written
"""
_FORMATS = (
    "Reads cassettes of vcrpy, go-vcr and Ruby's VCR, HAR 1.2, nock, Polly.JS, the Azure SDKs' test proxy, and what "
    "`record` and /_emulator/export write; which of them a file is, it finds out by itself."
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = f"Make a scenario of recordings. {_FORMATS}"
    parser.add_argument("files", nargs="+", metavar="FILE|DIR", help="recordings that belong together")
    parser.add_argument("--out", required=True, metavar="SCENARIO", help="the scenario file to write; - prints it")
    parser.add_argument("--name", help="the scenario's name (that of the file)")
    parser.add_argument("--force", action="store_true", help="replace files that are there")
    add_json_option(parser, "the summary as one document on stdout; with --out - it has the scenario in it")


def run(options: argparse.Namespace) -> int:
    from emulator.cli.terminal import ProgressLine
    from emulator.recordings.importing import import_files, save

    out = None if options.out == "-" else Path(options.out)
    name = options.name or (out.stem if out else "imported")
    with ProgressLine(sys.stderr) as progress:
        imported = import_files(options.files, name, progress.tell, folder=out.stem if out else name)
    written = save(imported, out, force=options.force) if out else []
    if options.json:
        show_json(as_json(imported, written))
        return FINE
    if not written:
        print(imported.text, end="")
    for line in summary(imported, written):
        tell(line)
    return FINE


def summary(imported: Imported, written: list[Path]) -> list[str]:
    """What was imported, what was not, and how the scenario stands the proof; a line each."""
    paint, proof = Paint(sys.stderr), imported.proof
    lines = []
    if written:
        beside = f" and {many(len(written) - 1, 'file')} in {written[1].parent}" if written[1:] else ""
        lines.append(f"wrote {paint(str(written[0]), 'bold')}{beside}")
    said = ", ".join(many(count, word.replace("_", " ")) for word, count in counts(imported).items() if count)
    lines.append(f"{many(len(imported.distilled.api_calls), 'request')}: {said or 'nothing that a scenario could say'}")
    proven = f"{proof.alike} of {proof.played} recorded requests are answered as they were"
    proven = f"proof: {proven if proof.played else 'none of the requests can be played again'}"
    lines.append(paint(proven, "green" if proof.alike == proof.played > 0 else "yellow"))
    lines += listed(proof.differences)
    if imported.distilled.left_out:
        lines.append(paint("not carried over:", "bold"))
        lines += listed(imported.distilled.left_out)
    if imported.ignored:
        lines.append(paint("no recordings, left alone:", "bold"))
        lines += listed(imported.ignored)
    if not written and imported.distilled.files:
        lines.append(f"not written: {many(len(imported.distilled.files), 'file')} beside it; --out FILE writes them")
    if written:
        lines.append(f"next: assistants-emulator check --play {written[0]}")
    return lines


def counts(imported: Imported) -> dict[str, int]:
    """How many of what the scenario has."""
    document = imported.distilled.document
    return {
        "turn": imported.turns,
        "given_object": sum(map(len, document.get("given", {}).values())),
        "fault": len(document.get("faults", ())),
        "stub": len(document.get("stubs", ())),
    }


def as_json(imported: Imported, written: list[Path]) -> dict[str, Any]:
    """The summary for a machine; with the scenario's text, if that was not written."""
    proof = imported.proof
    return {
        "written": [str(path) for path in written],
        **({} if written else {"scenario": imported.text}),
        "requests": len(imported.distilled.api_calls),
        **{f"{word}s": count for word, count in counts(imported).items()},
        "proof": {"played": proof.played, "alike": proof.alike, "differences": proof.differences},
        "not_carried_over": imported.distilled.left_out,
        "left_alone": imported.ignored,
    }
