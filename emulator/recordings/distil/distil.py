"""Distils recordings into a scenario: objects from before, the assistant's turns, and the faults.

Polls are collapsed. Ids and times of created objects are left out, because the client under test creates them anew.
A list names everything that cannot be carried over; nothing is dropped silently.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from emulator.apis.http.headers import read_query
from emulator.base.json_types import Object
from emulator.base.text import plural
from emulator.recordings.distil.api_calls import DOWNLOADS, ApiCall, has_address, read_api_calls
from emulator.recordings.distil.faults import RecordedFault, RecordedFaults, read_faults
from emulator.recordings.distil.files import Inventory, safe
from emulator.recordings.distil.given_objects import GivenObjects, collect_given
from emulator.recordings.distil.history import History
from emulator.recordings.distil.implied import add_implied
from emulator.recordings.distil.object_schemas import is_readable, is_readable_body
from emulator.recordings.distil.ordering import arrange
from emulator.recordings.distil.response_steps import script_response_turn
from emulator.recordings.distil.response_turns import ResponseTurn
from emulator.recordings.distil.run_ends import ScriptedRun
from emulator.recordings.distil.steps import script_run
from emulator.recordings.distil.turns import Played, TurnDraft, draft_turns
from emulator.recordings.distil.yaml_writer import Item, write
from emulator.recordings.exchange import Exchange, Recording
from emulator.scenarios.document import max_values
from emulator.scenarios.strict_replay import RecordedRequest, StrictReplay, body_of
from emulator.world.state import extract

#: How many recordings the first line names, and how many runs the comment of a turn.
_SOURCES, _IDS = 5, 3


@dataclass(slots=True)
class Distilled:
    """A scenario document and its origin.

    ``files``: contents by path relative to the scenario. ``comments``: the origin of each item. ``left_out``: notes on
    everything that could not be carried over. ``api_calls``: in the order in which they were recorded.
    """

    document: Object
    api_calls: list[ApiCall]
    files: dict[str, bytes] = field(default_factory=dict)
    comments: dict[Item, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    #: Ids of the objects that the recorded requests created.
    created_ids: frozenset[str] = frozenset()

    def text(self, schema: str = "") -> str:
        """The scenario file; ``schema``: see ``yaml_writer.write``."""
        names = ", ".join(PurePath(source).name for source in self.sources[:_SOURCES])
        more = f" and {len(self.sources) - _SOURCES} more" if len(self.sources) > _SOURCES else ""
        about = f"Imported from {names}{more}: {plural(len(self.api_calls), 'request')}."
        return write(self.document, about=about, left_out=self.left_out, comments=self.comments, schema=schema)

    def strict_replay(self) -> StrictReplay:
        """The recorded requests, for a strict replay."""
        return StrictReplay(
            tuple(
                RecordedRequest(
                    api_call.operation,
                    api_call.parameters,
                    _query(api_call.exchange.query),
                    body_of(api_call.body if api_call.exchange.form else api_call.exchange.request_json())
                    if _has_body(api_call)
                    else None,
                    f"{PurePath(api_call.exchange.source).name} #{api_call.exchange.number}",
                )
                for api_call in self.api_calls
                if api_call.operation is not None and not api_call.inferred
            ),
            self.created_ids,
        )


def distil(
    recordings: Sequence[Recording], name: str = "imported", folder: str = "", *, chunks: bool = True
) -> Distilled:
    """Distils recordings that belong together into one scenario; its files go to the directory ``<folder>.files``.

    ``chunks`` False: texts are streamed word by word.
    """
    notes = [note for recording in recordings for note in recording.notes]
    api_calls = read_api_calls(arrange(recordings))
    unread = [note for api_call in api_calls for note in _tidy(api_call)]
    history = History().read(api_calls)
    noted = [*_of_version_1(api_calls), *unread, *add_implied(history, api_calls)]
    inventory = Inventory(history, f"{safe(folder or name)}.files")
    scripts = [(one, _script(one, inventory)) for one in history.all_turns()]
    dropped = _drop_chunks(scripts, is_wanted=not chunks)
    turn_drafts = draft_turns(scripts)
    recorded = read_faults(api_calls, history, turn_drafts)
    given = collect_given(history, inventory)
    document: Object = {"version": 1, "name": name}
    document |= {"given": given.data} if given.data else {}
    document |= {"turns": [draft.as_data() for draft in turn_drafts]} if turn_drafts else {}
    indexing = _indexing(history, given.data.get("files", []))
    document |= {"indexing": indexing} if indexing else {}
    document |= {"faults": [one.fault for one in recorded.faults]} if recorded.faults else {}
    document |= {"stubs": [stub for stub, _ in recorded.stubs]} if recorded.stubs else {}
    return Distilled(
        document=document,
        api_calls=api_calls,
        files=inventory.files,
        comments=_comments(turn_drafts, recorded),
        left_out=list(dict.fromkeys([*notes, *noted, *dropped, *_left_out(scripts, given, recorded, inventory)])),
        sources=[recording.name for recording in recordings],
        created_ids=frozenset(history.created_ids()),
    )


def _script(played: Played, inventory: Inventory) -> ScriptedRun:
    if isinstance(played, ResponseTurn):
        return script_response_turn(played, inventory)
    return script_run(played, inventory)


#: The kinds of steps whose texts have chunks, with the form of one that has nothing else.
_WITH_CHUNKS: Final = {"say": "text", "refuse": "text", "code": "", "reason": ""}


def _drop_chunks(scripts: list[tuple[Played, ScriptedRun]], *, is_wanted: bool) -> list[str]:
    """Drops the chunks of texts if that is wanted, or if they are more than a scenario can hold, and says that."""
    steps = [step for _, one in scripts for step in one.steps]
    texts = [step[kind] for step in steps for kind in _WITH_CHUNKS if kind in step]
    parts = [part for one in texts for part in (one if isinstance(one, list) else [one]) if isinstance(part, dict)]
    cut = [part for part in parts if is_wanted or isinstance(part.get("chunks"), list)]
    count = sum(len(part["chunks"]) for part in cut if isinstance(part.get("chunks"), list))
    if count <= max_values() // 2 and not is_wanted:
        return []
    for part in cut:
        part.pop("chunks", None)
    for step in steps:
        for kind, alone in _WITH_CHUNKS.items():
            if alone and isinstance(step.get(kind), dict) and set(step[kind]) == {alone}:
                step[kind] = step[kind][alone]
    return (
        [] if is_wanted else [f"how {len(cut)} texts were streamed: their {count} pieces are too many for one scenario"]
    )


def _has_body(api_call: ApiCall) -> bool:
    """False if the request had a body that was not recorded."""
    exchange = api_call.exchange
    return exchange.form is not None or exchange.request_body is not None or exchange.method != "POST"


def _query(query: str) -> Object:
    """A query as the emulator reads it, without Azure's version."""
    read = read_query(query.encode("latin-1", "replace"))
    return {key: value for key, value in read.items() if key != "api-version"}


