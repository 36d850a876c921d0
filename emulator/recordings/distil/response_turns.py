"""The turns of the Responses API in a recording: which responses belong to one turn, and in which situation it began.

A response that brings the outputs of calls goes on with the turn of these calls, as it does in the emulator.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.base.json_types import Object
from emulator.recordings.distil.api_calls import ApiCall
from emulator.recordings.distil.object_schemas import is_readable_item
from emulator.scenarios.conditions import Situation

#: The order of the statuses of a response; all others are at rest.
_RANK: Final = {"queued": 0, "in_progress": 1}
_AT_REST: Final = 2
#: Events with a piece of a text, of a summary or of code.
_PIECES: Final = frozenset(
    f"response.{kind}.delta"
    for kind in ("output_text", "refusal", "reasoning_summary_text", "code_interpreter_call_code")
)
_ITEM_EVENTS: Final = frozenset({"response.output_item.added", "response.output_item.done"})
_ITEM_LISTS: Final = frozenset({"list_input_items", "list_conversation_items", "create_conversation_items"})
_BY_USER, _BY_DEVELOPER = ("user",), ("developer", "system")


@dataclass(slots=True)
class PlayedResponse:
    """A response, as its last state shows it. ``pieces``: how its texts were streamed, by item and summary part."""

    api_call: ApiCall
    object: Object
    pieces: dict[tuple[str, int], list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class ResponseTurn:
    """A turn: its first response has its id. ``outputs``: what the client sent for calls, by call id."""

    id: str
    created_by: ApiCall
    situation: Situation
    responses: list[PlayedResponse] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    cancelled: bool = False

    @property
    def status(self) -> str:
        """The status of its last response."""
        return str(self.responses[-1].object.get("status"))


@dataclass(slots=True)
class _Context:
    """What a chain or a conversation has: the last text of the user, instructions in messages, the turns so far."""

    question: str = ""
    instructions: tuple[str, ...] = ()
    turns: int = 0
    root: Object = field(default_factory=dict)


class ResponseTurns:
    """Reads API calls in their order. ``situations``: by the order of the request that asks for a response."""

    def __init__(self) -> None:
        self.turns: list[ResponseTurn] = []
        self.situations: dict[int, Situation] = {}
        #: Ids of items that lists show, and that the service gave them.
        self._listed: dict[str, None] = {}
        self._last: dict[str, Object] = {}
        self._waiting: dict[str, ResponseTurn] = {}
        #: The turn of each response, by its id.
        self.by_response: dict[str, ResponseTurn] = {}
        self._contexts: dict[str, _Context] = {}

    def read(self, api_calls: Iterable[ApiCall]) -> ResponseTurns:
        known = list(api_calls)
        for api_call in known:
            for one in responses_in(api_call):
                if rank(one) >= rank(self._last.get(one["id"], one)):
                    self._last[one["id"]] = one
        for api_call in known:
            if api_call.operation in _ITEM_LISTS and isinstance(api_call.response, dict):
                rows = api_call.response.get("data")
                ids = [one.get("id") for one in (rows if isinstance(rows, list) else []) if isinstance(one, dict)]
                self._listed |= dict.fromkeys(id for id in ids if isinstance(id, str))
            elif api_call.operation == "create_response":
                self._read_request(api_call)
            elif api_call.operation == "create_conversation" and isinstance(api_call.response, dict):
                self._contexts[str(api_call.response.get("id"))] = _Context(root=api_call.response)
            elif api_call.operation == "cancel_response" and api_call.succeeded:
                turn = self.by_response.get(api_call.parameters.get("response_id", ""))
                if turn is not None:
                    turn.cancelled = True
        return self

    def created_ids(self) -> Iterator[str]:
        """The ids of the responses, of their items, of the calls in these, and of the items that lists show."""
        yield from self.by_response
        yield from self._listed
        for response in self._last.values():
            for item in output_of(response):
                yield from (item[key] for key in ("id", "call_id", "container_id") if isinstance(item.get(key), str))

    def _read_request(self, api_call: ApiCall) -> None:
        sent = items_of(api_call)
        context = self._context(api_call, sent)
        shown = next(iter(responses_in(api_call)), None)
        outputs = {str(item["call_id"]): item.get("output") for item in sent if _is_output(item)}
        turn = next((self._waiting[id] for id in reversed(outputs) if id in self._waiting), None)
        self.situations[api_call.order] = turn.situation if turn else _situation(api_call, context, shown or {})
        if shown is None or not api_call.succeeded:
            return
        if turn is None:
            context.turns += 1
            turn = ResponseTurn(shown["id"], api_call, self.situations[api_call.order])
            self.turns.append(turn)
        turn.outputs |= {id: output for id, output in outputs.items() if self._waiting.get(id) is turn}
        response = self._last[shown["id"]]
        turn.responses.append(PlayedResponse(api_call, completed_by_events(response, api_call), pieces_in(api_call)))
        self.by_response[shown["id"]] = turn
        self._waiting = {id: one for id, one in self._waiting.items() if one is not turn}
        self._waiting |= {
            str(item.get("call_id")): turn for item in output_of(response) if item.get("type") == "function_call"
        }
        context.root = context.root or shown
        for key in filter(None, (shown["id"], conversation_of(api_call.body))):
            self._contexts[key] = context

    def _context(self, api_call: ApiCall, sent: list[Object]) -> _Context:
        """The context that a request continues, with what it brings."""
        parent = api_call.body.get("previous_response_id") or conversation_of(api_call.body) or ""
        known = self._contexts.get(str(parent), _Context())
        asked = [text_of(item) for item in sent if item.get("role") in _BY_USER]
        told = [text_of(item) for item in sent if item.get("role") in _BY_DEVELOPER]
        return _Context(
            asked[-1] if asked else known.question, (*known.instructions, *told), known.turns, dict(known.root)
        )


def _situation(api_call: ApiCall, context: _Context, shown: Object) -> Situation:
    body = api_call.body
    stated = body.get("instructions")
    tools = body.get("tools") or shown.get("tools") or []
    return Situation(
        message=context.question,
        instructions="\n".join([*([stated] if isinstance(stated, str) else []), *context.instructions]),
        model=str(body.get("model") or shown.get("model") or ""),
        tools=[str(tool.get("name") if tool.get("type") == "function" else tool.get("type")) for tool in tools],
        assistant={"id": "", "name": None},
        thread={"id": context.root.get("id", ""), "metadata": context.root.get("metadata") or {}},
        metadata=body.get("metadata") or {},
        run=context.turns + 1,
    )


# ---- What requests and responses have ----


def responses_in(api_call: ApiCall) -> Iterator[Object]:
    """The response objects that an API call shows, the last state of each at the end."""
    shown = [data.get("response") for _, data in api_call.events if isinstance(data, dict)]
    for one in (*shown, api_call.response):
        if isinstance(one, dict) and one.get("object") == "response" and isinstance(one.get("id"), str):
            yield one


def rank(response: Object) -> int:
    """How far a response with this status has come."""
    return _RANK.get(str(response.get("status")), _AT_REST)


def output_of(response: Object) -> list[Object]:
    output = response.get("output")
    return [item for item in output if isinstance(item, dict)] if isinstance(output, list) else []


def conversation_of(body: Object) -> str:
    """The id of the conversation that a request names; empty if it names none."""
    named = body.get("conversation")
    return str(named.get("id") or "") if isinstance(named, dict) else str(named or "")


def items_of(api_call: ApiCall) -> list[Object]:
    """The items that a request brings, messages with a list of parts."""
    sent = api_call.body.get("input")
    items = [{"role": "user", "content": sent}] if isinstance(sent, str) else sent if isinstance(sent, list) else []
    return [{**item, "content": _parts(item.get("content"))} for item in items if isinstance(item, dict)]


def text_of(item: Object) -> str:
    """All text of a message, as conditions compare it."""
    return "\n".join(part["text"] for part in item["content"] if "text" in part)


def _parts(content: Any) -> list[Object]:
    if isinstance(content, str):
        return [{"text": content}]
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    return [part for part in parts if isinstance(part.get("text", ""), str)]


def _is_output(item: Object) -> bool:
    return item.get("type") == "function_call_output" and isinstance(item.get("call_id"), str)


def pieces_in(api_call: ApiCall) -> dict[tuple[str, int], list[str]]:
    """How the texts of an event stream were cut, by the id of the item and the number of a summary's part."""
    pieces: dict[tuple[str, int], list[str]] = {}
    for name, data in api_call.events:
        if name in _PIECES and isinstance(data, dict) and isinstance(data.get("delta"), str):
            pieces.setdefault((str(data.get("item_id")), data.get("summary_index") or 0), []).append(data["delta"])
    return pieces


def completed_by_events(response: Object, api_call: ApiCall) -> Object:
    """A response with the items of its stream, if the stream breaks off before the response is at rest."""
    if rank(response) == _AT_REST or not api_call.events:
        return response
    items: dict[int, Object] = {}
    for name, data in api_call.events:
        if name in _ITEM_EVENTS and isinstance(data, dict) and is_readable_item(data.get("item")):
            items[int(data.get("output_index") or 0)] = data["item"]
    pieces = pieces_in(api_call)
    return {**response, "output": [_with_pieces(item, pieces) for _, item in sorted(items.items())]}


def _with_pieces(item: Object, pieces: dict[tuple[str, int], list[str]]) -> Object:
    """A message that breaks off has the text of its pieces."""
    text = "".join(pieces.get((str(item.get("id")), 0), []))
    if item.get("type") == "message" and not item.get("content") and text:
        return {**item, "content": [{"type": "output_text", "text": text, "annotations": []}]}
    return item
