"""What was tried by hand becomes a fixture: a world's journal as a recording, its objects as a scenario's ``given``."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import cast

from emulator.apis.assistants.store import Thread, objects_of
from emulator.base.json_types import Object
from emulator.recordings import own_format
from emulator.recordings.distil.api_calls import named
from emulator.recordings.distil.given_form import MAX_STORED, as_given, given_message, given_run, without_echoes
from emulator.recordings.distil.yaml_writer import write
from emulator.recordings.exchange import Ended, Exchange, Part, headers_of, parsed
from emulator.recordings.record.redaction import Redactor
from emulator.scenarios.model import TERMINAL
from emulator.world.journal import Entry
from emulator.world.state.store import Store
from emulator.world.state.vector_stores import VectorStore
from emulator.world.world import World

#: Faults that keep an answer from its end, as a recorder would have seen it.
_ENDED: dict[str | None, Ended] = {"disconnect": "cut", "stall": "timeout"}


def recording_of(world: World) -> bytes:
    """The journal in our own format, secrets redacted. Requests that only repeated the one before are there once."""
    redactor = Redactor()
    lines = [own_format.header_line(None)]
    for number, entry in enumerate(world.journal.requests(), world.journal.dropped + 1):
        lines.append(own_format.line(redactor.exchange(_exchange(entry, number))))
    return b"".join(lines)


def _exchange(entry: Entry, number: int) -> Exchange:
    headers = headers_of((name.decode("latin-1"), value.decode("latin-1")) for name, value in entry.headers)
    query = f"?{entry.query.decode('latin-1')}" if entry.query else ""
    kind = dict(headers).get("content-type", "")
    is_form = kind.startswith("multipart/form-data")
    return Exchange(
        entry.method,
        entry.path + query,
        entry.status,
        request_headers=headers,
        request_body=None if is_form else entry.body,
        form=tuple(_parts(parsed(entry.body) or {})) if is_form else None,
        answer_headers=(("content-type", _kind_of(entry.answer)),),
        answer_body=None if entry.operation == "download_file" and entry.status == 200 else entry.answer,
        ended=_ENDED.get(entry.fault, "complete"),
        source="journal",
        number=number,
        time=float(int(entry.time)),
    )


def _kind_of(answer: bytes) -> str:
    """What the journal does not keep, as the emulator would have said it."""
    if answer.startswith(b"event: "):
        return "text/event-stream; charset=utf-8"
    return "text/plain; charset=utf-8" if answer and parsed(answer) is None else "application/json"


def _parts(form: Object) -> Iterator[Part]:
    """The journal keeps a file's name and size; a field that was nested is written as it was sent."""
    for name, value in form.items():
        if isinstance(value, dict) and "filename" in value:
            yield Part(name, value["filename"], size=value.get("bytes"))
        elif isinstance(value, dict):
            yield from (Part(f"{name}[{key}]", content=str(inner).encode()) for key, inner in value.items())
        else:
            yield Part(name, content=str(value).encode())


def scenario_of(world: World) -> str:
    """The objects as a scenario file, contents of files in it. What a scenario cannot give is told in its comments."""
    store, objects, left_out = world.store, objects_of(world), _lost(world)
    given = {
        "files": [_file(file, world) for file in store.files],
        "vector_stores": [_store(one) for one in store.vector_stores],
        "assistants": [
            _without_deleted(as_given("assistant", cast("Object", one)), store) for one in objects.assistants
        ],
        "threads": [_thread(thread, world, left_out) for thread in objects.threads.values()],
    }
    document: Object = {"version": 1, "name": "exported"}
    if present := {kind: items for kind, items in given.items() if items}:
        document["given"] = present
    return write(document, about="Exported from an emulator.", left_out=left_out)


def _lost(world: World) -> list[str]:
    """What no scenario can give."""
    store = world.store
    uploads = [one.object for one in store.uploads.values()]
    left_out = [f"upload {one['id']}, which is pending" for one in uploads if one["status"] == "pending"]
    for one in store.vector_stores:
        described = [id for id, held in one.stored.items() if held.object["attributes"]]
        left_out += [f"the attributes of {id} in vector store {one.id}" for id in described]
        if len(one.stored) > MAX_STORED:
            left_out.append(f"{len(one.stored) - MAX_STORED} of the {len(one.stored)} files of vector store {one.id}")
    if any(len(steps) for thread in objects_of(world).threads.values() for steps in thread.steps.values()):
        left_out.append("run steps: a given run has none, and what it wrote is given as messages of no run")
    return left_out


def _file(file: Object, world: World) -> Object:
    content = world.store.contents[file["id"]].read()
    said: Object = {"id": file["id"], "filename": file["filename"]}
    said |= {"purpose": file["purpose"]} if file["purpose"] != "assistants" else {}
    try:
        return {**said, "content": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {**said, "base64": base64.b64encode(content).decode()}


def _store(store: VectorStore) -> Object:
    files = list(store.stored)[:MAX_STORED]
    return {**as_given("vector_store", store.object), **({"file_ids": files} if files else {})}


def _thread(thread: Thread, world: World, left_out: list[str]) -> Object:
    store = world.store
    rows = [cast("Object", stored.message()) for _, stored in thread.messages.newest_first()]
    messages = [_message(message, store, left_out) for message in reversed(rows) if message["content"]]
    runs = []
    for run in thread.runs:
        assistant = objects_of(world).assistants.get(run["assistant_id"])
        if run["status"] not in TERMINAL:
            left_out.append(f"run {run['id']}, which is {run['status']}: only runs that are over can be given")
        elif assistant is None:
            left_out.append(f"run {run['id']}: its assistant {run['assistant_id']} was deleted")
        else:
            asked, came = given_run(cast("Object", run), cast("Object", assistant))
            runs.append(asked | came)
    given = _without_deleted(as_given("thread", cast("Object", thread.object)), store)
    more = {"messages": [one for one in messages if one["content"]], "runs": runs}
    return {**given, **{key: items for key, items in more.items() if items}}


def _assistant(assistant: Object, store: Store) -> Object:
    return _without_deleted(as_given("assistant", assistant), store)


def _without_deleted(given: Object, store: Store) -> Object:
    """Files that a client has deleted stay named where they were used; vector stores do not."""
    coded = given.get("tool_resources", {}).get("code_interpreter", {})
    if all(id in store.files for id in coded.get("file_ids", ())):
        return given
    left = {"file_ids": [id for id in coded["file_ids"] if id in store.files]}
    return without_echoes({**given, "tool_resources": {**given["tool_resources"], "code_interpreter": left}})


def _message(message: Object, store: Store, left_out: list[str]) -> Object:
    given = given_message(message)
    gone = {id for id in named(given, "file_id") if id not in store.files}
    left_out += [f"{id} in {given['id']}: it was deleted" for id in sorted(gone)]
    if gone and "attachments" in given:
        given["attachments"] = [one for one in given["attachments"] if one["file_id"] not in gone]
    if gone and isinstance(given["content"], list):
        given["content"] = [part for part in given["content"] if not gone & set(named(part, "file_id"))]
    return given