def _tidy(api_call: ApiCall) -> Iterable[str]:
    """Removes the unreadable parts of an API call, and yields a note on each."""
    exchange, operation = api_call.exchange, api_call.operation
    if not has_address(exchange):
        taken = f"taken for {operation}" if operation else "left out, as its response does not show what it was"
        yield f"{exchange.source} #{exchange.number}: a request that was not recorded; it is {taken}"
    if lost := sum(isinstance(data, str) and data != "[DONE]" for _, data in api_call.events):
        yield f"{exchange.described()}: {plural(lost, 'event')} whose data is not JSON"
    if api_call.succeeded and operation not in (None, *DOWNLOADS) and _is_not_json(api_call):
        yield f"{exchange.described()}: a response that is not JSON"
    if not is_readable_body(api_call.body, of_responses=api_call.is_of_responses):
        api_call.body = {}
        if api_call.succeeded:  # the service itself refused the others
            yield f"{exchange.described()}: a request whose body is not of the API's form"
    yield from (f"{exchange.described()}: {note} not of the API's form" for note in _tidy_response(api_call))


def _tidy_response(api_call: ApiCall) -> Iterable[str]:
    readable = [one for one in api_call.events if _fits(one.data)]
    if lost := len(api_call.events) - len(readable):
        yield "1 event that is" if lost == 1 else f"{lost} events that are"
        api_call.events = readable
    response = api_call.response
    if isinstance(response, dict) and response.get("object") == "list" and isinstance(response.get("data"), list):
        rows = [one for one in response["data"] if _fits(one)]
        if lost := len(response["data"]) - len(rows):
            yield "1 object that is" if lost == 1 else f"{lost} objects that are"
            api_call.response = {**response, "data": rows}
    elif not _fits(response):
        api_call.response = None
        yield "a response that is"


