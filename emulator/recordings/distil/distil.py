"""Recordings become a scenario: what was there before, how the assistant behaved, what went wrong.

Polls are collapsed, ids and times of what requests made are left out (the client that is tested makes it anew), and
what cannot be carried over is listed, never dropped in silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from emulator.apis.http.headers import read_query
from emulator.base.json_types import Object
from emulator.recordings.distil.api_calls import Seen, has_address, see
from emulator.recordings.distil.faults import Mishap, Mishaps, read_mishaps
from emulator.recordings.distil.files import Inventory, safe
from emulator.recordings.distil.given_objects import Givens, give
from emulator.recordings.distil.history import History
from emulator.recordings.distil.object_schemas import is_readable, is_readable_body
from emulator.recordings.distil.ordering import arrange
from emulator.recordings.distil.run_histories import Story
from emulator.recordings.distil.steps import Told, tell
from emulator.recordings.distil.turns import Draft, drafts
from emulator.recordings.distil.yaml_writer import Item, write
from emulator.recordings.exchange import Exchange, Recording
from emulator.scenarios.document import MAX_VALUES
from emulator.scenarios.tape import Tape, Taped, body_of
from emulator.world.state import extract

#: Recordings that are named in the first line, and runs in a turn's comment.
_SOURCES, _IDS = 5, 3


@dataclass(slots=True)
class Distilled:
    """A scenario document, and what goes with it.

    ``beside``: contents of files by their path relative to the scenario. ``comments``: where each item came from.
    ``left_out``: what could not be carried over. ``seens``: the exchanges, in the order in which they count.
    """

    document: Object
    seens: list[Seen]
    beside: dict[str, bytes] = field(default_factory=dict)
    comments: dict[Item, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    #: Ids of what the recorded requests made.
    made: frozenset[str] = frozenset()

    def text(self) -> str:
        """The scenario file."""
        names = ", ".join(PurePath(source).name for source in self.sources[:_SOURCES])
        more = f" and {len(self.sources) - _SOURCES} more" if len(self.sources) > _SOURCES else ""
        about = f"Imported from {names}{more}: {len(self.seens)} request{'s'[: len(self.seens) != 1]}."
        return write(self.document, about=about, left_out=self.left_out, comments=self.comments)

    def tape(self) -> Tape:
        """The recorded requests, for a strict replay."""
        return Tape(
            tuple(
                Taped(
                    seen.operation,
                    seen.path,
                    _query(seen.exchange.query),
                    body_of(seen.body if seen.exchange.form else seen.exchange.request_json())
                    if _has_body(seen)
                    else None,
                    f"{PurePath(seen.exchange.source).name} #{seen.exchange.number}",
                )
                for seen in self.seens
                if seen.operation is not None and not seen.inferred
            ),
            self.made,
        )


def distil(recordings: Sequence[Recording], name: str = "imported", folder: str = "") -> Distilled:
    """One scenario of that name from recordings that belong together; ``folder`` begins that of its files' folder."""
    notes = [note for recording in recordings for note in recording.notes]
    seens = see(arrange(recordings))
    unread = [note for seen in seens for note in _tidy(seen)]
    history = History().read(seens)
    inventory = Inventory(history, f"{safe(folder or name)}.files")
    stories = history.all_stories()
    told = [(story, tell(story, inventory)) for story in stories]
    too_much = _drop_pieces(told)
    made = drafts(told)
    mishaps = read_mishaps(seens, history, made)
    givens = give(history, inventory)
    document: Object = {"version": 1, "name": name}
    document |= {"given": givens.data} if givens.data else {}
    document |= {"turns": [draft.as_data() for draft in made]} if made else {}
    indexing = _indexing(history, givens.data.get("files", []))
    document |= {"indexing": indexing} if indexing else {}
    document |= {"faults": [one.fault for one in mishaps.faults]} if mishaps.faults else {}
    document |= {"stubs": [stub for stub, _ in mishaps.stubs]} if mishaps.stubs else {}
    return Distilled(
        document=document,
        seens=seens,
        beside=inventory.beside,
        comments=_comments(made, mishaps),
        left_out=[*notes, *unread, *too_much, *_left_out(told, givens, mishaps, inventory)],
        sources=[recording.name for recording in recordings],
        made=frozenset(history.made_ids()),
    )


def _drop_pieces(told: list[tuple[Story, Told]]) -> list[str]:
    """How texts were cut, if that is more than a scenario can hold."""
    said = [act[verb] for _, one in told for act in one.steps for verb in ("say", "code") if verb in act]
    parts = [part for one in said for part in (one if isinstance(one, list) else [one]) if isinstance(part, dict)]
    cut = [part for part in parts if isinstance(part.get("chunks"), list)]
    count = sum(len(part["chunks"]) for part in cut)
    if count <= MAX_VALUES // 2:
        return []
    for part in cut:
        del part["chunks"]
    for act in (act for _, one in told for act in one.steps):
        if isinstance(act.get("say"), dict) and set(act["say"]) == {"text"}:
            act["say"] = act["say"]["text"]
    return [f"how {len(cut)} texts were streamed: their {count} pieces are too many for one scenario"]


def _has_body(seen: Seen) -> bool:
    """False where something was sent that was not recorded."""
    exchange = seen.exchange
    return exchange.form is not None or exchange.request_body is not None or exchange.method != "POST"


def _query(query: str) -> Object:
    """A query as the emulator reads one; Azure's version is no part of it."""
    read = read_query(query.encode("latin-1", "replace"))
    return {key: value for key, value in read.items() if key != "api-version"}


