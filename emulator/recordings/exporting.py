"""Exports a world: its journal as a recording, its objects as a scenario's ``given``."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import cast

from emulator.apis.assistants.store import Thread, objects_of
from emulator.apis.http.form import is_form
from emulator.apis.http.headers import by_name
from emulator.apis.responses.store import responses_of
from emulator.base.json_types import Object
from emulator.base.text import plural
from emulator.recordings import own_format
from emulator.recordings.distil.api_calls import texts_under
from emulator.recordings.distil.given_form import (
    MAX_STORED,
    creation_parameters,
    given_message,
    given_run,
    given_step,
    of_its_run,
    without_defaults,
)
from emulator.recordings.distil.yaml_writer import write
from emulator.recordings.exchange import Ended, Exchange, Part, Recording, headers_of, parsed
from emulator.recordings.redaction.redactor import Redactor
from emulator.scenarios.model import TERMINAL
from emulator.world.journal import Entry
from emulator.world.state.store import Store
from emulator.world.state.vector_stores import VectorStore
from emulator.world.world import World

#: How a recorder would see the end of a response, by the fault that breaks it off.
_ENDED: dict[str | None, Ended] = {"disconnect": "cut", "stall": "timeout"}


def recording_of(world: World, redactor: Redactor | None) -> bytes:
    """The journal in our own format. A request that only repeats the one before is left out.

    Without a ``redactor`` all secrets stay.
    """
    entries = enumerate(world.journal.requests(), world.journal.dropped + 1)
    recording = Recording("journal", "", tuple(exchange_of(entry, number) for number, entry in entries))
    exchanges = (redactor.recordings([recording])[0] if redactor else recording).exchanges
    return b"".join([own_format.header_line(None), *map(own_format.line, exchanges)])


def exchange_of(entry: Entry, number: int) -> Exchange:
    """A request of the journal and its response, as a recorder would have seen them."""
    headers = headers_of((name.decode("latin-1"), value.decode("latin-1")) for name, value in entry.headers)
    query = f"?{entry.query.decode('latin-1')}" if entry.query else ""
    form = parsed(entry.body) if is_form(by_name(entry.headers)) else None  # the journal has forms as JSON
    return Exchange(
        entry.method,
        entry.path + query,
        entry.status,
        request_headers=headers,
        request_body=entry.body if form is None else None,
        form=None if form is None else tuple(_parts(form)),
        response_headers=(("content-type", _kind_of(entry.answer)),),
        response_body=None if entry.operation == "download_file" and entry.status == 200 else entry.answer,
        ended=_ENDED.get(entry.fault, "complete"),
        source="journal",
        number=number,
        time=float(int(entry.time)),
    )


def _kind_of(response: bytes) -> str:
    """The content type of a response, which the journal does not keep."""
    if response.startswith(b"event: "):
        return "text/event-stream; charset=utf-8"
    return "text/plain; charset=utf-8" if response and parsed(response) is None else "application/json"


def _parts(form: Object) -> Iterator[Part]:
    """The parts of a form: of a file the journal has the name and size; a nested field is written as it was sent."""
    for name, value in form.items():
        if isinstance(value, dict) and "filename" in value:
            yield Part(name, value["filename"], size=value.get("bytes"))
        elif isinstance(value, dict):
            yield from (Part(f"{name}[{key}]", content=str(inner).encode()) for key, inner in value.items())
        else:
            yield Part(name, content=str(value).encode())


def scenario_of(world: World, redactor: Redactor | None) -> str:
    """The objects as a scenario file, with the contents of files. Comments list what a scenario cannot give.

    Without a ``redactor`` all secrets stay.
    """
    store, objects, left_out = world.store, objects_of(world), _lost(world)
    given = {
        "files": [_file(file, world, redactor) for file in store.files],
        "vector_stores": [_store(one) for one in store.vector_stores],
        "assistants": [_assistant(cast("Object", one), store) for one in objects.assistants],
        "threads": [_thread(thread, world, left_out) for thread in objects.threads.values()],
    }
    document: Object = {"version": 1, "name": "exported"}
    if present := {kind: items for kind, items in given.items() if items}:
        document["given"] = redactor.value(present) if redactor else present
    if redactor and redactor.count:
        left_out.append(f"{plural(redactor.count, 'secret')}: redacted")
    return write(document, about="Exported from an emulator.", left_out=left_out)


def _lost(world: World) -> list[str]:
    """Notes on everything that no scenario can give."""
    store = world.store
    uploads = [one.object for one in store.uploads.values()]
    left_out = [f"upload {one['id']}, which is pending" for one in uploads if one["status"] == "pending"]
    for one in store.vector_stores:
        if len(one.stored) > MAX_STORED:
            left_out.append(f"{len(one.stored) - MAX_STORED} of the {len(one.stored)} files of vector store {one.id}")
    if responses := len(responses_of(world).responses):
        left_out.append(f"{plural(responses, 'response')}: a scenario gives none; a recording has their requests")
    return left_out


def _file(file: Object, world: World, redactor: Redactor | None) -> Object:
    content = world.store.contents[file["id"]].read()
    content = redactor.content(content) if redactor else content
    given: Object = {"id": file["id"], "filename": file["filename"]}
    given |= {"purpose": file["purpose"]} if file["purpose"] != "assistants" else {}
    try:
        return {**given, "content": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {**given, "base64": base64.b64encode(content).decode()}


def _store(store: VectorStore) -> Object:
    files = list(store.stored)[:MAX_STORED]
    attributes = {id: held for id in files if (held := store.stored[id].object["attributes"])}
    given = {**creation_parameters("vector_store", store.object), **({"file_ids": files} if files else {})}
    return {**given, **({"attributes": attributes} if attributes else {})}


def _thread(thread: Thread, world: World, left_out: list[str]) -> Object:
    store = world.store
    rows = [cast("Object", stored.message()) for _, stored in thread.messages.newest_first()]
    messages = [_message(message, store, left_out) for message in reversed(rows) if message["content"]]
    runs = []
    for run in thread.runs:
        assistant = objects_of(world).assistants.get(run["assistant_id"])
        if run["status"] not in TERMINAL:
            left_out.append(f"run {run['id']}, which is {run['status']}: a scenario gives only runs at rest")
        elif assistant is None:
            left_out.append(f"run {run['id']}: its assistant {run['assistant_id']} was deleted")
        else:
            parameters, outcome = given_run(cast("Object", run), cast("Object", assistant))
            steps = [given_step(cast("Object", step)) for step in thread.steps_of(run["id"])]
            runs.append({**parameters, **outcome, **({"steps": steps} if steps else {})})
    given = _without_deleted(creation_parameters("thread", cast("Object", thread.object)), store)
    more = {"messages": [one for one in messages if one["content"]], "runs": runs}
    return {**given, **{key: items for key, items in more.items() if items}}


def _assistant(assistant: Object, store: Store) -> Object:
    return _without_deleted(creation_parameters("assistant", assistant), store)


def _without_deleted(given: Object, store: Store) -> Object:
    """Removes deleted files: objects that used them still name them, which vector stores do not."""
    coded = given.get("tool_resources", {}).get("code_interpreter", {})
    if all(id in store.files for id in coded.get("file_ids", ())):
        return given
    left = {"file_ids": [id for id in coded["file_ids"] if id in store.files]}
    return without_defaults({**given, "tool_resources": {**given["tool_resources"], "code_interpreter": left}})


def _message(message: Object, store: Store, left_out: list[str]) -> Object:
    given = given_message(message)
    gone = {id for id in texts_under(given, "file_id") if id not in store.files}
    left_out += [f"{id} in {given['id']}: it was deleted" for id in sorted(gone)]
    if gone and "attachments" in given:
        given["attachments"] = [one for one in given["attachments"] if one.get("file_id") not in gone]
    if gone and isinstance(given["content"], list):
        given["content"] = [part for part in given["content"] if not gone & set(texts_under(part, "file_id"))]
    return given | of_its_run(message)