def _is_not_json(api_call: ApiCall) -> bool:
    return not api_call.events and bool(api_call.exchange.response_body) and api_call.response is None


def _fits(thing: object) -> bool:
    if isinstance(thing, dict) and isinstance(shown := thing.get("response"), dict) and "object" not in thing:
        thing = shown  # an event of the Responses API
    return not (isinstance(thing, dict) and isinstance(thing.get("object"), str)) or is_readable(thing)


def _indexing(history: History, given: list[Object]) -> list[Object]:
    """Rules for files that were not indexed, and for those that were and cannot be read here."""
    rules: dict[str, Object] = {}
    for file in history.failures():
        known = history.find("file", file["id"])
        name = history.filename(file["id"]) if known and known.created else None
        error = file.get("last_error")
        rule: Object = {"file": name or file["id"], "outcome": file["status"]}
        if isinstance(error, dict) and {"code", "message"} <= set(error):
            rule["error"] = {"code": str(error["code"]), "message": str(error["message"])}
        rules.setdefault(rule["file"], rule)
    indexed = {
        id for files in history.store_files.values() for id, file in files.items() if file.get("status") == "completed"
    }
    for file in given:
        if file["id"] in indexed and file["id"] not in history.contents and not _is_searched(file["filename"]):
            rules.setdefault(file["id"], {"file": file["id"], "outcome": "completed"})
    return list(rules.values())


def _is_searched(filename: str) -> bool:
    """True if made-up contents can be indexed under that name."""
    try:
        extract.text_of(filename, b"words")
    except extract.Unreadable:
        return False
    return extract.extension(filename) in extract.SEARCHABLE


# ---- Comments and notes ----


def _comments(turn_drafts: list[TurnDraft], recorded: RecordedFaults) -> dict[Item, str]:
    turns = {("turns", n): _origin_of(draft) for n, draft in enumerate(turn_drafts)}
    faults = {
        ("faults", n): f"{_origins([call.exchange for call in fault.api_calls])}{_retry_after(fault)}"
        for n, fault in enumerate(recorded.faults)
    }
    stubs = {("stubs", n): _origins([call.exchange]) for n, (_, call) in enumerate(recorded.stubs)}
    return {**turns, **faults, **stubs}


def _origin_of(draft: TurnDraft) -> str:
    origins = _origins([run_history.created_by.exchange for run_history in draft.runs])
    ids = ", ".join(run_history.id for run_history in draft.runs[:_IDS])
    return f"{ids}{' …' if len(draft.runs) > _IDS else ''} of {origins}"


def _origins(exchanges: list[Exchange]) -> str:
    """``weather.yaml #4, #7``"""
    numbers: dict[str, list[str]] = {}
    for exchange in exchanges:
        numbers.setdefault(PurePath(exchange.source).name, []).append(f"#{exchange.number}")
    return "; ".join(
        f"{source} {', '.join(places[:5])}{' …' if len(places) > 5 else ''}" for source, places in numbers.items()
    )


def _retry_after(fault: RecordedFault) -> str:
    """The wait that the server demanded; the emulator demands a few milliseconds, so that tests are fast."""
    seconds = fault.api_calls[0].exchange.response_header("retry-after")
    return f"; retry-after was {seconds}" if seconds else ""


def _left_out(
    scripts: list[tuple[Played, ScriptedRun]], given: GivenObjects, recorded: RecordedFaults, inventory: Inventory
) -> list[str]:
    remarks = [f"{history.id}: {remark}" for history, one in scripts for remark in one.remarks]
    contents = _of_unknown(list(dict.fromkeys(inventory.unknown)))
    return [*remarks, *given.left_out, *contents, *recorded.left_out]


def _of_unknown(names: list[str]) -> list[str]:
    """One note on all files whose contents were not recorded."""
    if not names:
        return []
    shown = ", ".join(names[:_IDS]) + (f" and {len(names) - _IDS} more" if len(names) > _IDS else "")
    return [f"the contents of {shown}, which were not recorded; the scenario states their size"]


def _of_version_1(api_calls: list[ApiCall]) -> list[str]:
    """One note on all requests of the first version of the API that the service carried out."""
    count = sum(one.is_of_version_1 for one in api_calls)
    return [f"{plural(count, 'request')} of version 1 of the API: they are played as version 2"] if count else []
