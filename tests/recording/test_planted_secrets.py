"""Every kind of secret, planted in six places of a session: whatever a command or a report writes has none of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

import pytest

from emulator import Emulator
from emulator.admin.inspector.report import report_of
from emulator.base.problems import CheckFailed
from emulator.base.secrets.kinds import KINDS
from emulator.cli import exec_report
from emulator.cli.main import main
from emulator.cli.request_log import as_json, short_line
from emulator.control.records import Request
from emulator.control.report import report, request_line
from emulator.recordings.distil.distil import distil
from emulator.recordings.readers import parse_recording
from emulator.recordings.redaction.redactor import Redactor
from emulator.recordings.sources import scenario_from
from emulator.server.app import Application
from emulator.world.options import Options
from emulator.world.worlds import Worlds
from tests.recording.proxies import recorders
from tests.recording.secret_samples import sample
from tests.support import Api, InProcess

PLACES: Final = ("message", "argument", "output", "file", "url", "stream")
TITLES: Final = sorted(KINDS)


def _all(place: str) -> str:
    """One text with a secret of every kind."""
    return "\n\n".join(f"take {sample(title, place).text} now" for title in TITLES)


SCENARIO: Final[dict[str, Any]] = {
    "version": 1,
    "name": "planted",
    "turns": [{"name": "note", "when": {"message": "take"}, "steps": [
        {"call": {"note": {"text": _all("argument")}}},
        {"say": {"text": _all("stream"), "chunks": 7}},
    ]}],
}  # fmt: skip


def _form(name: str, content: str) -> dict[str, Any]:
    lines = [
        *("--B", 'Content-Disposition: form-data; name="purpose"', "", "assistants"),
        *("--B", f'Content-Disposition: form-data; name="file"; filename="{name}"', "", content, "--B--", ""),
    ]
    return {"content": "\r\n".join(lines).encode(), "headers": {"Content-Type": "multipart/form-data; boundary=B"}}


def _session(api: Api) -> str:
    """Plants them all, and returns the run that has some of them."""
    file = api.post("/v1/files", **_form("a.txt", _all("file"))).json["id"]
    api.get(f"/v1/files/{file}/content")
    tools = [{"type": "function", "function": {"name": "note"}}]
    assistant, thread = api.assistant(tools=tools), api.thread(_all("message"))
    created = next(event for event in api.run(thread, assistant, stream=True).events if event.data != "[DONE]")
    run: str = json.loads(created.data)["id"]
    path = f"/v1/threads/{thread}/runs/{run}"
    calls = api.get(path).json["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = [{"tool_call_id": calls[0]["id"], "output": json.dumps({"kept": _all("output")})}]
    assert api.post(f"{path}/submit_tool_outputs", {"tool_outputs": outputs, "stream": True}).status == 200
    assert api.get(path).json["status"] == "completed"
    api.get(f"/v1/threads/{thread}/messages")
    api.get(f"{path}/steps")
    for title in TITLES:
        text = quote(sample(title, "url").text, safe="")
        api.get(f"/v1/things/{text}?q={text}")
    api.run(api.thread(f"Nothing fits {sample('OpenAI key', 'message').text}"), assistant)
    return run


#: A string of JSON in a stream's delta: a piece of a text or of arguments.
_PIECE: Final = re.compile(r'"(?:value|arguments|text)"\s*:\s*"((?:\\.|[^"\\])*)"')


def _readings(text: str) -> Iterator[str]:
    """The text as it stands, without the escapes of URLs and strings, and with the pieces of streams joined."""
    for _ in range(4):
        yield text
        yield unquote(text)
        yield "".join(_PIECE.findall(text)).replace("\\n", "\n")
        text = re.sub(r'\\(["\\/])', r"\1", text)
    yield text.replace("\\n", "\n")


def _found(written: str) -> set[tuple[str, str]]:
    """The secrets in what was written: place and kind. Of a long one, any line tells."""
    readings = list(dict.fromkeys(_readings(written)))
    planted = [(place, title, sample(title, place).secret) for place in PLACES for title in TITLES]
    return {
        (place, title)
        for place, title, secret in planted
        for line in ([line for line in secret.splitlines() if len(line) > 12] or [secret])
        if any(line in reading for reading in readings)
    }


# ---- What writes ----


class World:
    """A world that has seen all secrets, on a socket, and the same recorded without redaction."""

    def __init__(self, folder: Path, emulator: Emulator, run: str) -> None:
        self.folder, self.emulator, self.run = folder, emulator, run
        self.tape = folder / "raw.jsonl"
        self.tape.write_text(emulator.export(redact=None))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with Emulator(SCENARIO) as emulator:
        api = Api(emulator.url)
        run = _session(api)
        api.close()
        yield World(tmp_path_factory.mktemp("planted"), emulator, run)


Capture = pytest.CaptureFixture[str]
Writer = Callable[[World, Path, Capture], str]


def _import(world: World, folder: Path, capture: Capture) -> str:
    assert main(["import", str(world.tape), "--out", str(folder / "out.yaml")]) in (0, 1)
    files = [path.read_bytes().decode("utf-8", "replace") for path in folder.rglob("*") if path.is_file()]
    return "\n".join([*files, *capture.readouterr()])


def _record(world: World, folder: Path, capture: Capture) -> str:
    with Emulator(SCENARIO) as upstream, recorders(folder) as start:
        proxy = start(upstream.url, files=True)
        api = Api(proxy.url)
        _session(api)
        api.close()
        proxy.stop()
        return proxy.path.read_text() + "\n".join(
            part.content.decode() if part.content else ""
            for exchange in parse_recording(proxy.path.read_bytes(), "tape.jsonl").exchanges
            for part in exchange.form or ()
        )


def _replay(world: World, folder: Path, capture: Capture) -> str:
    recordings = Redactor().recordings([parse_recording(world.tape.read_bytes(), "raw.jsonl")])
    api = InProcess()
    api.worlds = Worlds(Options(), (scenario_from(distil(recordings, "replay"), strict=False),))
    api.app = Application(api.worlds)
    _session(api)
    return _log(api)


def _log(api: InProcess) -> str:
    """Its requests as JSON lines, as lines, and as those of a terminal."""
    problems = api.world.problems
    entries = api.world.journal.requests()
    assert len(entries) > 10
    lines = [json.dumps(as_json(api.world, entry, [])) for entry in entries[:-1]]
    lines.append(json.dumps(as_json(api.world, entries[-1], problems)))
    for entry in entries:
        request = Request(**entry.as_json())
        lines += [request_line(request)]
        lines += ["".join(text for text, _ in short_line(request, None, [], width)) for width in (80, 200)]
    return "\n".join(lines)


def _serve(world: World, folder: Path, capture: Capture) -> str:
    api = InProcess(SCENARIO)
    _session(api)
    return _log(api)


def _exec(world: World, folder: Path, capture: Capture) -> str:
    command = ["curl", "-H", f"Authorization: Bearer {sample('OpenAI key', 'message').text}"]
    used = [exec_report.UsedWorld.of(world.emulator)]
    exec_report.show(used, command[0], 1)
    (path,) = exec_report.write_files(used, folder, " ".join(command))
    return "\n".join([json.dumps(exec_report.as_json(used, command)), path.read_text(), *capture.readouterr()])


def _check(world: World, folder: Path, capture: Capture) -> str:
    with pytest.raises(CheckFailed) as caught:
        world.emulator.check()
    return str(caught.value)


WRITERS: Final[dict[str, Writer]] = {
    "import": _import,
    "record --files": _record,
    "replay --json": _replay,
    "serve --log": _serve,
    "export as a recording": lambda world, *_: world.emulator.export("recording"),
    "export as a scenario": lambda world, *_: world.emulator.export("scenario"),
    "export of a run": lambda world, *_: world.emulator.export("scenario", run=world.run),
    "the section of a failed test": lambda world, *_: report(world.emulator),
    "the file of a failed test": lambda world, *_: report_of(world.emulator, sample("OpenAI key", "url").text),
    "exec": _exec,
    "check": _check,
}


def test_they_are_planted_everywhere(world: World) -> None:
    assert len(TITLES) >= 60
    files = "\n".join(path for path in [world.emulator.export("scenario", redact=None), world.tape.read_text()])

    assert _found(files) == {(place, title) for place in PLACES for title in TITLES}


@pytest.mark.parametrize("writer", WRITERS)
def test_none_is_written(writer: str, world: World, tmp_path: Path, capsys: Capture) -> None:
    written = WRITERS[writer](world, tmp_path, capsys)

    assert _found(written) == set()
    assert "[redacted]" in written
