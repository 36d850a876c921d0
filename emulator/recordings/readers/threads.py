"""Exports of threads, and plain lists of messages: read as the responses to the requests that an export makes.

The importer then treats their threads as objects from before the recording, and the proof reads them back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from emulator.base.json_types import Object
from emulator.base.text import plural
from emulator.recordings.exchange import Exchange, RecordingError
from emulator.recordings.readers.decoding import json_bytes
from emulator.recordings.readers.entry import Entry, clean, shortened
from emulator.recordings.readers.registry import reader
from emulator.recordings.readers.thread_messages import read_messages

_FAMILY: Final = "assistants-thread-export/"
_FORMAT: Final = f"{_FAMILY}v1"
#: Keys that name the format: that of exporting scripts, and ours.
_FORMAT_KEYS: Final = ("export_schema", "format")
#: Objects on one page of a list: the most that the API returns.
_PAGE: Final = 100


@dataclass(slots=True)
class _Export:
    """A thread of the file. ``rows``: its messages and runs as far as they have been read, by the key of the export."""

    data: Any
    rows: dict[str, list[Object]] = field(default_factory=dict)


@dataclass(slots=True)
class _Request:
    """A request of an export. ``part``: thread, file, messages, runs or steps. ``begin``: where the page begins, or the
    number of the file or the run."""

    export: _Export
    part: str
    begin: int = 0


def _items(data: Any) -> list[Any] | None:
    exports = _exports(data)
    if exports is None:
        return None
    return [request for data in exports for request in _requests(_Export(data))]


def _exports(data: Any) -> list[Any] | None:
    """The threads of a file; None if the file is of another kind."""
    if isinstance(data, dict):
        if _is_marked(data):
            threads = data.get("threads", [data])
            keys = {key: data[key] for key in _FORMAT_KEYS if key in data}
            listed = threads if isinstance(threads, list) and threads else [threads or None]
            return [{**keys, **one} if isinstance(one, dict) else one for one in listed]
        return _exports(data["data"]) if data.get("object") == "list" and "data" in data else None
    first = data[0] if isinstance(data, list) and data else None
    if not isinstance(first, dict):
        return None
    if _is_marked(first) or (first.get("object") == "thread" and "messages" in first):
        return list(data)
    is_message = first.get("object") == "thread.message" or ("role" in first and "content" in first)
    return _by_thread(data) if is_message else None


def _is_marked(data: Object) -> bool:
    return any(isinstance(data.get(key), str) and data[key].startswith(_FAMILY) for key in _FORMAT_KEYS)


def _by_thread(messages: list[Any]) -> list[Any]:
    """A list of messages as exports of the threads that they name."""
    threads: dict[str, list[Any]] = {}
    for one in messages:
        id = one.get("thread_id") if isinstance(one, dict) else None
        threads.setdefault(id if isinstance(id, str) else "", []).append(one)
    return [{"thread_id": id, "messages": held} for id, held in threads.items()]


def _requests(export: _Export) -> list[_Request]:
    data = export.data
    if not isinstance(data, dict):
        return [_Request(export, "thread")]
    requests = [_Request(export, "file", number) for number in range(len(_files(data)))]
    requests.append(_Request(export, "thread"))
    for part in ("messages", "runs"):
        count = len(data[part]) if isinstance(data.get(part), list) else 0
        pages = max(1, -(-count // _PAGE)) if part in data else 0
        requests += [_Request(export, part, page * _PAGE) for page in range(pages)]
    runs = data["runs"] if isinstance(data.get("runs"), list) else []
    return requests + [_Request(export, "steps", number) for number, run in enumerate(runs) if _steps(run)]


def _steps(run: Any) -> list[Object]:
    """The run steps in a run of an export that show what they did."""
    steps = run.get("steps") if isinstance(run, dict) else None
    found = [one for one in steps if isinstance(one, dict)] if isinstance(steps, list) else []
    return [one for one in found if isinstance(one.get("id"), str) and isinstance(one.get("step_details"), dict)]


def _files(data: Object) -> list[Object]:
    """The files whose names the export has."""
    files = data.get("files")
    items = files.items() if isinstance(files, dict) else ()
    return [
        {**file, "id": id} for id, file in items if isinstance(file, dict) and isinstance(file.get("filename"), str)
    ]


@reader(
    "threads",
    "exports of threads (assistants-thread-export/v1) and lists of their messages",
    _items,
    marks=(*_FORMAT_KEYS, "thread_id", "messages", "role"),
)
def read(entry: Entry) -> Exchange:
    request: _Request = entry.value
    data, file = request.export.data, entry.source.file
    if not isinstance(data, dict):
        raise RecordingError(f"{file}: expected a thread with its messages, got {shortened(data)}")
    _check_format(data, file)
    thread = _thread(data, file)
    if request.part == "file":
        held = _files(data)[request.begin]
        return _exchange(entry, f"/v1/files/{_quoted(held)}", {"purpose": "assistants", **held, "object": "file"})
    path = f"/v1/threads/{_quoted(thread)}"
    if request.part == "thread":
        return _exchange(entry, path, thread)
    if request.part == "steps":
        return _exchange(entry, *_page_of_steps(path, data["runs"][request.begin], thread["id"]))
    if request.part not in request.export.rows:
        read_rows = _read_runs if request.part == "runs" else _read_messages
        rows, notes = read_rows(data[request.part], thread["id"], f"{file}: thread {thread['id']}")
        request.export.rows[request.part] = rows
        entry.source.notes.extend(notes)
    return _exchange(entry, *_page(path, request))


def _page(path: str, request: _Request) -> tuple[str, Object]:
    """The URL of a page of a list, and the page."""
    rows, begin = request.export.rows[request.part], request.begin
    page = rows[begin : begin + _PAGE]
    ids = [one["id"] for one in page] or [None]
    after = f"&after={_quoted(rows[begin - 1])}" if begin else ""
    more = {"first_id": ids[0], "last_id": ids[-1], "has_more": len(rows) > begin + _PAGE}
    return f"{path}/{request.part}?order=asc&limit={_PAGE}{after}", {"object": "list", "data": page, **more}


def _page_of_steps(path: str, run: Object, thread_id: str) -> tuple[str, Object]:
    """The URL of the list of a run's steps, and the list."""
    steps = sorted(_steps(run), key=_created_at)
    ours = {"object": "thread.run.step", "run_id": run["id"], "thread_id": thread_id}
    shown = [{"assistant_id": run.get("assistant_id"), "status": "completed", **step, **ours} for step in steps]
    ids = {"first_id": shown[0]["id"], "last_id": shown[-1]["id"], "has_more": False}
    return f"{path}/runs/{_quoted(run)}/steps?order=asc&limit={_PAGE}", {"object": "list", "data": shown, **ids}


