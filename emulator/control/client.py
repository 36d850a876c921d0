"""Drives an emulator over HTTP: the client of its admin API, for tests, fixtures and the command line.

Imports no server and no validator, so that it costs next to nothing.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit

from emulator.base.problems import CheckFailed, EmulatorError, Problem, ScenarioError


@dataclass(frozen=True, slots=True)
class Request:
    """A request that the emulator has answered.

    ``operation`` is the API's operationId in snake_case (None for an unknown URL), ``json`` the parsed body, ``answer``
    the parsed answer (a stream's is a list of ``{"event", "data"}``), ``time`` the world's second. ``moved``: a look
    that changed its run; ``repeats``: how many looks after it were the same and changed nothing.
    """

    operation: str | None
    method: str
    path: str
    query: dict[str, Any]
    headers: dict[str, str]
    json: Any
    status: int
    answer: Any
    thread_id: str | None
    run_id: str | None
    turn: str | None
    fault: str | None
    time: int
    moved: bool
    repeats: int


class TimelineEvent(str):
    """An event of a run: its name, the world's second (``time``), and how many deltas came in a row (``times``)."""

    __slots__ = ("time", "times")

    time: int
    times: int

    def __new__(cls, event: str, time: int, times: int) -> TimelineEvent:
        made = super().__new__(cls, event)
        made.time, made.times = time, times
        return made

    def __getnewargs__(self) -> tuple[str, int, int]:  # type: ignore[override]
        """Copies and pickles like any text."""
        return str(self), self.time, self.times


@dataclass(frozen=True, slots=True)
class Run:
    """A run that the emulator has played. ``timeline``: its events in order, each equal to its name.

    ``str(run)`` is the same as text, for golden files: without ids, in world seconds since the run's first event.
    """

    id: str
    thread_id: str
    turn: str
    status: str
    timeline: tuple[TimelineEvent, ...]

    def __str__(self) -> str:
        """The turn and the end, then a line for each event."""
        return "\n".join([f"turn {self.turn!r}: {self.status}", *self.event_lines()])

    def event_lines(self) -> list[str]:
        """A line an event: when, since the first, which, and how often in a row."""
        start = self.timeline[0].time if self.timeline else 0
        return [
            f"  {f'+{event.time - start}s':>5} {event}{f' ×{event.times}' if event.times > 1 else ''}"
            for event in self.timeline
        ]


class Control:
    """An emulator that somebody started at ``url`` (without ``/v1``), in the world of ``api_key``.

    Everything raises EmulatorError when the emulator refuses or cannot be reached.
    """

    def __init__(self, url: str, api_key: str) -> None:
        self.url = url.rstrip("/").removesuffix("/v1")
        self.api_key = api_key

    @property
    def base_url(self) -> str:
        """What an OpenAI client takes as its ``base_url``."""
        return f"{self.url}/v1"

    @property
    def environ(self) -> dict[str, str]:
        """The variables that lead OpenAI's SDKs, also in Azure's mode, here; ``NO_PROXY`` keeps what it had."""
        host = urlsplit(self.url).hostname or ""
        excepted = {
            name: ",".join(dict.fromkeys([*filter(None, os.environ.get(name, "").split(",")), host]))
            for name in ("NO_PROXY", "no_proxy")
        }
        return {
            "OPENAI_BASE_URL": self.base_url,
            "OPENAI_API_BASE": self.base_url,
            "OPENAI_API_KEY": self.api_key,
            "AZURE_OPENAI_ENDPOINT": self.url,
            "AZURE_OPENAI_API_KEY": self.api_key,
            "OPENAI_API_VERSION": "2025-04-01-preview",
            **excepted,
        }

    def reset(self, **options: Any) -> None:
        """A new world: objects, clock, ids, journal and problems begin anew. Open streams of the old one break off.

        ``options`` (seed, clock, start, unmatched, shapes) are in force until the next reset.
        """
        self._call("POST", "/reset", options)

    def advance(self, seconds: float) -> None:
        """Lets world time pass (``skip`` clock): what becomes due is played or expires, in order of time."""
        self._call("POST", "/clock/advance", {"seconds": seconds})

    def load(self, scenario: str | Path | dict[str, Any]) -> str:
        """Adds a scenario, to be asked first, and answers its name. A file is read here and posted.

        Raises ScenarioError with all problems, OSError for a file that cannot be read.
        """
        if isinstance(scenario, dict):
            query, text, folder = "", json.dumps(scenario).encode(), Path()
        else:
            file = Path(scenario)
            query, text = "?" + urlencode({"file": str(file), "name": file.stem}), file.read_bytes()
            folder = file.parent
        posted: Any = text
        if b"path" in text:
            from emulator.scenarios.loading import contents_of

            contents = contents_of(text.decode("utf-8", "replace"), folder)
            encoded = {path: base64.b64encode(data).decode() for path, data in contents.items()}
            posted = {"document": text.decode("utf-8", "replace"), "contents": encoded} if encoded else text
        name: str = self._call("POST", f"/scenarios{query}", posted)["name"]
        return name

    def release(self, label: str) -> None:
        """Opens a gate, for runs that stand there and for those to come."""
        self._call("POST", f"/holds/{quote(label, safe='')}/release")

    def wait_held(self, label: str, timeout: float = 5) -> str:
        """The id of a run that stands at a gate; waits for one at most ``timeout`` real seconds."""
        path = f"/holds/{quote(label, safe='')}?timeout={timeout}"
        run_id: str = self._call("GET", path, timeout=timeout + 10)["run_id"]
        return run_id

    def inject(self, fault: dict[str, Any]) -> None:
        """Adds a fault, as a scenario's ``faults`` say it; it is asked before all others."""
        self._call("POST", "/faults", fault)

    def requests(
        self, operation: str | None = None, *, thread: str | None = None, run: str | None = None
    ) -> list[Request]:
        """The journal: what was asked and answered, oldest first."""
        asked = {"operation": operation, "thread": thread, "run": run}
        query = urlencode({key: value for key, value in asked.items() if value is not None})
        found = self._call("GET", "/requests" + (f"?{query}" if query else ""))["requests"]
        return [Request(**one) for one in found]

    def runs(self) -> list[Run]:
        """The runs that were created, oldest first, each with its timeline."""
        return [
            Run(
                id=one["id"],
                thread_id=one["thread_id"],
                turn=one["turn"],
                status=one["status"],
                timeline=tuple(TimelineEvent(e["event"], e["time"], e["count"]) for e in one["timeline"]),
            )
            for one in self._call("GET", "/runs")["runs"]
        ]

    def timelines(self) -> str:
        """All runs as text, for golden files: each as ``str(run)`` says it, numbered, and so their threads."""
        threads: dict[str, int] = {}
        texts = []
        for number, run in enumerate(self.runs(), 1):
            thread = threads.setdefault(run.thread_id, len(threads) + 1)
            texts.append(f"run {number} on thread {thread}, {run}\n")
        return "\n".join(texts)

    def state(self) -> dict[str, Any]:
        """Clock, settings, numbers of objects, active runs, and how often each operation was ``asked``."""
        found: dict[str, Any] = self._call("GET", "/state")
        return found

    def problems(self) -> list[Problem]:
        """What ``check`` would raise."""
        return [Problem.from_json(one) for one in self._call("GET", "/check")["problems"]]

    def check(self) -> None:
        """Raises CheckFailed (an AssertionError with ``.problems``) if anything went wrong or was left undone."""
        if problems := self.problems():
            raise CheckFailed(problems)

    def export(self, kind: Literal["recording", "scenario"] = "recording") -> str:
        """The journal as a recording (JSON Lines), or the objects as a scenario file with what is ``given`` (YAML)."""
        status, raw = self._exchange("GET", f"/_emulator/export?as={kind}", None, 60)
        if status >= 400:
            raise EmulatorError(raw.decode("utf-8", "replace"))
        return raw.decode("utf-8")

    def keep_baseline(self) -> None:
        """From now on a reset returns to what is there now, until this baseline is forgotten."""
        self._call("POST", "/baseline")

    def forget_baseline(self, *, all: bool = False) -> None:
        """From now on a reset returns to the baseline that was kept before this one, or (``all``) to an empty world."""
        self._call("DELETE", "/baseline?all=true" if all else "/baseline")

    def _call(self, method: str, path: str, body: Any = None, timeout: float = 30) -> Any:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        status, raw = self._exchange(method, f"/_emulator{path}", data, timeout)
        try:
            answer = json.loads(raw)
        except ValueError:
            raise EmulatorError(f"{self.url} is no emulator: {method} /_emulator{path} answered {status}") from None
        if status < 400:
            return answer
        error = answer.get("error", {})
        if "problems" in error:
            raise ScenarioError(error["problems"])
        raise EmulatorError(error.get("message", f"{method} {path} answered {status}"))

    def _exchange(self, method: str, path: str, data: bytes | None, timeout: float) -> tuple[int, bytes]:
        """One request on a connection of its own: nothing stays open that a thread or a test would have to close."""
        address = urlsplit(self.url)
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        connection = kind(address.netloc, timeout=timeout)
        try:
            connection.request(method, path, data, {"Authorization": f"Bearer {self.api_key}"})
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            where = self.url or "an address that is not known before the start"
            raise EmulatorError(f"no emulator answers at {where}: {error}") from None
        finally:
            connection.close()
