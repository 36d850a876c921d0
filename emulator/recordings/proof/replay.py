"""Plays the recorded requests against the scenario that was made of them, in memory, and compares the answers.

What differs is told to the one who imports: errors that the client caused and the emulator does not see, runs that come
out otherwise. Ids are translated as the answers come, and a look is repeated until it shows what was recorded.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Scope

from emulator.apis.endpoints import ENDPOINTS
from emulator.apis.http.pipeline import Api
from emulator.apis.http.validation import request_error
from emulator.base.json_types import Object
from emulator.recordings.distil.api_calls import BEGINS_LEG, LIVE, Seen, read_events
from emulator.recordings.distil.distil import Distilled
from emulator.recordings.exchange import Exchange, Part, parsed
from emulator.recordings.proof.comparing import RANK, different_answer, different_events
from emulator.scenarios.model import Scenario
from emulator.world.options import Options
from emulator.world.worlds import Worlds

#: Looks that one recorded look may take.
_PATIENCE: Final = 12
_LIVE_LOOKS: Final = frozenset({"get_run", "get_vector_store", "get_vector_store_file", "get_vector_store_file_batch"})
#: Lists that show what others made too: what stands at the same place of two of them is not the same thing.
_LISTS_OF_ALL: Final = frozenset({"list_assistants", "list_files", "list_vector_stores"})
#: What can be an id.
_WORD: Final = re.compile(r"[A-Za-z0-9_-]+")
_BOUNDARY: Final = "assistants-emulator-part"
_BYTES: Final = "application/octet-stream"


@dataclass(slots=True)
class Proof:
    """How many requests were played, how many of them were answered as recorded, and what was not."""

    played: int = 0
    alike: int = 0
    differences: list[str] = field(default_factory=list)


def prove(distilled: Distilled, scenario: Scenario) -> Proof:
    """Plays all requests in their order in a fresh world."""
    return asyncio.run(_Player(scenario, distilled.made).play(distilled.seens))


class _Player:
    def __init__(self, scenario: Scenario, made: frozenset[str]) -> None:
        self._app: ASGIApp = Api(Worlds(Options(), (scenario,)), ENDPOINTS)
        #: Ids of what the requests made: here it is made anew, and has others.
        self._made = made
        self._ids: dict[str, str] = {}
        #: Runs that were polled since they were created or went on.
        self._waiting: set[str] = set()

    async def play(self, seens: list[Seen]) -> Proof:
        proof = Proof()
        for seen in seens:
            if seen.operation is None or seen.inferred or not _is_asked(seen) or _lacks_its_body(seen):
                continue
            proof.played += 1
            difference = None if self._only_waits(seen) else await self._one(seen)
            if difference is None:
                proof.alike += 1
            else:
                proof.differences.append(f"{seen.exchange.described()}: {difference}")
        return proof

    def _only_waits(self, seen: Seen) -> bool:
        """A poll that saw what the one before it saw: here it would find the run at its rest."""
        run_id = seen.path.get("run_id", "")
        if seen.operation in BEGINS_LEG:
            self._waiting.discard(run_id)
        if seen.operation != "get_run" or not isinstance(seen.answer, dict) or seen.answer.get("status") not in LIVE:
            return False
        waits = run_id in self._waiting
        self._waiting.add(run_id)
        return waits

    async def _one(self, seen: Seen) -> str | None:
        """Asks once, or until what is looked at has come as far as it was; answers what is not as recorded."""
        for _ in range(_PATIENCE):
            status, body = await ask(self._app, self._translated(sendable(seen)))
            value = read_events(body) if seen.events else parsed(body)
            if not await self._nudged(seen, body) and not _is_behind(seen, value):
                break
        if seen.operation not in _LISTS_OF_ALL:
            self._learn(seen.events or seen.answer, value)
        return self._difference(seen, status, value)

    async def _nudged(self, seen: Seen, body: bytes) -> bool:
        """The service starts a run by itself: here one that is still queued, and was not, is looked at first."""
        if seen.status != 400 or b"in_progress" not in (seen.exchange.answer_body or b"") or b"queued" not in body:
            return False
        run = seen.exchange.url.partition(seen.path.get("run_id", "?"))[0] + seen.path.get("run_id", "")
        await ask(self._app, self._translated(Exchange("GET", run, 0, seen.exchange.request_headers)))
        return True

    # ---- Ids ----

    def _translated(self, exchange: Exchange) -> Exchange:
        """The request as a client of this world would send it."""
        url = self._put(exchange.url)
        path = url[url.index("/", url.index("//") + 2) :] if "//" in url.partition("?")[0] else url
        body = exchange.request_body
        if body is not None and parsed(body) is not None:
            body = self._put(body.decode("utf-8", "replace")).encode()
        return replace(exchange, url=path, request_body=body)

    def _put(self, text: str) -> str:
        """Recorded ids become those of this world."""
        return _WORD.sub(lambda match: self._ids.get(match[0], match[0]), text) if self._ids else text

    def _learn(self, want: Any, got: Any) -> None:
        """Ids that stand at the same place of both answers are those of the same thing."""
        if isinstance(want, dict) and isinstance(got, dict):
            for key in want.keys() & got.keys():
                if (key == "id" or key.endswith("_id")) and isinstance(want[key], str) and isinstance(got[key], str):
                    self._pair(want[key], got[key])
                else:
                    self._learn(want[key], got[key])
        elif isinstance(want, (list, tuple)) and isinstance(got, (list, tuple)):
            for one, other in zip(want, got, strict=False):
                if isinstance(one, str) and isinstance(other, str):
                    self._pair(one, other)
                else:
                    self._learn(one, other)

    def _pair(self, want: str, got: str) -> None:
        if want in self._made:
            self._ids.setdefault(want, got)

    # ---- Comparing ----

    def _difference(self, seen: Seen, status: int, value: Any) -> str | None:
        error = value.get("error") if isinstance(value, dict) else None
        error = error if isinstance(error, dict) else {}
        if seen.status == 0:
            return None  # it was never answered
        if status != seen.status:
            said = f" ({error['message']})" if isinstance(error, dict) and error.get("message") else ""
            return f"recorded {seen.status}, the emulator answers {status}{said}"
        if status >= 400:
            want, got = self._put(str(seen.error().get("message", ""))), str(error.get("message", ""))
            return None if _bare(want) == _bare(got) else f"recorded {want!r}, the emulator says {got!r}"
        if seen.events:
            return different_events(seen.events, value)
        return different_answer(seen.answer, value)


def sendable(seen: Seen) -> Exchange:
    """The request with what a recording left out of it: the form of an upload is put together from its answer."""
    exchange, answer = seen.exchange, seen.answer
    if exchange.form is not None or seen.operation not in ("create_file", "add_upload_part"):
        return exchange
    if seen.operation == "add_upload_part":
        return replace(exchange, form=(Part("data", "part", b"x"),))
    told: Object = answer if isinstance(answer, dict) else {}
    purpose = Part("purpose", content=str(told.get("purpose", "assistants")).encode())
    return replace(
        exchange, form=(purpose, Part("file", str(told.get("filename", "file.txt")), size=told.get("bytes")))
    )


def _is_asked(seen: Seen) -> bool:
    """False for a request that the client gave up, or the recorder."""
    return seen.status > 0 or seen.failed


def _lacks_its_body(seen: Seen) -> bool:
    """What was sent was not recorded, and without it nothing can be asked."""
    exchange = seen.exchange
    if exchange.method != "POST" or exchange.request_body is not None or sendable(seen).form is not None:
        return False
    return request_error(seen.operation or "", {}) is not None


def _is_behind(seen: Seen, value: Any) -> bool:
    """What is polled has not come as far as it was, or not written as much."""
    if seen.operation in ("list_messages", "list_run_steps") and isinstance(value, dict):
        return len(value.get("data") or ()) < sum(1 for _ in seen.objects())
    if seen.operation not in _LIVE_LOOKS or not isinstance(value, dict) or not isinstance(seen.answer, dict):
        return False
    want, got = seen.answer.get("status"), value.get("status")
    return RANK.get(str(got), 3) < RANK.get(str(want), 3)


def _bare(message: str) -> str:
    """An error's words without what differs each time: ids of requests, times."""
    return re.sub(r"req_\w+|\d+", "#", message)


