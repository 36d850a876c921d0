"""``record``: a reverse proxy in front of a server that speaks the API, which writes down what passes."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from emulator.base.problems import EmulatorError
from emulator.cli.commands.exits import CANNOT, FINE
from emulator.cli.commands.options import add_address_options, add_json_option
from emulator.cli.commands.output import say_where, show_json_line

if TYPE_CHECKING:
    from emulator.cli.terminal import ProgressLine
    from emulator.recordings.record.recorder import Recorder

SUMMARY = "stand in front of a server that speaks the API, and record what passes"
EXAMPLES = """\
  assistants-emulator record --upstream https://my.gateway --out tape.jsonl
                                                       then lead clients to http://127.0.0.1:8788/v1
  assistants-emulator record --upstream http://127.0.0.1:8787/v1 --out tape.jsonl --append --redact 'ACME-[0-9]+'
"""

#: Seconds between two drawings of the line that shows how far it is.
_PAUSE: Final = 0.1


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--upstream",
        required=True,
        metavar="URL",
        help="the server that answers; the path of a request is put behind it, /v1 at its end is left out for that",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="the recording, one exchange a line")
    parser.add_argument("--append", action="store_true", help="record more into a file that exists")
    parser.add_argument("--files", action="store_true", help="record contents of files, not only length and hash")
    parser.add_argument(
        "--redact",
        action="append",
        default=[],
        metavar="REGEX",
        help="take out what it matches, beside keys, tokens, cookies, organisations and projects; can be repeated",
    )
    parser.add_argument(
        "--timeout", type=float, default=600.0, metavar="SECONDS", help="without a byte from the upstream (600)"
    )
    parser.add_argument("--insecure", action="store_true", help="take any certificate of the upstream")
    add_address_options(parser, 8788)
    add_json_option(parser, "say where it listens, and at its end what was recorded, as a line of JSON each")


def run(options: argparse.Namespace) -> int:
    from emulator.cli.terminal import ProgressLine, is_watched
    from emulator.recordings.record.recorder import Recorder
    from emulator.recordings.record.redaction import Redactor
    from emulator.recordings.record.upstream import Upstream
    from emulator.recordings.recording_file import RecordingFile
    from emulator.server.emulator import AppServer, bind
    from emulator.server.hosts import is_loopback

    if not options.timeout > 0:
        raise EmulatorError(f"--timeout {options.timeout:g}: expected more than 0 seconds")
    redactor = Redactor(options.redact)
    upstream = Upstream(options.upstream, timeout=options.timeout, insecure=options.insecure)
    listening = bind(options.host, options.port)
    try:
        file = RecordingFile(options.out, upstream.url, files=options.files, append=options.append)
    except EmulatorError:
        listening.close()
        raise
    if not is_loopback(options.host):
        _tell(f"warning: {options.host} can be reached from other machines")
    if file.cut_off:
        _tell(f"warning: the last line of {file.path} broke off; its {file.cut_off} bytes are cut off")
    recorder = Recorder(upstream, file, redactor, keep_files=options.files, report=_tell)

    def begin() -> None:
        _tell(f"recording {upstream.url} to {file.path}, contents of files {'too' if options.files else 'by hash'}")
        say_where(f"{server.url}/v1", json=options.json)

    server = AppServer(recorder, listening, recorder.end, begin=begin)
    with ProgressLine(sys.stderr) as progress:
        if is_watched(sys.stderr):
            recorder.changed = _Drawing(recorder, progress).soon
        server.serve_until_stopped()
    recorder.close()
    size = options.out.stat().st_size
    _tell(_summary(recorder, size))
    if options.json:
        show_json_line({"recorded": _as_json(recorder, size)})
    return CANNOT if recorder.totals.lost else FINE


def _as_json(recorder: Recorder, size: int) -> dict[str, Any]:
    totals = recorder.totals
    return {
        "file": str(recorder.file.path),
        "file_bytes": size,
        "requests": totals.requests,
        "runs": totals.runs,
        "streams": totals.streams,
        "failures": totals.failures,
        "redactions": recorder.redactor.count,
        "not_recorded": totals.lost,
    }


def _summary(recorder: Recorder, size: int) -> str:
    totals, path = recorder.totals, recorder.file.path
    counts = [
        _counted(totals.requests, "request"),
        _counted(totals.runs, "run"),
        _counted(totals.streams, "stream"),
        _counted(totals.failures, "failure"),
        _counted(recorder.redactor.count, "redaction"),
    ]
    lines = [f"recorded {', '.join(counts)}; {path} has {_amount(size)}"]
    if totals.lost:
        lines.append(f"not recorded: {_counted(totals.lost, 'request')}")
    lines += [
        f"--redact {pattern!r} took too long for a text, which was redacted as a whole"
        for pattern in sorted(recorder.redactor.slow_patterns)
    ]
    if totals.requests:
        lines.append(f"next: assistants-emulator import {path} --out scenario.yaml")
    return "\n".join(lines)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _amount(size: float) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class _Drawing:
    """Shows how far it is, a moment after something has changed."""

    def __init__(self, recorder: Recorder, line: ProgressLine) -> None:
        self._recorder, self._line = recorder, line
        self._is_due = False

    def soon(self) -> None:
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_later(_PAUSE, self._draw)

    def _draw(self) -> None:
        self._is_due = False
        totals = self._recorder.totals
        self._line.show(
            f"{_counted(totals.requests, 'request')}, {_counted(totals.streaming, 'stream')} under way, "
            f"{_amount(totals.bytes)}"
        )
