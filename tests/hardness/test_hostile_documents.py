"""Scenario files, bodies and recordings that are bombs: refused with their place, in little time and memory."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from pathlib import Path

import brotli
import pytest

from emulator import Control
from emulator.base.limits import MAX_BODY_VALUES
from emulator.base.problems import EmulatorError, ScenarioError
from emulator.recordings.exchange import RecordingError
from emulator.recordings.readers import parse_recording
from emulator.recordings.readers.decoding import BadBody, Decoder
from emulator.scenarios.loading import load_scenario, parse_scenario
from tests.conftest import Emulate
from tests.hardness.bounds import bounded, needs_limits
from tests.support import InProcess

MANY = 100_000
LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)
)
ALIASES = "at most 200000 values, aliases counted as often as used"
DEEP = "expected at most 100 levels"

DOCUMENTS = {
    "a billion laughs": (LAUGHS, ALIASES),
    "an alias in itself": ("a: &a [*a]", "this alias contains itself"),
    "an alias in its own mapping": ("&a {b: *a}", "this alias contains itself"),
    "deep YAML": ("[" * MANY, DEEP),
    "deep blocks": ("\n".join(" " * n + "a:" for n in range(1000)), DEEP),
    "deep lists": ("- " * MANY + "x", DEEP),
    "deep JSON": ("[" * MANY + "]" * MANY, DEEP),
    "deep JSON objects": ('{"a":' * MANY + "1" + "}" * MANY, DEEP),
    "100,000 keys": ("\n".join(f"k{n}: 1" for n in range(MANY)), "k0: unknown key"),
    "100,000 keys in JSON": ("{" + ",".join(f'"k{n}": 1' for n in range(MANY)) + "}", "k0: unknown key"),
    "a long list": ("a: [" + "0," * 1_000_000 + "]", ALIASES),
    "a long list in JSON": ("[" + "0," * 5_000_000 + "0]", ALIASES),
    "a long key": ("x" * 1_000_000 + ": 1", "mapping values are not allowed here"),
    "a long file": ("name: " + "x" * 16_000_000, "at most 16000000 characters of YAML"),
    "a number of a million digits": ("version: " + "1" * 1_000_000, "a number of at most 64 bits"),
    "a number beyond all": ("version: 1e400", "a number of at most 64 bits"),
    "a NUL": ('name: "a\0b"', "unacceptable character U+0000"),
    "a byte order mark inside": ("na\ufeffme: [", "not readable as YAML"),
    "50,000 anchors": ("\n".join(f"k{n}: &a{n} 1" for n in range(50_000)), "k0: unknown key"),
    "nothing but comments": ("#\n" * 500_000, "the file is empty"),
    "quotes without end": ("'" * 500_001, "found unexpected end of stream"),
}


@needs_limits
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_that_is_a_bomb_is_refused(name: str) -> None:
    text, said = DOCUMENTS[name]
    with bounded(seconds=60), pytest.raises(ScenarioError) as refused:
        parse_scenario(text, "bomb.yaml")
    assert str(refused.value).startswith("bomb.yaml:")
    assert said in str(refused.value)
    assert len(refused.value.problems) <= 501


@needs_limits
@pytest.mark.parametrize("name", ["a billion laughs", "deep JSON", "a long list in JSON"])
def test_a_posted_one_is_refused_in_the_same_words_and_nothing_changes(name: str) -> None:
    text, said = DOCUMENTS[name]
    api = InProcess()
    with bounded(seconds=60):
        reply = api.post("/_emulator/scenarios?file=bomb.yaml", content=text.encode())
    assert reply.status in (400, 413)
    assert said in reply.json["error"]["message"] or "about 1000000 values" in reply.json["error"]["message"]
    assert api.get("/_emulator/scenarios").json == {"scenarios": []}


@pytest.mark.parametrize("coding", ["utf-16", "utf-32", "latin-1", "shift-jis", "utf-7"])
def test_a_file_in_another_encoding_is_refused_or_read(coding: str, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes("name: ä\u30c6\nversion: [\n".encode(coding, "replace"))
    with pytest.raises(ScenarioError, match=r"UTF-8|YAML"):
        load_scenario(file)


def test_a_byte_order_mark_at_the_beginning_is_none_of_it() -> None:
    assert parse_scenario("\ufeffversion: 1\nname: a\n", "a.yaml").name == "a"


@pytest.mark.parametrize("text", ['{"version": 1, "name": "\\ud800"}', 'version: 1\nname: "\\ud800"\n'])
def test_half_a_character_never_leaves(text: str) -> None:
    assert parse_scenario(text, "a.yaml").name == "\ufffd"


# ---- Bodies ----

BODIES = {
    "deep lists": b"[" * MANY + b"]" * MANY,
    "deep objects": b'{"metadata":' * MANY + b"1" + b"}" * MANY,
    "100,000 keys": json.dumps({f"k{n}": 1 for n in range(MANY)}).encode(),
    "100,000 keys of metadata": json.dumps({"metadata": {f"k{n}": "1" for n in range(MANY)}}).encode(),
    "a long key": json.dumps({"metadata": {"x" * 5_000_000: "1"}}).encode(),
    "a long value": json.dumps({"metadata": {"x": "1" * 5_000_000}}).encode(),
    "a number of a million digits": b'{"temperature": ' + b"1" * 1_000_000 + b"}",
    "a number beyond all": b'{"temperature": 1e400}',
    "no number": b'{"temperature": NaN}',
    "a NUL": b'{"metadata": {"a": "\0"}}',
    "half a character": b'{"metadata": {"a": "\\ud800"}}',
    "half a character raw": b'{"metadata": {"a": "\xed\xa0\x80"}}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": "{}".encode("utf-16"),
    "UTF-32": "{}".encode("utf-32"),
    "latin-1": '{"metadata": {"a": "ä"}}'.encode("latin-1"),
    "100,001 messages": json.dumps({"messages": [{"role": "user", "content": "x"}] * 100_001}).encode(),
    "many values": b'{"metadata": [' + b"[]," * MAX_BODY_VALUES + b"[]]}",
    "two documents": b"{}{}",
    "rubbish": os.urandom(1000),
}


@needs_limits
@pytest.mark.parametrize("path", ["/v1/threads", "/v1/assistants", "/_emulator/reset", "/_emulator/faults"])
@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_a_bomb_is_refused(name: str, path: str) -> None:
    api = InProcess()
    with bounded(seconds=60):
        reply = api.post(path, content=BODIES[name])
        assert reply.status in (400, 413)
        assert reply.json["error"]["message"]
        assert api.get("/_emulator/requests").status == 200
    assert api.world.check() == []


@pytest.mark.parametrize(
    "path",
    ["/v1/threads/%ED%A0%80", "/v1/threads/%00", "/v1/assistants?limit=%ED%A0%80", "/v1/assistants?after=%00%ff",
     "/v1/assistants?limit=" + "9" * 5000, "/v1/%2e%2e/%2e%2e/etc/passwd", "/_emulator/requests?thread=%ED%A0%80",
     "/_emulator/holds/%ED%A0%80", "/_emulator/%ff"],
)  # fmt: skip
def test_an_address_with_what_is_no_text_is_an_answer_in_words(path: str) -> None:
    api = InProcess()
    reply = api.get(path)
    assert reply.status in (200, 400, 404)
    assert api.get("/_emulator/requests").status == 200
    assert [problem.kind for problem in api.world.check()] in ([], ["unknown_operation"])


@pytest.mark.parametrize("output", ["\0", "\ufeff", "a" * 500_000, "[" * 100_000, "1" * 100_000, "1e400", "\u2028"])
def test_any_output_of_a_tool_comes_through(output: str) -> None:
    api = InProcess({"version": 1, "turns": [{"steps": [{"call": {"f": {}}}, {"say": "ok {{ outputs | length }}"}]}]})
    assistant = api.assistant(tools=[{"type": "function", "function": {"name": "f"}}])
    thread = api.thread("Hi")
    run = api.run(thread, assistant).json["id"]
    api.poll(thread, run)
    calls = api.get(f"/v1/threads/{thread}/runs/{run}").json["required_action"]["submit_tool_outputs"]["tool_calls"]
    body = {"tool_outputs": [{"tool_call_id": calls[0]["id"], "output": output}]}
    assert api.post(f"/v1/threads/{thread}/runs/{run}/submit_tool_outputs", body).status == 200
    assert api.poll(thread, run)[-1] == "completed"
    assert api.world.check() == []


# ---- Recordings ----


def _zlib_bomb(bits: int) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, bits)
    return b"".join(packer.compress(MEBIBYTE) for _ in range(260)) + packer.flush()


MEBIBYTE = bytes(1024 * 1024)
BOMBS = {
    "gzip": lambda: _zlib_bomb(31),
    "deflate": lambda: _zlib_bomb(15),
    "br": lambda: brotli.compress(bytes(260 * 1024 * 1024), quality=1),
    "gzip, gzip": lambda: gzip.compress(_zlib_bomb(31)),
}


@needs_limits
@pytest.mark.parametrize("coding", BOMBS)
def test_what_unpacks_to_too_much_is_not_unpacked(coding: str) -> None:
    bomb = BOMBS[coding]()  # type: ignore[no-untyped-call]
    with bounded(seconds=60, mebibytes=1024), pytest.raises(BadBody) as refused:
        Decoder().decode(bomb, (("content-encoding", coding),))
    assert "268435456 bytes" in str(refused.value)


@needs_limits
@pytest.mark.parametrize(
    "raw",
    [
        b"interactions: " + b"[" * MANY,
        b'{"log": {"entries": ' + b"[" * MANY,
        b"interactions:\n- &a [*a]\n",
        b"a: &a [x,x,x,x,x,x,x,x,x]\n" + LAUGHS.encode() + b"interactions: [*l]\n",
        b'{"assistants-emulator recording": 1}\n' + b"[" * MANY + b"\n",
        b'{"interactions": [{"request": {"uri": "x' + b"y" * 1_000_000 + b'"}}]}',
        b'{"interactions": [' + b"1" * 1_000_000 + b"]}",
    ],
    ids=["yaml", "har", "alias", "laughs", "own", "long", "number"],
)
def test_a_recording_that_is_a_bomb_is_refused(raw: bytes) -> None:
    with bounded(seconds=60), pytest.raises(RecordingError) as refused:
        parse_recording(raw, "bomb")
    assert len(str(refused.value)) < 1000


# ---- The admin API ----


def test_the_number_of_scenarios_and_faults_is_bounded() -> None:
    api = InProcess()
    scenario = {"version": 1, "turns": [{"steps": [{"say": "x"}]}]}
    fault = {"operation": "create_run", "kind": "stall"}
    for path, one in (("/_emulator/scenarios", scenario), ("/_emulator/faults", fault)):
        last = [api.post(path, one).status for _ in range(1001)][-2:]
        assert last == [200, 400]
        assert "at most 1000" in api.post(path, one).json["error"]["message"]
    assert api.post("/_emulator/reset").status == 200
    assert api.post("/_emulator/scenarios", scenario).status == 200


def test_the_number_of_problems_is_bounded() -> None:
    api = InProcess()
    for number in range(1500):
        api.get(f"/v1/unknown/{number}")
    problems = api.get("/_emulator/check").json["problems"]
    assert len(problems) == 1001
    assert problems[-1]["message"] == "and 500 more problems"


def test_control_refuses_what_a_server_would(emulate: Emulate) -> None:
    emulator = emulate()
    with pytest.raises(EmulatorError, match=r"at most 100 levels|recursion"):
        Control(emulator.url, "sk-a").load({"version": 1, "name": json.loads("[" * 500 + "]" * 500)})
