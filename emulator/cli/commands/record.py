"""``record``: a reverse proxy that records the traffic between clients and a server of the API."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from emulator.base.problems import EmulatorError
from emulator.base.text import plural
from emulator.cli.commands.exits import CANNOT, OK
from emulator.cli.commands.options import add_address_options, add_json_option
from emulator.cli.commands.output import announce_url, print_stderr, show_json_line

if TYPE_CHECKING:
    from emulator.cli.terminal import ProgressLine
    from emulator.recordings.record.recorder import Recorder
    from emulator.recordings.recording_file import RecordingFile

SUMMARY = "record traffic through a reverse proxy"
EXAMPLES = """\
  assistants-emulator record --upstream https://my.gateway --out tape.jsonl
                                                       then point clients to http://127.0.0.1:8788/v1
  assistants-emulator record --upstream http://127.0.0.1:8787/v1 --out tape.jsonl --append --redact 'ACME-[0-9]+'
"""

#: Seconds between two updates of the progress line.
_PAUSE: Final = 0.1


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--upstream",
        required=True,
        metavar="URL",
        help="the server to record; a request's path is appended to it, after a /v1 at its end is removed",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="the recording, one exchange per line")
    parser.add_argument("--append", action="store_true", help="append to an existing recording")
    parser.add_argument(
        "--files", action="store_true", help="record the contents of files, not only their length and hash"
    )
    parser.add_argument(
        "--redact",
        action="append",
        default=[],
        metavar="REGEX",
        help="redact every match, besides keys, tokens, cookies, organisations and projects; repeatable",
    )
    parser.add_argument(
        "--timeout", type=float, default=600.0, metavar="SECONDS", help="maximum silence of the upstream (default: 600)"
    )
    parser.add_argument("--insecure", action="store_true", help="accept any TLS certificate of the upstream")
    add_address_options(parser, 8788)
    add_json_option(parser, "print the URL and, at the end, the totals as a line of JSON each")


def run(options: argparse.Namespace) -> int:
    from emulator.cli.terminal import ProgressLine, is_interactive
    from emulator.recordings.record.recorder import Recorder
    from emulator.recordings.record.upstream import Upstream
    from emulator.recordings.recording_file import RecordingFile
    from emulator.recordings.redaction.redactor import Redactor
    from emulator.server.uvicorn_server import AppServer, bind

    if not options.timeout > 0:
        raise EmulatorError(f"--timeout {options.timeout:g}: expected more than 0 seconds")
    redactor = Redactor(options.redact)
    upstream = Upstream(options.upstream, timeout=options.timeout, insecure=options.insecure)
    listening = bind(options.host, options.port)
    try:
        upstream.refuse_itself(*listening.getsockname()[:2])
        file = RecordingFile(options.out, upstream.url, files=options.files, append=options.append)
    except EmulatorError:
        listening.close()
        raise
    _warn(options.host, file)
    recorder = Recorder(upstream, file, redactor, keep_files=options.files, report=print_stderr)

    def begin() -> None:
        contents = "with the contents of files" if options.files else "files by length and hash"
        print_stderr(f"recording {upstream.url} to {file.path}, {contents}")
        announce_url(f"{server.url}/v1", json=options.json)

    server = AppServer(recorder, listening, recorder.end, begin=begin)
    with ProgressLine(sys.stderr) as progress:
        if is_interactive(sys.stderr):
            recorder.changed = _Progress(recorder, progress).update_soon
        server.serve_until_stopped()
    recorder.close()
    size = options.out.stat().st_size
    print_stderr(_summary(recorder, size))
    if options.json:
        show_json_line({"recorded": _as_json(recorder, size)})
    return CANNOT if recorder.totals.lost else OK


def _warn(host: str, file: RecordingFile) -> None:
    """Warns of a reachable address and of an incomplete recording."""
    from emulator.server.hosts import is_loopback

    if not is_loopback(host):
        print_stderr(f"warning: other machines can reach {host}")
    if file.cut_off:
        print_stderr(f"warning: the last line of {file.path} was incomplete; removed its {file.cut_off} bytes")


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
        plural(totals.requests, "request"),
        plural(totals.runs, "run"),
        plural(totals.streams, "stream"),
        plural(totals.failures, "failure"),
        plural(recorder.redactor.count, "redaction"),
    ]
    lines = [f"recorded {', '.join(counts)}; {path}: {_amount(size)}"]
    if totals.lost:
        lines.append(f"not recorded: {plural(totals.lost, 'request')}")
    lines += [
        f"--redact {pattern!r} took too long for a text, so the whole text was redacted"
        for pattern in sorted(recorder.redactor.slow_patterns)
    ]
    if totals.requests:
        lines.append(f"next: assistants-emulator import {path} --out scenario.yaml")
    return "\n".join(lines)


def _amount(size: float) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"


class _Progress:
    """Updates the progress line shortly after a change."""

    def __init__(self, recorder: Recorder, line: ProgressLine) -> None:
        self._recorder, self._line = recorder, line
        self._is_due = False

    def update_soon(self) -> None:
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_later(_PAUSE, self._update)

    def _update(self) -> None:
        self._is_due = False
        totals = self._recorder.totals
        self._line.show(
            f"{plural(totals.requests, 'request')}, {plural(totals.streaming, 'open stream')}, {_amount(totals.bytes)}"
        )
