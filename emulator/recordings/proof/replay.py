"""Replays the recorded requests against the scenario distilled from them, in memory, and compares the responses.

The differences are for the person who imports: client errors that the emulator does not see, and runs that end
otherwise. Ids of the new world replace the recorded ones, and a poll is repeated until it shows the recorded status.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field, replace
from typing import Any, Final

from starlette.types import ASGIApp

from emulator.apis.endpoints import ENDPOINTS
from emulator.apis.http.pipeline import Api
from emulator.apis.http.validation import request_error
from emulator.base.json_types import Object
from emulator.recordings.distil.api_calls import ACTIVE, RESUMES_RUN, ApiCall, Event, read_events
from emulator.recordings.distil.distil import Distilled
from emulator.recordings.exchange import Exchange, Part, parsed
from emulator.recordings.proof.asgi_client import send
from emulator.recordings.proof.comparing import event_difference, rank, response_difference
from emulator.scenarios.model import Scenario
from emulator.world.options import Options
from emulator.world.worlds import Worlds

#: Requests that one recorded poll may take.
_MAX_POLLS: Final = 12
_POLLS: Final = frozenset(
    {"get_run", "get_response", "get_vector_store", "get_vector_store_file", "get_vector_store_file_batch"}
)
#: Lists of the whole account: objects at the same place of two such lists need not be the same.
_ACCOUNT_LISTS: Final = frozenset({"list_assistants", "list_files", "list_vector_stores"})
#: A word that can be an id.
_WORD: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(slots=True)
class Proof:
    """How many requests were replayed, how many responses are alike, and the differences of the others."""

    played: int = 0
    alike: int = 0
    differences: list[str] = field(default_factory=list)


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
        #: The id in the new world, by recorded id.
        self._ids: dict[str, str] = {}
        #: Ids of runs that were polled since they were created or resumed.
        self._polled: set[str] = set()

    async def run(self, api_calls: list[ApiCall]) -> Proof:
        proof = Proof()
        for api_call in api_calls:
            if api_call.operation is None or api_call.inferred or not _has_outcome(api_call) or _lacks_body(api_call):
                continue
            proof.played += 1
            difference = None if self._is_repeated_poll(api_call) else await self._replay(api_call)
            if difference is None:
                proof.alike += 1
            else:
                proof.differences.append(f"{api_call.exchange.described()}: {difference}")
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

    async def _replay(self, api_call: ApiCall) -> str | None:
        """Sends the request, a poll until it shows the recorded status. Returns how the response differs."""
        for _ in range(_MAX_POLLS):
            status, body = await send(self._app, self._translated(sendable(api_call)))
            value = read_events(body) if api_call.events else parsed(body)
            if not await self._started_run(api_call, body) and not _is_behind(api_call, value):
                break
        if api_call.operation not in _ACCOUNT_LISTS:
            self._learn_ids(_without_deltas(api_call.events) or api_call.response, _without_deltas(value))
        return self._difference(api_call, status, value)

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

    def _pair(self, recorded: str, actual: str) -> None:
        if recorded in self._created_ids:
            self._ids.setdefault(recorded, actual)

    # ---- Comparing ----

    def _difference(self, api_call: ApiCall, status: int, value: Any) -> str | None:
        error = value.get("error") if isinstance(value, dict) else None
        error = error if isinstance(error, dict) else {}
        if api_call.status == 0:
            return None  # no response was recorded
        if status != api_call.status:
            message = f" ({error['message']})" if error.get("message") else ""
            return f"recorded {api_call.status}, the emulator answers {status}{message}"
        if status >= 400:
            recorded = self._with_new_ids(str(api_call.error().get("message", "")))
            actual = str(error.get("message", ""))
            is_same = _without_numbers(recorded) == _without_numbers(actual)
            return None if is_same else f"recorded {recorded!r}, the emulator says {actual!r}"
        if api_call.events:
            return event_difference(api_call.events, value)
        return response_difference(api_call.response, value)


def _without_deltas(value: Any) -> Any:
    """The events of a stream that both worlds have: texts may be cut into other pieces here."""
    if not isinstance(value, list):
        return value
    return [one for one in value if not (isinstance(one, Event) and one.name.endswith(".delta"))]


def sendable(api_call: ApiCall) -> Exchange:
    """The request, completed where the recording lacks the form of an upload: the response has its fields."""
    exchange, response = api_call.exchange, api_call.response
    if exchange.form is not None or api_call.operation not in ("create_file", "add_upload_part"):
        return exchange
    if api_call.operation == "add_upload_part":
        return replace(exchange, form=(Part("data", "part", b"x"),))
    file: Object = response if isinstance(response, dict) else {}
    purpose = Part("purpose", content=str(file.get("purpose", "assistants")).encode())
    return replace(
        exchange, form=(purpose, Part("file", str(file.get("filename", "file.txt")), size=file.get("bytes")))
    )


def _has_outcome(api_call: ApiCall) -> bool:
    """False for a request that the client or the recorder gave up."""
    return api_call.status > 0 or api_call.server_failed


def _lacks_body(api_call: ApiCall) -> bool:
    """True if the body was not recorded and the operation requires one."""
    exchange = api_call.exchange
    if exchange.method != "POST" or exchange.request_body is not None or sendable(api_call).form is not None:
        return False
    return request_error(api_call.operation or "", {}) is not None


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
