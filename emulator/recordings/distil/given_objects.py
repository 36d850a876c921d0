"""What was there before a recording began, as ``given``: the API's creation parameters and explicit ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.apis.http import validation
from emulator.base.json_types import Object
from emulator.recordings.distil.api_calls import named
from emulator.recordings.distil.files import Inventory
from emulator.recordings.distil.given_form import (
    BODIES,
    MAX_STORED,
    as_given,
    given_message,
    given_run,
    sound,
    without_echoes,
)
from emulator.recordings.distil.history import History, Known

#: Objects of a kind that only lists of everything showed: more of them are left out.
MAX_LISTED: Final = 50


@dataclass(slots=True)
class Givens:
    """``given``, and what could not be carried into it."""

    inventory: Inventory
    data: dict[str, list[Object]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def give(history: History, inventory: Inventory) -> Givens:
    """Everything that was there before, files first: what refers to them comes later."""
    givens = Givens(inventory)
    # in the making what refers comes first: it tells what else has to be there
    _meet_all(history, "assistant", _all_runs(history), "assistant_id")
    assistants = {one.id: _assistant_object(one, history) for one in _wanted(history, "assistant", givens)}
    given_assistants = [_given("assistant", one, history, givens) for one in assistants.values()]
    threads = [_thread(one, history, givens, assistants) for one in _wanted(history, "thread", givens)]
    _meet_all(history, "vector_store", [given_assistants, threads], "vector_store_ids")
    stores = [_store(one, history, givens) for one in _wanted(history, "vector_store", givens)]
    _meet_all(history, "file", [given_assistants, threads, stores], "file_id", "file_ids")
    files = [inventory.given(one.id) for one in _wanted(history, "file", givens)]
    made = {"files": files, "vector_stores": stores, "assistants": given_assistants, "threads": threads}
    givens.data = {kind: items for kind, items in _without_doubles(made, givens).items() if items}
    return givens


def _all_runs(history: History) -> list[Object]:
    return [run for id in history.threads for run in history.runs_at_rest(id)]


def _meet_all(history: History, kind: str, data: Any, *keys: str) -> None:
    """What given objects refer to is there too."""
    for id in named(data, *keys):
        history.meet(kind, id).named = True


def _wanted(history: History, kind: str, givens: Givens) -> list[Known]:
    """What requests name, oldest first; what lists alone show too, as long as it is not too much."""
    before = history.of_kind(kind)
    wanted = [one for one in before if one.named or one.first is None]
    if len(before) - len(wanted) > MAX_LISTED:
        kinds = kind.replace("_", " ") + "s"
        givens.left_out.append(f"{len(before) - len(wanted)} {kinds} that lists showed and no request named")
        before = wanted
    return sorted(before, key=lambda one: float((one.first or {}).get("created_at") or 0))


def _without_doubles(made: dict[str, list[Object]], givens: Givens) -> dict[str, list[Object]]:
    """An id stands for one thing."""
    taken: set[str] = set()

    def is_new(one: Object) -> bool:
        id = one.get("id", "")
        if id and id in taken:
            givens.left_out.append(f"{id}, an id that another given object has")
            return False
        taken.add(id)
        return True

    for kind, items in made.items():
        made[kind] = [item for item in items if is_new(item)]
        for item in made[kind]:
            item |= {key: [one for one in item[key] if is_new(one)] for key in ("messages", "runs") if key in item}
    return made


def _given(kind: str, thing: Object, history: History, givens: Givens) -> Object:
    """The creation parameters, as far as the API would take them, and without what the recorded requests made."""
    body = as_given(kind, thing)
    if "tool_resources" in body:
        body["tool_resources"] = _there_before(body["tool_resources"], history)
    given = _sound(BODIES[kind][0], without_echoes(body), givens)
    return {"id": given["id"], "model": "gpt-4o", **given} if kind == "assistant" else given


def _there_before(resources: Object, history: History) -> Object:
    kinds = {"file_ids": "file", "vector_store_ids": "vector_store"}
    return {
        tool: {
            key: [id for id in ids if not history.meet(kinds[key], id).made]
            for key, ids in held.items()
            if key in kinds
        }
        for tool, held in resources.items()
        if held
    }


def _sound(operation: str, item: Object, givens: Givens) -> Object:
    """What the API would take; the rest is told."""
    body, wrong = sound(operation, item)
    givens.left_out += [f"{item['id']}: its {key}, which is not of the API's form" for key in wrong]
    return body


def _assistant_object(known: Known, history: History) -> Object:
    """As an answer showed it; else as its runs were."""
    runs = (run for past in history.threads.values() for run in past.runs.values())
    run: Object = next((one for one in runs if one.get("assistant_id") == known.id), {})
    in_runs = {key: run[key] for key in ("model", "instructions", "tools") if run.get(key)}
    return known.first or {"id": known.id, "model": "gpt-4o", **in_runs}


def _store(known: Known, history: History, givens: Givens) -> Object:
    files = [id for id in history.stored.get(known.id, {}) if _is_before(history, id)]
    total = ((known.first or {}).get("file_counts") or {}).get("total")
    if isinstance(total, int) and total > len(files) and not history.stored.get(known.id):
        givens.left_out.append(f"the {total} files of vector store {known.id}, which the recording does not list")
    if len(files) > MAX_STORED:
        givens.left_out.append(f"{len(files) - MAX_STORED} of the {len(files)} files of vector store {known.id}")
        files = files[:MAX_STORED]
    body = _given("vector_store", known.first or {"id": known.id}, history, givens)
    return {**body, **({"file_ids": files} if files else {})}


def _is_before(history: History, id: str) -> bool:
    known = history.knows("file", id)
    return known is not None and not known.made


def _thread(known: Known, history: History, givens: Givens, assistants: dict[str, Object]) -> Object:
    past = history.past(known.id)
    before = [one for one in past.before() if one.get("run_id") not in history.stories.by_id]
    messages = [
        _sound("create_message", given_message(one), givens)
        for one in before
        if one.get("content") and _is_posted(one, givens)
    ]
    ran = history.stories.by_thread.get(known.id)
    if not messages and ran and not (ran[0].situation and ran[0].situation.message):
        messages = [{"role": "user", "content": "(this message was not recorded)"}]
        givens.left_out.append(f"the messages of thread {known.id}, which the recording does not show")
    runs = list(_runs(known.id, history, givens, assistants))
    thread = _given("thread", known.first or {"id": known.id}, history, givens)
    return {**thread, **({"messages": messages} if messages else {}), **({"runs": runs} if runs else {})}


def _is_posted(message: Object, givens: Givens) -> bool:
    """True for a message that could be posted as it is."""
    body = {key: value for key, value in given_message(message).items() if key in ("role", "content")}
    if validation.request_error("create_message", body) is None:
        return True
    givens.left_out.append(f"{message['id']}: a message that the API would not take")
    return False


def _runs(thread_id: str, history: History, givens: Givens, assistants: dict[str, Object]) -> Iterator[Object]:
    """Runs that were over; one that was under way cannot be given."""
    at_rest = {run["id"] for run in history.runs_at_rest(thread_id)}
    for run in history.runs_before(thread_id):
        if run["id"] in at_rest:
            if run["id"] in history.past(thread_id).runs_seen_live:
                ended = f"here it is {run['status']} from the start"
                givens.left_out.append(f"run {run['id']}: it was under way when the recording began; {ended}")
            asked, came = given_run(run, assistants.get(run["assistant_id"], {}))
            yield _sound("create_run", asked, givens) | came
        else:
            givens.left_out.append(
                f"run {run['id']}: it was created before the recording began, and was {run['status']} when last seen"
            )
