"""Reads the transcripts of a recording's turns, on either API: what a user of the application noticed.

Turns on the Assistants API are replayed from the scenario distilled from the recording; those on the Responses API are
read from the requests and responses themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from emulator.base.json_types import Object
from emulator.recordings.distil.api_calls import ApiCall, read_api_calls
from emulator.recordings.distil.distil import distil
from emulator.recordings.distil.ordering import arrange
from emulator.recordings.exchange import Recording
from emulator.recordings.proof.replay import replayed_transcripts
from emulator.recordings.redaction.redactor import Redactor
from emulator.recordings.sources import scenario_from
from emulator.scenarios.steps.context import Output, parsed
from emulator.world.state.transcript import Transcript

#: Reasons of incomplete responses, as turns have them.
_REASONS: Final = {"max_output_tokens": "max_completion_tokens"}


def transcripts_of(recordings: list[Recording]) -> list[Object]:
    """The transcripts of all turns as JSON values, first those on the Assistants API.

    Two recordings have no common names of turns or contents of files, and one of Assistants shows a search only if the
    application lists run steps. So a turn is named by its question, files have no hash, and searches are left out.
    """
    recordings = Redactor().recordings(recordings)
    distilled = distil(recordings)
    replayed = replayed_transcripts(distilled, scenario_from(distilled)) if "turns" in distilled.document else []
    on_assistants = [one for one in replayed if one["api"] == "assistants"]
    on_responses = _on_responses(read_api_calls(arrange(recordings)))
    names = ", ".join(distilled.sources)
    return [_comparable(one, names) for one in (*on_assistants, *on_responses)]


def _comparable(transcript: Object, place: str) -> Object:
    return {
        **transcript,
        "turn": transcript["question"],
        "place": place,
        "files": [{"name": name, "sha256": None} for name in dict.fromkeys(one["name"] for one in transcript["files"])],
        "searched": [],
        "carried": None,
    }


# ---- The Responses API ----


def _on_responses(api_calls: list[ApiCall]) -> list[Object]:
    """The turns that responses played: a response that brings outputs of calls goes on with the turn of these calls."""
    last = {one["id"]: one for api_call in api_calls for one in _responses(api_call)}
    turns: list[tuple[Transcript, str]] = []
    waiting: dict[str, int] = {}
    for api_call in api_calls:
        if api_call.operation != "create_response":
            continue
        outputs = {str(item.get("call_id")): item.get("output") for item in _items(api_call, "function_call_output")}
        number = next((waiting[id] for id in outputs if id in waiting), None)
        response = next((last[one["id"]] for one in _responses(api_call)), None)
        if response is None:
            if number is not None:
                turns[number][0].refuse(str(api_call.error().get("code") or api_call.error().get("type")))
            continue
        if number is None:
            number = len(turns)
            turns.append((Transcript(api="responses", question=_question(api_call)), ""))
        transcript = turns[number][0]
        transcript.submit(Output("", "", _text(outputs.pop(id))) for id in [*waiting] if id in outputs)
        waiting = {id: turn for id, turn in waiting.items() if turn != number}
        waiting |= {
            str(item.get("call_id")): number for item in _output(response) if item.get("type") == "function_call"
        }
        _add(transcript, response)
        turns[number] = transcript, "requires_action" if number in waiting.values() else str(response.get("status"))
    return [transcript.as_json(status) for transcript, status in turns]


def _responses(api_call: ApiCall) -> Iterator[Object]:
    """The response objects that an API call shows, the last state of each at the end."""
    shown = [data.get("response") for _, data in api_call.events if isinstance(data, dict)]
    for one in (*shown, api_call.response):
        if isinstance(one, dict) and one.get("object") == "response" and isinstance(one.get("id"), str):
            yield one


def _items(api_call: ApiCall, kind: str) -> list[Object]:
    """The items of a kind that a request brings."""
    sent = api_call.body.get("input")
    items = sent if isinstance(sent, list) else []
    return [item for item in items if isinstance(item, dict) and item.get("type", "message") == kind]


def _question(api_call: ApiCall) -> str:
    """All text of the last message of the user that the request brings."""
    sent = api_call.body.get("input")
    if isinstance(sent, str):
        return sent
    asked = [item for item in _items(api_call, "message") if item.get("role") == "user"]
    return _text(asked[-1].get("content")) if asked else ""


def _text(value: Any) -> str:
    """The text of an output or of a message's content, which is a text or a list of parts."""
    if isinstance(value, list):
        return "\n".join(one["text"] for one in value if isinstance(one, dict) and isinstance(one.get("text"), str))
    return value if isinstance(value, str) else ""


def _output(response: Object) -> list[Object]:
    output = response.get("output")
    return [item for item in output if isinstance(item, dict)] if isinstance(output, list) else []


def _add(transcript: Transcript, response: Object) -> None:
    """Adds what a response shows."""
    for item in _output(response):
        kind = item.get("type")
        if kind == "message":
            _add_message(transcript, item.get("content") or [])
        elif kind == "function_call":
            call = {"name": item.get("name"), "arguments": parsed(item.get("arguments") or ""), "output": None}
            transcript.calls += (call,)
    reason = (response.get("incomplete_details") or {}).get("reason") or (response.get("error") or {}).get("code")
    transcript.code = _REASONS.get(reason, reason) if isinstance(reason, str) else ""
    usage = response.get("usage")
    if isinstance(usage, dict):
        transcript.count(usage.get("input_tokens", 0), usage.get("output_tokens", 0))


def _add_message(transcript: Transcript, parts: Iterable[Object]) -> None:
    for part in parts:
        if part.get("type") == "refusal":
            transcript.refusal = part.get("refusal")
        elif part.get("type") == "output_text":
            transcript.texts += (part.get("text", ""),)
            for one in part.get("annotations") or []:
                if one.get("type") == "file_citation":
                    transcript.citations += (one.get("filename", ""),)
                elif one.get("type") == "container_file_citation":
                    transcript.files += ({"name": one.get("filename", ""), "sha256": None},)
