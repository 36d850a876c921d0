"""``import``: converts recordings to a scenario that people can read and edit."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.base.problems import EmulatorError
from emulator.base.text import plural
from emulator.cli.commands.exits import FOUND_PROBLEMS, OK
from emulator.cli.commands.options import add_base_option, add_json_option, add_redaction_options, redactor_of
from emulator.cli.commands.output import bullet_lines, print_stderr, redaction_lines, show_json
from emulator.cli.terminal import Paint

if TYPE_CHECKING:
    from emulator.recordings.importing import Imported

SUMMARY = "convert recordings (cassettes, HAR files, logs) to a scenario"
EXAMPLES = """\
  assistants-emulator import cassettes/*.yaml --out weather.yaml       convert VCR cassettes to one scenario
  assistants-emulator import cassettes/ --out scenarios/               make one scenario of each cassette
  assistants-emulator import session.har --out -                       print the scenario, write no file
  assistants-emulator import recording.jsonl --out scenarios/app.yaml  convert the output of `record`
"""
_FORMATS = (
    "Reads cassettes of vcrpy, dd-trace, go-vcr, Ruby's VCR, R's vcr, PHP-VCR, ExVCR and ReqCassette, HAR 1.2, nock, "
    "Polly.JS, WireMock, MockServer, collections of Postman, the Azure SDKs' test proxy, the output of `record` and "
    "/_emulator/export, exports of threads, objects and event streams of the API; also in a gzip or zip file. It "
    "detects the format of each file."
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = f"Convert recordings to a scenario. {_FORMATS}"
    parser.add_argument("files", nargs="+", metavar="FILE|DIR", help="recordings that belong together")
    parser.add_argument(
        "--out",
        required=True,
        metavar="SCENARIO|DIR/",
        help="the scenario file to write; - prints it; "
        "a directory gets one scenario for each recording, named after it",
    )
    parser.add_argument("--name", help="the scenario's name (default: the name of the file)")
    parser.add_argument("--force", action="store_true", help="overwrite existing files")
    parser.add_argument("--no-chunks", action="store_true", help="let all texts be streamed word by word")
    add_base_option(parser)
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="KIND",
        help="accept differences of this kind in the proof, such as metadata, usage_bytes or unplayed; repeatable",
    )
    add_redaction_options(parser)
    add_json_option(parser, "print the summary as one document on stdout; with --out - it contains the scenario")


def run(options: argparse.Namespace) -> int:
    from emulator.cli.terminal import ProgressLine
    from emulator.recordings.importing import import_files, save

    if options.out.endswith(("/", os.sep)) or Path(options.out).is_dir():
        return _run_for_each(options)
    out = None if options.out == "-" else Path(options.out)
    name = options.name or (out.stem if out else "imported")
    redactor = redactor_of(options)
    with ProgressLine(sys.stderr) as progress:
        folder = out.stem if out else name
        imported = import_files(
            options.files,
            name,
            progress.report,
            folder=folder,
            redactor=redactor,
            base=options.base,
            chunks=not options.no_chunks,
        )
    imported.proof.allowed = frozenset(options.allow)
    code = _code([imported])
    written = save(imported, out, force=options.force) if out else []
    if options.json:
        show_json(as_json(imported, written))
        return code
    if not written:
        print(imported.text, end="")
    for line in summary(imported, written):
        print_stderr(line)
    return code


def _run_for_each(options: argparse.Namespace) -> int:
    """One scenario for each recording, in a directory."""
    from emulator.cli.terminal import ProgressLine
    from emulator.recordings.separate import import_each, save_each

    if options.name:
        raise EmulatorError("--name is for one scenario: those in a directory are named after their recordings")
    redactor = redactor_of(options)
    with ProgressLine(sys.stderr) as progress:
        separate = import_each(
            options.files,
            Path(options.out),
            progress.report,
            redactor=redactor,
            base=options.base,
            chunks=not options.no_chunks,
        )
    for _, imported in separate.imported:
        imported.proof.allowed = frozenset(options.allow)
    code = _code([imported for _, imported in separate.imported])
    written = save_each(separate, force=options.force)
    if options.json:
        scenarios = [as_json(imported, list(imported.files(path))) for path, imported in separate.imported]
        not_imported = {"not_for_the_api": separate.not_for_the_api, "left_alone": separate.ignored}
        show_json({"written": [str(path) for path in written], "scenarios": scenarios, **not_imported})
        return code
    for path, imported in separate.imported:
        for line in summary(imported, list(imported.files(path)), is_one_of_many=True):
            print_stderr(line)
    left = [*separate.not_for_the_api, *separate.ignored]
    for line in [Paint(sys.stderr)("not imported:", "bold"), *bullet_lines(left)] if left else []:
        print_stderr(line)
    print_stderr(f"next: assistants-emulator check --play {options.out}")
    return code


def _code(imported: list[Imported]) -> int:
    """1 if a proof does not hold."""
    return OK if all(one.proof.holds for one in imported) else FOUND_PROBLEMS


def _sessions(imported: Imported) -> str:
    count = len(imported.distilled.sources)
    return (
        f"these {count} recordings share no object, as if they were {imported.sessions} tests: in one scenario they "
        "are one chain, and a later test may get the answer of an earlier one. --out DIR/ makes a scenario of each"
    )


def summary(imported: Imported, written: list[Path], *, is_one_of_many: bool = False) -> list[str]:
    """Lines that say what was imported, what was not, and how a replay of the scenario compares."""
    paint, proof = Paint(sys.stderr), imported.proof
    lines = []
    if written:
        beside = f" and {plural(len(written) - 1, 'file')} in {written[1].parent}" if written[1:] else ""
        lines.append(f"wrote {paint(str(written[0]), 'bold')}{beside}")
    contents = ", ".join(plural(count, word.replace("_", " ")) for word, count in counts(imported).items() if count)
    requests = plural(len(imported.distilled.api_calls), "request")
    lines.append(f"{requests}: {contents}" if contents else f"{requests}; no turns or objects to import")
    lines.append(paint(proof.summary(), "green" if proof.holds and proof.played else "yellow"))
    lines += bullet_lines([*proof.differences, *map(str, proof.unplayed)])
    if imported.sessions > 1:
        lines.append(paint(f"warning: {_sessions(imported)}", "yellow"))
    lines += redaction_lines(imported.redacted)
    if imported.distilled.left_out:
        lines.append(paint("not imported:", "bold"))
        lines += bullet_lines(imported.distilled.left_out)
    if imported.ignored:
        lines.append(paint("ignored, as they are no recordings:", "bold"))
        lines += bullet_lines(imported.ignored)
    if not written and imported.distilled.files:
        lines.append(f"not written: {plural(len(imported.distilled.files), 'more file')}; use --out FILE to write them")
    if written and not is_one_of_many:
        lines.append(f"next: assistants-emulator check --play {written[0]}")
    return lines


def counts(imported: Imported) -> dict[str, int]:
    """The numbers of turns, given objects, faults and stubs of the scenario."""
    document = imported.distilled.document
    return {
        "turn": imported.turns,
        "given_object": sum(map(len, document.get("given", {}).values())),
        "fault": len(document.get("faults", ())),
        "stub": len(document.get("stubs", ())),
    }


def as_json(imported: Imported, written: list[Path]) -> dict[str, Any]:
    """The summary as JSON, with the scenario's text if that was not written."""
    proof = imported.proof
    return {
        "written": [str(path) for path in written],
        **({} if written else {"scenario": imported.text}),
        "requests": len(imported.distilled.api_calls),
        "sessions": imported.sessions,
        **{f"{word}s": count for word, count in counts(imported).items()},
        "proof": proof.as_json(),
        "redacted": [{**place._asdict(), "count": count} for place, count in imported.redacted.items()],
        "not_carried_over": imported.distilled.left_out,
        "left_alone": imported.ignored,
    }