# ---- Asking ----


async def ask(app: ASGIApp, exchange: Exchange) -> tuple[int, bytes]:
    """One request to an application in memory: the answer's status and body. Status 0: it broke off."""
    kind, body = _sent(exchange)
    headers = [(b"authorization", b"Bearer sk-proof"), (b"content-type", kind.encode())]
    headers += [
        (b"openai-beta", value.encode("latin-1")) for name, value in exchange.request_headers if name == "openai-beta"
    ]
    if not exchange.request_headers:  # none were recorded
        headers.append((b"openai-beta", b"assistants=v2"))
    path, _, query = exchange.url.partition("?")
    scope: Scope = {
        "type": "http",
        "http_version": "1.1",
        "method": exchange.method,
        "scheme": "http",
        "path": path,
        "raw_path": quote(path, safe="/%{}~:@!$&'()*+,;=-._").encode(),
        "query_string": query.encode("latin-1", "replace"),
        "headers": headers,
    }
    status, pieces, waits = 0, [], [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if waits:
            return waits.pop()
        await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        pieces.append(message.get("body", b""))

    await app(scope, receive, send)
    return status, b"".join(pieces)


def _sent(exchange: Exchange) -> tuple[str, bytes]:
    """Content type and body. A form is written anew; a file that was not recorded is as long as it was."""
    if exchange.form is None:
        return "application/json", exchange.request_body or b""
    body = b"".join(_part(part) for part in exchange.form) + f"--{_BOUNDARY}--\r\n".encode()
    return f"multipart/form-data; boundary={_BOUNDARY}", body


def _part(part: Part) -> bytes:
    content = part.content if part.content is not None else b"x" * min(part.size or 1, 1024 * 1024)
    file = "" if part.filename is None else f'; filename="{_quoted(part.filename)}"\r\nContent-Type: {_BYTES}'
    return (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{_quoted(part.name)}"{file}\r\n\r\n'.encode()
        + content
        + b"\r\n"
    )


def _quoted(name: str) -> str:
    """As browsers write names in a form."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
