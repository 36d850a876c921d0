"""What is fuzzed: functions from bytes to nothing, each with the errors by which it may refuse them.

Whatever else comes out of one is a finding, and so is an input that takes too long or too much memory. Each also
asserts what has to hold of what was read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import orjson

from emulator.admin.posted import posted_scenario
from emulator.apis.http.bodies import read_json
from emulator.apis.http.errors import ApiError
from emulator.apis.http.form_reader import read_form
from emulator.apis.http.validation import query_error
from emulator.apis.responses import models, tools
from emulator.apis.responses.old_names import old_names
from emulator.base.operations import BY_NAME
from emulator.base.problems import EmulatorError, ScenarioError
from emulator.base.request_schemas import schema
from emulator.cli.rehearsal import rehearse
from emulator.recordings import own_format
from emulator.recordings.distil.api_calls import read_events
from emulator.recordings.exchange import Exchange, parsed
from emulator.recordings.importing import distil_all
from emulator.recordings.multipart import parts_of
from emulator.recordings.proof.replay import prove
from emulator.recordings.readers import parse_recording, recognises
from emulator.recordings.redaction.redactor import Redactor
from emulator.recordings.sources import scenario_from
from emulator.scenarios.document import from_data, parse
from emulator.scenarios.loading import check_document
from emulator.world.options import Options
from emulator.world.world import World
from tests.fuzz.talking import Talk, run, wire


@dataclass(frozen=True)
class Target:
    """Something that reads bytes. ``refuses``: the documented errors."""

    name: str
    summary: str
    read: Callable[[bytes], None]
    refuses: tuple[type[Exception], ...]

    def try_(self, raw: bytes) -> bool:
        """True if the input was read, False if it was refused as documented; raises whatever else comes out."""
        try:
            self.read(raw)
        except self.refuses:
            return False
        return True


TARGETS: Final[dict[str, Target]] = {}


Read = Callable[[bytes], None]


def target(name: str, summary: str, *refuses: type[Exception]) -> Callable[[Read], Read]:
    def register(read: Read) -> Read:
        TARGETS[name] = Target(name, summary, read, refuses)
        return read

    return register


_PLACED: Final = re.compile(r"fuzz\.yaml:[1-9]\d*:[1-9]\d*: ")


@target("recordings", "a recording of any format, distilled, written, loaded, proven", EmulatorError)
def recordings(raw: bytes) -> None:
    recognises(raw)
    recording = parse_recording(raw, "fuzz.yaml")
    for one in recording.exchanges:
        own_format.line(one)
    distilled = distil_all([recording], "fuzz")
    try:
        check_document(from_data(distilled.document), contents=distilled.files)
        assert parse(distilled.text(), "fuzz.yaml").data == distilled.document
    except ScenarioError as error:
        raise AssertionError(f"a scenario was made that is none: {error}") from error
    distilled.strict_replay()
    prove(distilled, scenario_from(distilled))


@target("scenarios", "a scenario file: its document, its checks, its world, its turns played alone", EmulatorError)
def scenarios(raw: bytes) -> None:
    try:
        scenario = posted_scenario(raw, "fuzz.yaml", "fuzz")
    except ScenarioError as error:
        if unplaced := [one for one in error.problems if not _PLACED.match(one)]:
            raise AssertionError(f"problems without a place: {unplaced}") from error
        raise
    World(Options(), (scenario,))
    for rehearsal in rehearse(scenario):
        str(rehearsal)


@target("forms", "a multipart body, whole and in pieces")
def forms(raw: bytes) -> None:
    kind, _, body = raw.partition(b"\n")
    size = 1 + len(body) % 61
    whole = run(_form(kind, [body]))
    pieces = run(_form(kind, [body[at : at + size] for at in range(0, len(body), size)] or [b""]))
    if body.startswith(b"--"):  # what stands before the first part is skipped or refused by how it is cut
        assert whole == pieces


async def _form(kind: bytes, pieces: list[bytes]) -> object:
    """What came of a form; why it could not be read differs by where it was cut."""
    headers = [(b"content-type", b"multipart/form-data" + kind)]
    form = await read_form({"type": "http", "headers": headers}, Talk(pieces).receive)
    assert form is not None
    if form.problem:
        assert isinstance(form.problem, ApiError)
        assert form.problem.status == 400
        return None
    orjson.dumps(form.as_json())
    return form.fields, {name: (one.filename, one.content.read()) for name, one in form.files.items()}


@target("recorded_forms", "a recorded multipart body")
def recorded_forms(raw: bytes) -> None:
    kind, _, body = raw.partition(b"\n")
    for content_type in (None, "multipart/form-data" + kind.decode("latin-1")):
        for part in parts_of(body, content_type) or ():
            assert isinstance(part.name, str)
            assert part.content is not None
            assert part.content in body or b"\r" not in body


@target("bodies", "an operation's JSON body and query against their schemas", ApiError)
def bodies(raw: bytes) -> None:
    """The first line is the operation, perhaps with a query as JSON behind it."""
    line, _, body = raw.partition(b"\n")
    name, _, query = line.decode("utf-8", "replace").partition(" ")
    if name not in BY_NAME:
        return
    asked = parsed(query.encode())
    if isinstance(asked, dict) and (error := query_error(name, asked)):
        error.body()
    if schema("bodies", name) is not None:
        assert isinstance(read_json(name, body), dict)


@target("responses", "the body of a request for a response: its old names, its tools and text echoed", ApiError)
def responses(raw: bytes) -> None:
    """What fits has no old name. An echo of an echo is the same."""
    body = parsed(raw)
    names = old_names(body)
    body = read_json("create_response", raw)
    assert not names
    tools.check_tools(body.get("tools"))
    tools.check_format(body.get("text"))
    echoed = tools.echoed_tools(body.get("tools"))
    assert orjson.dumps(tools.echoed_tools(echoed)) == orjson.dumps(echoed)
    text = tools.echoed_text(body.get("text"))
    assert tools.echoed_text(text) == text
    tools.echoed_tool_choice(body.get("tool_choice"))
    models.reasoning(body.get("model") or "", body.get("reasoning"))


@target("events", "a recorded event stream, read and redacted")
def events(raw: bytes) -> None:
    """The first line is the body's type. To redact twice changes nothing, and what was JSON stays JSON."""
    kind, _, body = raw.partition(b"\n")
    read_events(body)
    headers = (("content-type", kind.decode("latin-1")),)
    exchange = Exchange("POST", "/v1/threads", 200, response_body=body, response_headers=headers)
    once = Redactor().exchange(exchange)
    assert Redactor().exchange(once).response_body == once.response_body
    assert (parsed(body) is None) or once.response_json() is not None or exchange.response_json() is None


@target("requests", "requests to the API and to the admin API, one after another, in a world with a past")
def requests(raw: bytes) -> None:
    """Each is a line ``METHOD target``, then its body up to a line ``---``."""
    talk = Talk()
    for request in raw.split(b"\n---\n")[:8]:
        line, _, body = request.partition(b"\n")
        method, _, target = line.partition(b" ")
        run(talk.ask(method.decode("latin-1"), target, body))
    talk.check()


@target("http", "bytes on a connection, in pieces")
def http(raw: bytes) -> None:
    run(wire(raw))
