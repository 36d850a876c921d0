"""Replays the recorded requests against the scenario distilled from them, in memory, and compares the responses.

The differences are for the person who imports: client errors that the emulator does not see, and runs that end
otherwise. Ids of the new world replace the recorded ones, and a poll is repeated until it shows the recorded status.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from starlette.types import ASGIApp

from emulator.apis.endpoints import ENDPOINTS
from emulator.apis.http.pipeline import Api
from emulator.apis.http.validation import validator
from emulator.base.json_types import Object
from emulator.recordings.distil.api_calls import (
    ACTIVE,
    CREATES,
    DOWNLOADS,
    RESUMES_RUN,
    ApiCall,
    Event,
    read_events,
    texts_under,
)
from emulator.recordings.distil.distil import Distilled
from emulator.recordings.distil.given_form import properties_of
from emulator.recordings.exchange import Exchange, Part, parsed
from emulator.recordings.proof.asgi_client import send
from emulator.recordings.proof.comparing import CONTENT, ERROR, STATUS, Comparer, Difference, rank
from emulator.recordings.proof.result import Compared, Proof, Unplayed
from emulator.scenarios.model import Scenario
from emulator.world.options import Options
from emulator.world.worlds import Worlds

#: Requests that one recorded poll may take.
_MAX_POLLS: Final = 12
_POLLS: Final = frozenset(
    {"get_run", "get_response", "get_vector_store", "get_vector_store_file", "get_vector_store_file_batch"}
)
#: Lists of the whole account: objects at the same place of two such lists need not be the same.
_ACCOUNT_LISTS: Final = frozenset({"list_assistants", "list_files", "list_vector_stores", "list_containers"})
#: Lists in which the service has no order for files that were added together.
_UNORDERED_LISTS: Final = frozenset({"list_vector_store_files", "list_files_in_vector_store_batch"})
#: A word that can be an id.
_WORD: Final = re.compile(r"[A-Za-z0-9_-]+")


def prove(distilled: Distilled, scenario: Scenario) -> Proof:
    """Replays all requests in their order in a fresh world."""
    return asyncio.run(_Replay(scenario, distilled.created_ids).run(distilled.api_calls))


def replayed_transcripts(distilled: Distilled, scenario: Scenario) -> list[Object]:
    """The transcripts of the turns that a replay of all requests plays, as JSON values."""
    replay = _Replay(scenario, distilled.created_ids)
    asyncio.run(replay.run(distilled.api_calls))
    return [turn.transcript() for world in replay.worlds.all() for turn in world.with_transcript]


class _Replay:
    """``created_ids``: of the objects that the recorded requests created; in the new world they get other ids."""

    def __init__(self, scenario: Scenario, created_ids: frozenset[str]) -> None:
        self.worlds = Worlds(Options(), (scenario,))
        self._app: ASGIApp = Api(self.worlds, ENDPOINTS)
        self._created_ids = created_ids
        self._given_ids = frozenset(texts_under(scenario.given, "id"))
        self._ids_are_loose = False
        self._comparer = Comparer(self._same_id, self._with_new_ids)
        #: The id in the new world, by recorded id.
        self._ids: dict[str, str] = {}
        #: The thread of each object of a thread, by recorded ids.
        self._threads: dict[str, str] = {}
        #: Ids of runs that were polled since they were created or resumed.
        self._polled: set[str] = set()
        #: The bodies of requests for responses, by the recorded ids of these.
        self._bodies: dict[str, Object] = {}

    async def run(self, api_calls: list[ApiCall]) -> Proof:
        proof = Proof()
        unmade: set[str] = set()
        for api_call in api_calls:
            if api_call.operation is None or not _has_outcome(api_call):
                continue
            request = api_call.exchange.described()
            if why := _why_not(api_call, unmade):
                proof.unplayed.append(Unplayed(request, why))
                made = api_call.response if isinstance(api_call.response, dict) else {}
                if api_call.operation in CREATES and isinstance(made.get("id"), str):
                    unmade.add(made["id"])
                continue
            differences = [] if self._is_repeated_poll(api_call) else await self._replay(api_call)
            proof.compared.append(Compared(request, tuple(differences)))
        return proof

    def _is_repeated_poll(self, api_call: ApiCall) -> bool:
        """True for a poll that shows the run as active as the one before it: here it would find the run at rest."""
        run_id = api_call.parameters.get("run_id") or api_call.parameters.get("response_id", "")
        if api_call.operation in RESUMES_RUN:
            self._polled.discard(run_id)
        run = api_call.response
        if (
            api_call.operation not in ("get_run", "get_response")
            or not isinstance(run, dict)
            or run.get("status") not in ACTIVE
        ):
            return False
        is_repeated = run_id in self._polled
        self._polled.add(run_id)
        return is_repeated

    async def _replay(self, api_call: ApiCall) -> list[Difference]:
        """Sends the request, a poll until it shows the recorded status. Returns how the response differs."""
        for _ in range(_MAX_POLLS):
            status, body = await send(self._app, self._translated(_of_version_2(api_call)))
            value = read_events(body) if api_call.events else parsed(body)
            if not await self._started_run(api_call, body) and not _is_behind(api_call, value):
                break
        if api_call.operation not in _ACCOUNT_LISTS:
            self._learn_ids(_without_deltas(api_call.events) or api_call.response, _without_deltas(value))
        return self._differences(api_call, status, value, body)

    async def _started_run(self, api_call: ApiCall, body: bytes) -> bool:
        """Polls a run that is still queued here but was in progress there: the service starts a run by itself."""
        exchange = api_call.exchange
        if api_call.status != 400 or b"in_progress" not in (exchange.response_body or b"") or b"queued" not in body:
            return False
        run_id = api_call.parameters.get("run_id", "")
        run_url = exchange.url.partition(run_id or "?")[0] + run_id
        await send(self._app, self._translated(Exchange("GET", run_url, 0, exchange.request_headers)))
        return True

    # ---- Ids ----

    def _translated(self, exchange: Exchange) -> Exchange:
        """The request with the ids of the new world, and with a path instead of a URL."""
        url = self._with_new_ids(exchange.url)
        path = url[url.index("/", url.index("//") + 2) :] if "//" in url.partition("?")[0] else url
        body = exchange.request_body
        if body is not None and parsed(body) is not None:
            body = self._with_new_ids(body.decode("utf-8", "replace")).encode()
        return replace(exchange, url=path, request_body=body)

    def _with_new_ids(self, text: str) -> str:
        return _WORD.sub(lambda match: self._ids.get(match[0], match[0]), text) if self._ids else text

    def _learn_ids(self, recorded: Any, actual: Any) -> None:
        """Pairs the ids at the same place of both responses: they belong to the same object."""
        if isinstance(recorded, dict) and isinstance(actual, dict):
            self._forget_namesake(recorded)
            for key in recorded.keys() & actual.keys():
                one, other = recorded[key], actual[key]
                if (key == "id" or key.endswith("_id")) and isinstance(one, str) and isinstance(other, str):
                    self._pair(one, other)
                else:
                    self._learn_ids(one, other)
        elif isinstance(recorded, (list, tuple)) and isinstance(actual, (list, tuple)):
            for one, other in zip(recorded, actual, strict=False):
                if isinstance(one, str) and isinstance(other, str):
                    self._pair(one, other)
                else:
                    self._learn_ids(one, other)

    def _forget_namesake(self, recorded: Object) -> None:
        """Forgets the id of an object of another thread: emulators create the same ids in each of their worlds."""
        id, thread_id = recorded.get("id"), recorded.get("thread_id")
        if isinstance(id, str) and isinstance(thread_id, str) and self._threads.setdefault(id, thread_id) != thread_id:
            self._threads[id] = thread_id
            self._ids.pop(id, None)

    def _pair(self, recorded: str, actual: str) -> None:
        if recorded in self._created_ids:
            self._ids.setdefault(recorded, actual)

    # ---- Comparing ----

    def _differences(self, api_call: ApiCall, status: int, value: Any, body: bytes) -> list[Difference]:
        error = value.get("error") if isinstance(value, dict) else None
        error = error if isinstance(error, dict) else {}
        if api_call.status == 0:
            return []  # no response was recorded
        if status != api_call.status:
            message = f" ({error['message']})" if error.get("message") else ""
            return [Difference(STATUS, "", f"recorded {api_call.status}, the emulator answers {status}{message}")]
        if status >= 400:
            recorded = self._with_new_ids(str(api_call.error().get("message", "")))
            actual = str(error.get("message", ""))
            is_same = _without_numbers(recorded) == _without_numbers(actual)
            words = f"recorded {recorded!r}, the emulator says {actual!r}"
            return [] if is_same else [Difference(ERROR, "", words)]
        if api_call.operation in DOWNLOADS:
            return _content_difference(api_call.exchange, body)
        self._ids_are_loose = api_call.operation in _UNORDERED_LISTS
        self._comparer.sent = self._sent_for(api_call)
        if api_call.events:
            return self._comparer.events(api_call.events, value, is_cut=_is_cut(api_call))
        return (
            self._comparer.responses(api_call.response, value, by_id=api_call.operation in _ACCOUNT_LISTS)
            if isinstance(api_call.response, dict)
            else []
        )

    def _sent_for(self, api_call: ApiCall) -> Object:
        """The body of the request that created the response, which may be another request than this one."""
        if api_call.operation != "create_response":
            return self._bodies.get(api_call.parameters.get("response_id", ""), {})
        shown = [api_call.response, *(data.get("response") for _, data in api_call.events if isinstance(data, dict))]
        for response in shown:
            if isinstance(response, dict) and isinstance(response.get("id"), str):
                self._bodies[response["id"]] = api_call.body
        return api_call.body

    def _same_id(self, recorded: str, actual: str) -> bool:
        """True if two different ids can name the same object: one that this world made, of the same kind."""
        if (recorded in self._given_ids or recorded in self._ids) and not self._ids_are_loose:
            return False
        return re.split("[_-]", recorded)[0] == re.split("[_-]", actual)[0]


def _is_cut(api_call: ApiCall) -> bool:
    """True for a stream whose client left, or whose end was not recorded."""
    is_done = any(name == "done" or data == "[DONE]" for name, data in api_call.events)
    return not is_done and api_call.exchange.ended in ("client_left", "stopped", "unknown")


def _content_difference(exchange: Exchange, body: bytes) -> list[Difference]:
    """How the contents of a file differ, as far as they were recorded."""
    if exchange.response_body is not None:
        is_same = exchange.response_body == body
    else:
        is_same = exchange.response_size in (None, len(body))
    was = exchange.response_size if exchange.response_body is None else len(exchange.response_body)
    words = f"the file had {was} bytes, the emulator sends {len(body)}" + (" others" if was == len(body) else "")
    return [] if is_same else [Difference(CONTENT, "", words)]


def _without_deltas(value: Any) -> Any:
    """The events of a stream that both worlds have: texts may be cut into other pieces here."""
    if not isinstance(value, list):
        return value
    return [one for one in value if not (isinstance(one, Event) and one.name.endswith(".delta"))]


def _of_version_2(api_call: ApiCall) -> Exchange:
    """The request that is sent; one of the first version of the API is sent as one of the second."""
    exchange = sendable(api_call)
    if not api_call.is_of_version_1:
        return exchange
    headers = tuple((name, "assistants=v2" if name == "openai-beta" else value)
                    for name, value in exchange.request_headers)  # fmt: skip
    return replace(exchange, request_headers=headers)


def sendable(api_call: ApiCall) -> Exchange:
    """The request, completed where the recording lacks the form of an upload: the response has its fields."""
    exchange, response = api_call.exchange, api_call.response
    file: Object = response if isinstance(response, dict) else {}
    if api_call.operation not in ("create_file", "add_upload_part", "create_container_file"):
        return exchange
    if api_call.operation == "create_container_file" and (exchange.form or api_call.body):
        return exchange
    if exchange.form is not None:
        return replace(exchange, form=tuple(_with_size(part, file.get("bytes")) for part in exchange.form))
    if api_call.operation == "create_container_file":
        name = str(file.get("path") or "file.txt").rpartition("/")[2].partition("-")[2]
        return replace(exchange, form=(Part("file", name or "file.txt", size=file.get("bytes")),))
    if api_call.operation == "add_upload_part":
        return replace(exchange, form=(Part("data", "part", b"x"),))
    purpose = Part("purpose", content=str(file.get("purpose", "assistants")).encode())
    return replace(
        exchange, form=(purpose, Part("file", str(file.get("filename", "file.txt")), size=file.get("bytes")))
    )


def _with_size(part: Part, size: Any) -> Part:
    """The part, with the size of the file in the response if nothing else of its contents was recorded."""
    lacks_all = part.filename is not None and part.content is None and part.size is None
    return replace(part, size=size) if lacks_all and isinstance(size, int) else part


def _has_outcome(api_call: ApiCall) -> bool:
    """False for a request that the client or the recorder gave up."""
    return api_call.status > 0 or api_call.server_failed


def _why_not(api_call: ApiCall, unmade: Collection[str]) -> str:
    """Why a request cannot be sent; empty if it can. ``unmade``: ids that no request creates here."""
    exchange = api_call.exchange
    if api_call.inferred:
        return "its request was not recorded"
    for id in (*api_call.parameters.values(), *texts_under(api_call.body, *_REFERENCES)):
        if id in unmade:
            return f"{id} was created by a request that was not played"
    if exchange.method != "POST" or exchange.request_body is not None or sendable(api_call).form is not None:
        return ""
    return "its body was not recorded" if _has_body(api_call) else ""


#: Keys under which a request names an object that another one created.
_REFERENCES: Final = ("assistant_id", "file_id", "file_ids", "vector_store_ids", "upload_id")


def _has_body(api_call: ApiCall) -> bool:
    """True for a request that must have a body, or can have one and says that it is JSON."""
    operation = api_call.operation or ""
    if not validator("bodies", operation)({}):
        return True
    kind = api_call.exchange.request_header("content-type") or ""
    return kind.startswith("application/json") and bool(properties_of(operation))


def _is_behind(api_call: ApiCall, value: Any) -> bool:
    """True if a polled object has not yet the recorded status, or a list not yet the recorded length."""
    if api_call.operation in ("list_messages", "list_run_steps") and isinstance(value, dict):
        return len(value.get("data") or ()) < sum(1 for _ in api_call.objects())
    recorded = api_call.response
    if api_call.operation not in _POLLS or not isinstance(value, dict) or not isinstance(recorded, dict):
        return False
    return rank(value.get("status")) < rank(recorded.get("status"))


def _without_numbers(message: str) -> str:
    """The words of an error without the parts that differ each time: ids of requests, times."""
    return re.sub(r"req_\w+|\d+", "#", message)