def _tidy(seen: Seen) -> Iterable[str]:
    """Takes what cannot be read out of an exchange, and tells what."""
    if not has_address(seen.exchange):
        taken = f"taken for {seen.operation}" if seen.operation else "left out, its answer does not tell of it"
        yield f"{seen.exchange.source} #{seen.exchange.number}: a request that was not recorded; it is {taken}"
    if lost := sum(isinstance(data, str) and data != "[DONE]" for _, data in seen.events):
        yield f"{seen.exchange.described()}: {lost} event{'s'[: lost != 1]} whose data is no JSON"
    if seen.fine and seen.operation not in (None, "download_file") and not seen.events and _is_no_json(seen):
        yield f"{seen.exchange.described()}: an answer that is no JSON"
    if not is_readable_body(seen.body):
        seen.body = {}
        if seen.fine:  # one that was refused for it is as it should be
            yield f"{seen.exchange.described()}: a request whose body is not of the API's form"
    readable = [one for one in seen.events if _fits(one[1])]
    if len(readable) < len(seen.events):
        lost = len(seen.events) - len(readable)
        what = "1 event that is" if lost == 1 else f"{lost} events that are"
        yield f"{seen.exchange.described()}: {what} not of the API's form"
        seen.events = readable
    answer = seen.answer
    if isinstance(answer, dict) and answer.get("object") == "list" and isinstance(answer.get("data"), list):
        rows = [one for one in answer["data"] if _fits(one)]
        if len(rows) < len(answer["data"]):
            lost = len(answer["data"]) - len(rows)
            what = "1 object that is" if lost == 1 else f"{lost} objects that are"
            yield f"{seen.exchange.described()}: {what} not of the API's form"
            seen.answer = {**answer, "data": rows}
    elif not _fits(answer):
        seen.answer = None
        yield f"{seen.exchange.described()}: an answer that is not of the API's form"


def _is_no_json(seen: Seen) -> bool:
    return bool(seen.exchange.answer_body) and seen.answer is None


def _fits(thing: object) -> bool:
    return not (isinstance(thing, dict) and isinstance(thing.get("object"), str)) or is_readable(thing)


def _indexing(history: History, given: list[Object]) -> list[Object]:
    """Files that were not indexed, by name where a request made them; and those that were, and cannot be read here."""
    rules: dict[str, Object] = {}
    for file in history.failures():
        known = history.knows("file", file["id"])
        name = history.filename(file["id"]) if known and known.made else None
        error = file.get("last_error")
        rule: Object = {"file": name or file["id"], "outcome": file["status"]}
        if isinstance(error, dict) and {"code", "message"} <= set(error):
            rule["error"] = {"code": str(error["code"]), "message": str(error["message"])}
        rules.setdefault(rule["file"], rule)
    indexed = {
        id for files in history.stored.values() for id, file in files.items() if file.get("status") == "completed"
    }
    for file in given:
        if file["id"] in indexed and file["id"] not in history.contents and not _is_searched(file["filename"]):
            rules.setdefault(file["id"], {"file": file["id"], "outcome": "completed"})
    return list(rules.values())


def _is_searched(filename: str) -> bool:
    """True if contents that were made up can be indexed under that name."""
    try:
        extract.text_of(filename, b"words")
    except extract.Unreadable:
        return False
    return extract.extension(filename) in extract.SEARCHABLE


# ---- What a person is told ----


def _comments(made: list[Draft], mishaps: Mishaps) -> dict[Item, str]:
    turns = {("turns", n): _origin_of(draft) for n, draft in enumerate(made)}
    faults = {
        ("faults", n): _origins([one.exchange for one in mishap.seens]) for n, mishap in enumerate(mishaps.faults)
    }
    faults |= {("faults", n): f"{faults['faults', n]}{_waited(mishap)}" for n, mishap in enumerate(mishaps.faults)}
    stubs = {("stubs", n): _origins([seen.exchange]) for n, (_, seen) in enumerate(mishaps.stubs)}
    return {**turns, **faults, **stubs}


def _origin_of(draft: Draft) -> str:
    origins = _origins([story.seen.exchange for story in draft.stories])
    ids = ", ".join(story.id for story in draft.stories[:_IDS])
    return f"{ids}{' …' if len(draft.stories) > _IDS else ''} of {origins}"


def _origins(exchanges: list[Exchange]) -> str:
    """``weather.yaml #4, #7``"""
    numbers: dict[str, list[str]] = {}
    for exchange in exchanges:
        numbers.setdefault(PurePath(exchange.source).name, []).append(f"#{exchange.number}")
    return "; ".join(
        f"{source} {', '.join(places[:5])}{' …' if len(places) > 5 else ''}" for source, places in numbers.items()
    )


def _waited(mishap: Mishap) -> str:
    """What the server asked the client to wait: the emulator says a few milliseconds, so that tests are fast."""
    asked = mishap.seens[0].exchange.answer_header("retry-after")
    return f"; retry-after was {asked}" if asked else ""


def _left_out(told: list[tuple[Story, Told]], givens: Givens, mishaps: Mishaps, inventory: Inventory) -> list[str]:
    remarks = [f"{story.id}: {remark}" for story, one in told for remark in one.remarks]
    made_up = Counter(inventory.made_up)
    contents = [f"the contents of {name}, which were not recorded; they are made up" for name in made_up]
    return [*remarks, *givens.left_out, *contents, *mishaps.left_out]