def _created_at(thing: Object) -> int:
    return thing["created_at"] if isinstance(thing.get("created_at"), int) else 0


def _check_format(data: Object, file: str) -> None:
    named = next((data[key] for key in _FORMAT_KEYS if str(data.get(key)).startswith(_FAMILY)), _FORMAT)
    if named != _FORMAT:
        raise RecordingError(f"{file}: expected the format {_FORMAT}, got {named}")


def _thread(export: Object, file: str) -> Object:
    """The thread as the API shows it. Without an id it is named after the file."""
    inner = export.get("thread")
    thread: Object = inner if isinstance(inner, dict) else export
    id = thread.get("id") or export.get("thread_id") or f"thread_{PurePath(file).stem}"
    if not isinstance(id, str):
        raise RecordingError(f"{file}: the id of a thread: expected text, got {shortened(id)}")
    if "messages" not in export:
        raise RecordingError(f"{file}: thread {id}: expected the key messages, a list")
    found = {key: thread.get(key) or {} for key in ("metadata", "tool_resources")}
    time = thread.get("created_at")
    return {"id": clean(id), "object": "thread", "created_at": time if isinstance(time, int) else 0, **found}


def _read_messages(sent: Any, thread_id: str, place: str) -> tuple[list[Object], list[str]]:
    messages, is_known = read_messages(sent, thread_id, place)
    unknown = f"{place}: the order of its messages: nothing in them shows it, and it is kept as it is"
    return messages, [] if is_known else [unknown]


def _read_runs(sent: Any, thread_id: str, place: str) -> tuple[list[Object], list[str]]:
    """The runs, oldest first, without their steps, which are in a list of their own."""
    if not isinstance(sent, list):
        raise RecordingError(f"{place}: runs: expected a list, got {shortened(sent)}")
    for number, one in enumerate(sent, 1):
        if not isinstance(one, dict) or not all(isinstance(one.get(key), str) for key in ("id", "status")):
            raise RecordingError(f"{place}: run {number}: expected a run with id and status, got {shortened(one)}")
    steps = sum(len(one["steps"]) - len(_steps(one)) for one in sent if isinstance(one.get("steps"), list))
    ours = {"object": "thread.run", "thread_id": thread_id}
    runs = [{**{key: value for key, value in one.items() if key != "steps"}, **ours} for one in sent]
    runs.sort(key=_created_at)
    return runs, [f"{place}: {plural(steps, 'run step')} without step_details"] if steps else []


def _quoted(thing: Object) -> str:
    return quote(thing["id"], safe="")


def _exchange(entry: Entry, url: str, response: Object) -> Exchange:
    return entry.exchange(
        method="GET",
        url=url,
        status=200,
        request_headers=(),
        request_body=None,
        response_headers=(("content-type", "application/json"),),
        response_body=entry.bytes_of(json_bytes, response),
    )
