"""The client of an emulator's admin API, for tests, fixtures and the command line.

It imports no server and no validator, so that its import is cheap.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import quote, urlencode, urlsplit

from emulator.base.clock import is_sleep
from emulator.base.files import read_file
from emulator.base.problems import CheckFailed, EmulatorError, EmulatorWarning, Problem, ScenarioError
from emulator.control.async_verbs import AsyncVerbs, refuse_in_event_loop
from emulator.control.records import Request, Run, TimelineEvent, Transcript

if TYPE_CHECKING:
    from emulator.control.backfill import BackfillReport
    from emulator.control.world_report import WorldReport


class Control(AsyncVerbs):
    """An emulator that runs at ``url`` (without ``/v1``), in the world of ``api_key``.

    All methods raise EmulatorError if the emulator refuses a request or cannot be reached.
    """

    def __init__(self, url: str, api_key: str) -> None:
        self.url = url.rstrip("/").removesuffix("/v1")
        self.api_key = api_key

    @property
    def base_url(self) -> str:
        """The ``base_url`` for an OpenAI client."""
        return f"{self.url}/v1"

    @property
    def environ(self) -> dict[str, str]:
        """The environment variables that point OpenAI's and Azure's clients here; ``NO_PROXY`` keeps its hosts."""
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

    @contextmanager
    def leading(self, *, allow_real: bool = False) -> Iterator[Self]:
        """Points clients that read the environment here, and refuses connections to the real service, for a block."""
        from emulator.control.leading import leading

        if not self.url:
            raise EmulatorError("leading(): start the emulator first; its address is unknown before")
        with leading(self.environ, allow_real=allow_real):
            yield self

    def reset(self, **options: Any) -> None:
        """Begins a new world without objects, requests and problems. Open streams of the old world break off.

        ``options`` (seed, clock, start, unmatched, shapes, sleepers) apply until the next reset.
        """
        self._call("POST", "/reset", options)

    def advance(self, seconds: float) -> None:
        """Moves the ``skip`` clock. Everything that becomes due is played or expires, in order of time.

        In an event loop, ``await advance_async(seconds)``; only in place of ``time.sleep`` it works there too.
        """
        if not is_sleep(self.advance):  # code that sleeps blocks its loop with or without the emulator
            refuse_in_event_loop("advance")
        self._call("POST", "/clock/advance", {"seconds": seconds})

    def load(self, scenario: str | Path | dict[str, Any]) -> str:
        """Adds a scenario, which takes precedence over those already loaded, and returns its name.

        A file is read here and posted. Raises ScenarioError with all problems, OSError for an unreadable file.
        """
        if isinstance(scenario, dict):
            query, text, folder = "", json.dumps(scenario).encode(), Path()
        else:
            file = Path(scenario)
            query, text = "?" + urlencode({"file": str(file), "name": file.stem}), read_file(file)
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
        """Releases a hold, for the runs that wait at it and for those to come."""
        self._call("POST", f"/holds/{quote(label, safe='')}/release")

    def wait_held(self, label: str, timeout: float = 5) -> str:
        """Waits until a run reaches the hold, at most ``timeout`` real seconds, and returns the run's id.

        In an event loop, ``await wait_held_async(label)``.
        """
        refuse_in_event_loop("wait_held")
        path = f"/holds/{quote(label, safe='')}?timeout={timeout}"
        run_id: str = self._call("GET", path, timeout=timeout + 10)["run_id"]
        return run_id

    def inject(self, fault: dict[str, Any]) -> None:
        """Adds a fault, written as in a scenario's ``faults``. It takes precedence over all others."""
        self._call("POST", "/faults", fault)

    def requests(
        self, operation: str | None = None, *, thread: str | None = None, run: str | None = None
    ) -> list[Request]:
        """The journal of requests and responses, oldest first. The arguments select; ``run`` may be a response."""
        filters = {"operation": operation, "thread": thread, "run": run}
        query = urlencode({key: value for key, value in filters.items() if value is not None})
        found = self._call("GET", "/requests" + (f"?{query}" if query else ""))["requests"]
        return [Request(**one) for one in found]

    def runs(self) -> list[Run]:
        """All runs, and the responses of each turn together, with their timelines, oldest first."""
        return [
            Run(
                id=one["id"],
                thread_id=one["thread_id"],
                turn=one["turn"],
                status=one["status"],
                timeline=tuple(TimelineEvent(times=e.pop("count"), **e) for e in one["timeline"]),
                responses=tuple(one["responses"]),
            )
            for one in self._call("GET", "/runs")["runs"]
        ]

    def timelines(self) -> str:
        """All runs as text, for golden files: ``str(run)`` of each, with numbers in place of ids."""
        threads: dict[str, int] = {}
        texts = []
        for number, run in enumerate(self.runs(), 1):
            thread = threads.setdefault(run.thread_id, len(threads) + 1)
            texts.append(f"run {number} {'in conversation' if run.responses else 'on thread'} {thread}, {run}\n")
        return "\n".join(texts)

    def transcripts(self) -> list[Transcript]:
        """What a user would notice of each turn, oldest turn first, whichever API played it."""
        return [Transcript.from_json(one) for one in self._call("GET", "/transcripts")["transcripts"]]

    def state(self) -> dict[str, Any]:
        """Clock, settings, numbers of objects, active runs, and the number of requests by operation (``asked``)."""
        found: dict[str, Any] = self._call("GET", "/state")
        return found

    def snapshot(self, after: int = 0) -> dict[str, Any]:
        """The world as the inspector shows it: what has changed after the change ``after``; everything if it is 0."""
        found: dict[str, Any] = self._call("GET", f"/snapshot?after={after}", timeout=120)
        return found

    def request(self, seq: int) -> dict[str, Any]:
        """One request of the journal with headers and bodies, by its number."""
        found: dict[str, Any] = self._call("GET", f"/requests/{seq}")
        return found

    def worlds(self) -> list[dict[str, Any]]:
        """All worlds of the server. Where each key has its own, ``api_key`` has to be that of ``serve --admin-key``."""
        found: list[dict[str, Any]] = self._call("GET", "/worlds")["worlds"]
        return found

    def events(self, timeout: float = 30) -> Iterator[tuple[str, int]]:
        """The epoch of the world and the number of its last change, at once and after each change.

        A reset begins a new epoch. Ends when the server does; raises EmulatorError after ``timeout`` real seconds
        without a change.
        """
        connection = self._connection(timeout)
        try:
            connection.request("GET", "/_emulator/events", headers={"Authorization": f"Bearer {self.api_key}"})
            for line in connection.getresponse():
                if line.startswith(b"data: "):
                    news = json.loads(line[6:])
                    yield news["epoch"], news["seq"]
        except (OSError, http.client.HTTPException) as error:
            raise EmulatorError(f"no change within {timeout:g} seconds at {self.url}: {error}") from None
        finally:
            connection.close()

    def problems(self) -> list[Problem]:
        """The problems that ``check`` would raise."""
        return [Problem.from_json(one) for one in self._call("GET", "/check")["problems"]]

    def warnings(self) -> list[Problem]:
        """What fails nothing and should be known, as a version of Azure's that had no Assistants API."""
        return [Problem.from_json(one) for one in self._call("GET", "/check").get("warnings", ())]

    def check(self) -> None:
        """Raises CheckFailed (an AssertionError with ``problems``) if there is any problem.

        What ``warnings`` lists becomes a Python warning, EmulatorWarning.
        """
        found = self._call("GET", "/check")
        for one in found.get("warnings", ()):
            warnings.warn(str(Problem.from_json(one)), EmulatorWarning, stacklevel=2)
        if problems := [Problem.from_json(one) for one in found["problems"]]:
            raise CheckFailed(problems)

    def report(self, *, review: bool = True) -> WorldReport:
        """What was left undone in the world (``loose_ends``), how its scenarios were used, its habits, and its cost.

        ``review=False`` leaves habits and cost out, which take longer where there are many requests.
        """
        from emulator.control.world_report import WorldReport

        return WorldReport.from_json(self._call("GET", "/report" if review else "/report?review=false"))

    def backfill(self) -> BackfillReport:
        """How the conversations of the world differ from its threads; ``str(report)`` is the same as text."""
        from emulator.control.backfill import BackfillReport

        return BackfillReport.from_json(self._call("GET", "/backfill"))

    def export(
        self,
        kind: Literal["recording", "scenario"] = "recording",
        *,
        run: str | None = None,
        redact: Sequence[str] | None = (),
    ) -> str:
        """The journal as a recording (JSON Lines), or the objects as a scenario file with what is ``given`` (YAML).

        ``run``: the id of a run or a response, which then is the scenario's only turn. Secrets are redacted, and what
        the regular expressions of ``redact`` match; None keeps all of them.
        """
        query = [("as", kind), *(("redact", one) for one in redact or ())]
        query += [("no_redact", "true")] if redact is None else []
        query += [("run", run)] if run else []
        status, raw = self._exchange("GET", f"/_emulator/export?{urlencode(query)}", None, 60)
        if status >= 400:
            raise EmulatorError(raw.decode("utf-8", "replace"))
        return raw.decode("utf-8")

    def keep_baseline(self) -> None:
        """Makes the present state the baseline that a reset returns to, until it is forgotten."""
        self._call("POST", "/baseline")

    def forget_baseline(self, *, all: bool = False) -> None:
        """Forgets the last baseline, so that a reset returns to the one before; with ``all`` forgets all of them."""
        self._call("DELETE", "/baseline?all=true" if all else "/baseline")

    def end_connections(self) -> None:
        """Ends each connection with its response, so that an asynchronous client may outlive its event loop.

        This holds for all clients of this key but the SDK's synchronous one, until ``keep_connections``.
        """
        self._call("POST", "/connections")

    def keep_connections(self) -> None:
        """Leaves connections open again after a response."""
        self._call("DELETE", "/connections")

    def _call(self, method: str, path: str, body: Any = None, timeout: float = 30) -> Any:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        status, raw = self._exchange(method, f"/_emulator{path}", data, timeout)
        try:
            answer = json.loads(raw)
        except ValueError:
            raise EmulatorError(f"{self.url} is not an emulator: {method} /_emulator{path} returned {status}") from None
        if status < 400:
            return answer
        error = answer.get("error", {})
        if "problems" in error:
            raise ScenarioError(error["problems"])
        raise EmulatorError(error.get("message", f"{method} {path} returned {status}"))

    def _exchange(self, method: str, path: str, data: bytes | None, timeout: float) -> tuple[int, bytes]:
        """Sends a request on a connection of its own, so that no connection stays open in a thread or a test."""
        connection = self._connection(timeout)
        try:
            connection.request(method, path, data, {"Authorization": f"Bearer {self.api_key}"})
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            where = self.url or "an address that is unknown before the start"
            raise EmulatorError(f"no emulator responds at {where}: {error}") from None
        finally:
            connection.close()

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        address = urlsplit(self.url)
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        return kind(address.netloc, timeout=timeout)
