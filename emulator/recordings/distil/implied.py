"""The objects that a successful request implies, though no response shows them: it named them, and they were there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from emulator.base.json_types import Object
from emulator.recordings.distil.api_calls import ApiCall
from emulator.recordings.distil.history import History
from emulator.scenarios.unrecorded import UNKNOWN_QUESTION

#: Requests that only a run at its end, or any run, can answer with success.
_OF_RUNS: Final = frozenset({"list_run_steps", "get_run_step", "modify_run"})


def add_implied(history: History, api_calls: Iterable[ApiCall]) -> list[str]:
    """Adds these objects to the history. Returns a note on each."""
    notes: list[str] = []
    for api_call in api_calls:
        if api_call.succeeded and api_call.operation is not None:
            named = {**api_call.parameters}
            _add_message(history, named, notes)
            _add_run(history, api_call, named, notes)
            _add_store_file(history, named, notes)
            _add_container_file(history, named, notes)
    return notes


def _add_message(history: History, named: dict[str, str], notes: list[str]) -> None:
    thread_id, id = named.get("thread_id", ""), named.get("message_id", "")
    if not thread_id or not id:
        return
    thread = history.thread(thread_id)
    if id in thread.messages or _is_made_here(history, thread_id):
        return
    part = {"type": "text", "text": {"value": UNKNOWN_QUESTION, "annotations": []}}
    thread.messages[id] = {"id": id, "object": "thread.message", "created_at": 0, "thread_id": thread_id,
                           "role": "user", "content": [part]}  # fmt: skip
    notes.append(f"message {id}: a request names it, and no response shows it; its text is made up (to do)")


def _add_run(history: History, api_call: ApiCall, named: dict[str, str], notes: list[str]) -> None:
    thread_id, id = named.get("thread_id", ""), named.get("run_id", "")
    if api_call.operation not in _OF_RUNS or not thread_id or id in history.runs.by_id:
        return
    thread = history.thread(thread_id)
    if id in thread.runs or _is_made_here(history, thread_id):
        return
    steps: list[Object] = [one for one in api_call.objects() if isinstance(one.get("assistant_id"), str)]
    assistant_id = steps[0]["assistant_id"] if steps else "asst_unknown"
    history.object_of("assistant", assistant_id).referenced = True
    thread.runs[id] = {"id": id, "object": "thread.run", "created_at": 0, "thread_id": thread_id,
                       "assistant_id": assistant_id, "status": "completed"}  # fmt: skip
    notes.append(f"run {id}: a request names it, and no response shows it; here it is completed")


def _add_store_file(history: History, named: dict[str, str], notes: list[str]) -> None:
    store_id, id = named.get("vector_store_id", ""), named.get("file_id", "")
    store = history.find("vector_store", store_id)
    file = history.find("file", id)
    if not store_id or not id or (store and store.created) or (file and file.created):
        return
    files = history.store_files.setdefault(store_id, {})
    if id not in files:
        files[id] = {"id": id, "object": "vector_store.file", "vector_store_id": store_id, "status": "completed"}
        notes.append(f"file {id} of vector store {store_id}: a request names it, and no response shows it")


def _add_container_file(history: History, named: dict[str, str], notes: list[str]) -> None:
    container_id, id = named.get("container_id", ""), named.get("file_id", "")
    container = history.find("container", container_id)
    if not id or container is None or container.created or id in history.other_created_ids:
        return
    files = history.container_files.setdefault(container_id, {})
    if id not in files:
        files[id] = {"id": id, "object": "container.file", "container_id": container_id}
        notes.append(f"file {id} of container {container_id}: a request names it, and no response shows it")


def _is_made_here(history: History, thread_id: str) -> bool:
    """True for a thread that a recorded request created: its objects are made by requests and runs."""
    known = history.find("thread", thread_id)
    return known is not None and known.created
