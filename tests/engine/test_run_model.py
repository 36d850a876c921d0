"""Random calls of all run operations, legal and illegal: the emulator and a small model of the rules agree.

After each step they agree on the answer's status and words, on every run's life so far, and on the clock.
``RUN_MODEL_EXAMPLES=2000 pytest tests/engine/test_run_model.py`` is a longer campaign, different every time.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from typing import Any

import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from emulator.base.clock import DEFAULT_START
from emulator.scenarios.loading import load_scenarios
from emulator.server.app import Application
from emulator.world.options import Options
from emulator.world.worlds import Worlds
from tests.run_model import LABELS, TURNS, ModelRun, ModelThread, Refusal, Rules
from tests.support import BETA, InProcess, Reply

CAMPAIGN = int(os.environ.get("RUN_MODEL_EXAMPLES", "0"))

WEATHER = {"type": "function", "function": {"name": "get_weather"}}
SCENARIOS = load_scenarios(
    {"turns": [{"name": text, "when": {"message": {"equals": text}}, **turn} for text, turn in TURNS.items()]}
)

#: Turns that can be cancelled late are chosen more often: few of them are cancelled at all.
texts = st.sampled_from([*TURNS, *(text for text, turn in TURNS.items() if "cancel" in turn)])
some = st.integers(0, 11)  # which of those that there are
#: Which run of a thread a request names.
named = st.sampled_from(["newest"] * 7 + ["older", "another thread's", "unknown"])
#: Whether the client requests a stream, and whether its reader stays while it waits.
streams = st.sampled_from(["no", "no", "stays", "leaves"])

#: Which calls' ids come with tool outputs.
sent_ids = st.sampled_from(["right"] * 5 + ["reversed", "missing", "wrong", "extra", "twice"])


@dataclass(eq=False)
class Exchange:
    """A request under way, and what has come of its response."""

    body: bytes
    stays: bool
    messages: list[Any] = field(default_factory=list)
    is_read: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self) -> Any:
        if not self.is_read:
            self.is_read = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        if self.stays:
            await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.messages.append(message)

    @property
    def reply(self) -> Reply:
        headers = {name.decode(): value.decode("latin-1") for name, value in self.messages[0]["headers"]}
        pieces = [message.get("body", b"") for message in self.messages[1:]]
        return Reply(self.messages[0]["status"], headers, b"".join(pieces))

    @property
    def run_events(self) -> list[str]:
        """The statuses of the run that the stream has sent so far."""
        names = [event.event for event in self.reply.events]
        return [name.removeprefix("thread.run.") for name in names if name.count(".") == 2 and ".run." in name]


class Client(InProcess):
    """One event loop for all requests: a stream that waits stays open while others are answered."""

    def __init__(self) -> None:
        self.key = "sk-test"
        self.worlds = Worlds(Options(hold_limit=1e9), SCENARIOS)
        self.app = Application(self.worlds)
        self.loop = asyncio.new_event_loop()
        self.open: dict[Exchange, asyncio.Task[None]] = {}
        # the first admin request of an application waits for an import in a thread, which no number of turns bounds
        self.loop.run_until_complete(self._answer(self._scope("GET", "/_emulator/health"), Exchange(b"", stays=False)))

    def exchange(self, method: str, path: str, json: Any = None, *, stays: bool = True) -> Exchange:
        """Begins a request, and lets it come as far as it comes by itself."""
        scope = self._scope(method, path)
        exchange = Exchange(b"" if json is None else orjson.dumps(json), stays)
        self.open[exchange] = self.loop.create_task(self._answer(scope, exchange))
        self.settle()
        return exchange

    def _scope(self, method: str, path: str) -> dict[str, Any]:
        plain, _, query = path.partition("?")
        headers = {"Authorization": f"Bearer {self.key}", **BETA}
        return {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": plain,
            "raw_path": plain.encode(),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }

    async def _answer(self, scope: Any, exchange: Exchange) -> None:
        await self.app(scope, exchange.receive, exchange.send)

    def request(self, method: str, path: str, json: Any = None, **more: Any) -> Reply:
        exchange = self.exchange(method, path, json)
        assert exchange not in self.open, f"{method} {path} waits"
        return exchange.reply

    def settle(self) -> None:
        """Lets all that is under way come as far as it comes by itself."""
        self.loop.run_until_complete(_a_few_turns())
        for exchange, task in list(self.open.items()):
            if task.done():
                del self.open[exchange]
                task.result()

    def close(self) -> None:
        for exchange in self.open:
            exchange.gone.set()
        self.settle()
        left = len(self.open)
        self.loop.close()
        assert not left


async def _a_few_turns() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


def has_runs(machine: Runs) -> bool:
    return any(thread.runs for thread in machine.model.threads)


class Runs(RuleBasedStateMachine):
    """Each rule asks the model first, then the emulator."""

    def __init__(self) -> None:
        super().__init__()
        self.api, self.model = Client(), Rules()
        #: Streams that were held when they began: the run, and how long its life was by then.
        self.streams: list[tuple[Exchange, ModelRun, int]] = []
        self.learnt: dict[str, list[str]] = {}

    @initialize(first=texts, second=texts)
    def begin(self, first: str, second: str) -> None:
        self.assistant = self.api.assistant(tools=[WEATHER])
        self.open_thread(first)
        self.open_thread(second)

    def teardown(self) -> None:
        self.api.close()

    # ---- Whom a request is about ----

    def thread(self, number: int) -> ModelThread:
        """One of the threads that are there, or, seldom, one that is no more."""
        gone = [thread for thread in self.model.threads if thread.is_deleted]
        there = [thread for thread in self.model.threads if not thread.is_deleted]
        pool = gone if gone and (number == 11 or not there) else there
        return pool[number % len(pool)]

    def used_thread(self, number: int) -> ModelThread:
        """One with a run, if there is any, and mostly with one that is under way."""
        used = [thread for thread in self.model.threads if thread.runs and not thread.is_deleted]
        busy = [thread for thread in used if thread.active]
        pool = busy if busy and number < 8 else used
        return pool[number % len(pool)] if pool and number < 11 else self.thread(number)

    def idle_thread(self, number: int) -> ModelThread:
        """One without a run under way, if there is any."""
        idle = [thread for thread in self.model.threads if not thread.active and not thread.is_deleted]
        return idle[number % len(idle)] if idle else self.thread(number)

    def run_id(self, thread: ModelThread, name: str) -> str:
        if name in ("newest", "older"):
            runs = thread.runs[-1:] if name == "newest" else thread.runs[:-1]
            return runs[0].id if runs else "run_unknown"
        others = [other.runs[-1].id for other in self.model.threads if other is not thread and other.runs]
        return others[0] if name != "unknown" and others else "run_unknown"

    # ---- Agreement ----

    def refused(self, refusal: Refusal, reply: Reply) -> None:
        assert reply.error == (refusal.status, refusal.message, "invalid_request_error", None, reply.error[4])

    def streamed(self, exchange: Exchange, run: ModelRun, since: int, stream: str) -> None:
        """A stream has sent what became of the run since its request; if it waits, the run stands at a hold."""
        assert exchange.reply.status == 200
        assert exchange.run_events == [what for _, what in run.history[since:]]
        assert (exchange in self.api.open) == (run.is_streamed and stream == "stays")
        assert exchange.reply.body.endswith(b"event: done\ndata: [DONE]\n\n") == (not run.is_streamed)
        if exchange in self.api.open:
            self.streams.append((exchange, run, since))

    @invariant()
    def they_agree(self) -> None:
        self.api.settle()
        world, turns = self.api.world, self.api.turns
        for exchange, run, since in [one for one in self.streams if not one[1].thread.is_deleted]:
            expected = [what for _, what in run.history[since:]]
            assert exchange.run_events == expected[: len(exchange.run_events)]
            assert (exchange in self.api.open) == run.is_streamed
        self.streams = [one for one in self.streams if one[0] in self.api.open]
        for thread in self.model.threads:
            for run in thread.runs[-1:]:
                lived = [
                    (moment.time - int(DEFAULT_START), moment.event.removeprefix("thread.run."))
                    for moment in turns[run.id].log.timeline
                    if moment.event.startswith("thread.run.") and not moment.event.startswith("thread.run.step.")
                ]
                assert (turns[run.id].status, lived) == (run.status, run.history)
                assert (turns[run.id].held or "") == run.held
        assert world.clock.now() - DEFAULT_START == self.model.clock
        assert world.problems == []

    # ---- Threads and messages ----

    @precondition(lambda self: sum(not thread.is_deleted for thread in self.model.threads) < 4)
    @rule(text=st.one_of(texts, texts, texts, st.none()))
    def open_thread(self, text: str | None) -> None:
        thread = ModelThread(self.api.thread(*([] if text is None else [text])))
        if text is not None:
            self.model.add_message(thread, text)
        self.model.threads.append(thread)

    @rule(number=some, text=texts)
    def create_message(self, number: int, text: str) -> None:
        thread = self.thread(number)
        body = {"role": "user", "content": text}
        reply = self.api.post(f"/v1/threads/{thread.id}/messages", body)
        try:
            self.model.create_message(thread, text)
        except Refusal as refusal:
            self.refused(refusal, reply)
        else:
            assert reply.status == 200

    @precondition(lambda self: sum(not thread.is_deleted for thread in self.model.threads) > 2)
    @rule(number=some)
    def delete_thread(self, number: int) -> None:
        thread = self.thread(number)
        reply = self.api.delete(f"/v1/threads/{thread.id}")
        try:
            self.model.delete_thread(thread)
        except Refusal as refusal:
            self.refused(refusal, reply)
        else:
            assert (reply.status, reply.json["deleted"]) == (200, True)
            assert all(run.thread is not thread for exchange, run, _ in self.streams if exchange in self.api.open)

    # ---- Creation ----

    @rule(number=some, more=st.one_of(st.none(), st.none(), texts), stream=streams, is_known=st.integers(0, 5))
    def create_run(self, number: int, more: str | None, stream: str, is_known: int) -> None:
        """Also on a thread that is busy, gone or empty, and with an assistant that is not there."""
        thread = self.thread(number)
        if is_known:
            self._create_run(thread, more, stream)
        else:
            reply = self.api.run(thread.id, "asst_unknown", stream=stream != "no")
            gone = f"No thread found with id '{thread.id}'." if thread.is_deleted else ""
            self.refused(Refusal(404, gone or "No assistant found with id 'asst_unknown'."), reply)

    @rule(number=some, text=texts, stream=streams)
    def ask(self, number: int, text: str, stream: str) -> None:
        """Most runs are made so."""
        self._create_run(self.idle_thread(number), text, stream)

    def _create_run(self, thread: ModelThread, more: str | None, stream: str) -> None:
        body: dict[str, Any] = {"assistant_id": self.assistant, "stream": stream != "no"}
        if more is not None:
            body["additional_messages"] = [{"role": "user", "content": more}]
        exchange = self.api.exchange("POST", f"/v1/threads/{thread.id}/runs", body, stays=stream == "stays")
        try:
            run = self.model.create_run(thread, more, stream=stream != "no")
        except Refusal as refusal:
            self.refused(refusal, exchange.reply)
        else:
            self._created(exchange, run, stream)

    @precondition(lambda self: sum(not thread.is_deleted for thread in self.model.threads) < 4)
    @rule(text=texts, stream=streams)
    def create_thread_and_run(self, text: str, stream: str) -> None:
        messages = [{"role": "user", "content": text}]
        body = {"assistant_id": self.assistant, "stream": stream != "no", "thread": {"messages": messages}}
        exchange = self.api.exchange("POST", "/v1/threads/runs", body, stays=stream == "stays")
        thread = ModelThread("")
        self.model.threads.append(thread)
        run = self.model.create_run(thread, text, stream=stream != "no")
        self._created(exchange, run, stream)
        thread.id = self.api.turns[run.id].thread_id

    def _created(self, exchange: Exchange, run: ModelRun, stream: str) -> None:
        assert exchange.reply.status == 200
        if stream == "no":
            shown = exchange.reply.json
            assert shown["status"] == "queued"
            run.id = shown["id"]
        else:
            events = [event for event in exchange.reply.events if event.event == "thread.run.created"]
            run.id = events[0].json()["id"]
            self.streamed(exchange, run, 0, stream)

    # ---- Polls ----

    @precondition(has_runs)
    @rule(number=some, name=named)
    def get_run(self, number: int, name: str) -> None:
        thread = self.used_thread(number)
        id = self.run_id(thread, name)
        reply = self.api.get(f"/v1/threads/{thread.id}/runs/{id}")
        try:
            run = self.model.find_run(thread, id)
            self.model.poll(thread)
        except Refusal as refusal:
            self.refused(refusal, reply)
        else:
            shown = reply.json
            assert (reply.status, shown["status"]) == (200, run.status)
            action = shown["required_action"]
            calls = action["submit_tool_outputs"]["tool_calls"] if action else []
            assert len(calls) == (run.calls if run.status == "requires_action" else 0)

    @precondition(has_runs)
    @rule(number=some, order=st.sampled_from(["asc", "desc"]), limit=st.sampled_from([1, 2, 20]))
    def list_runs(self, number: int, order: str, limit: int) -> None:
        """Moves the active run only if it is on the page."""
        thread = self.used_thread(number)
        reply = self.api.get(f"/v1/threads/{thread.id}/runs?order={order}&limit={limit}")
        try:
            self.model.find_thread(thread)
        except Refusal as refusal:
            self.refused(refusal, reply)
            return
        page = (thread.runs if order == "asc" else thread.runs[::-1])[:limit]
        if thread.active in page:
            self.model.poll(thread)
        assert reply.status == 200
        assert [(run["id"], run["status"]) for run in reply.json["data"]] == [(run.id, run.status) for run in page]

    @precondition(has_runs)
    @rule(number=some, name=named)
    def list_run_steps(self, number: int, name: str) -> None:
        thread = self.used_thread(number)
        id = self.run_id(thread, name)
        reply = self.api.get(f"/v1/threads/{thread.id}/runs/{id}/steps")
        try:
            run = self.model.find_run(thread, id)
            self.model.poll(thread)
        except Refusal as refusal:
            self.refused(refusal, reply)
        else:
            ids = [step["id"] for step in reply.json["data"]]
            assert (reply.status, len(ids)) == (200, run.run_steps)
            self.learnt[id] = ids

    @precondition(has_runs)
    @rule(number=some, name=named, which=some)
    def get_run_step(self, number: int, name: str, which: int) -> None:
        """Moves first, then answers: also when there is no such step."""
        thread = self.used_thread(number)
        id = self.run_id(thread, name)
        known = self.learnt.get(id, ["step_unknown"])
        step_id = known[which % len(known)] if known else "step_unknown"
        reply = self.api.get(f"/v1/threads/{thread.id}/runs/{id}/steps/{step_id}")
        try:
            self.model.find_run(thread, id)
            self.model.poll(thread)
            if step_id == "step_unknown":
                raise Refusal(404, f"No run step found with id '{step_id}'.")
        except Refusal as refusal:
            self.refused(refusal, reply)
        else:
            assert (reply.status, reply.json["id"]) == (200, step_id)

    @precondition(has_runs)
    @rule(number=some)
    def list_messages(self, number: int) -> None:
        thread = self.used_thread(number)
        reply = self.api.get(f"/v1/threads/{thread.id}/messages?limit=100")
        try:
            self.model.find_thread(thread)
        except Refusal as refusal:
            self.refused(refusal, reply)
        else:
            self.model.poll(thread)
            ids = [message["id"] for message in reply.json["data"]]
            assert (reply.status, len(ids)) == (200, min(thread.messages, 100))
            self.learnt[thread.id] = ids

    @precondition(has_runs)
    @rule(number=some, which=some)
    def get_message(self, number: int, which: int) -> None:
        """Moves first, then answers: also when there is no such message."""
        thread = self.used_thread(number)
        known = self.learnt.get(thread.id, ["msg_unknown"])
        id = known[which % len(known)] if known else "msg_unknown"
        reply = self.api.get(f"/v1/threads/{thread.id}/messages/{id}")
        try:
            self.model.find_thread(thread)
            self.model.poll(thread)
            if id == "msg_unknown":
                raise Refusal(404, f"No message found with id '{id}'.")
        except Refusal as refusal:
            self.refused(refusal, reply)
        else:
            assert (reply.status, reply.json["id"]) == (200, id)

    # ---- Changes ----

    @precondition(has_runs)
    @rule(number=some, name=named)
    def cancel_run(self, number: int, name: str) -> None:
        thread = self.used_thread(number)
        id = self.run_id(thread, name)
        reply = self.api.post(f"/v1/threads/{thread.id}/runs/{id}/cancel")
        try:
            shown = self.model.cancel(self.model.find_run(thread, id))
        except Refusal as refusal:
            self.refused(refusal, reply)
        else:
            assert (reply.status, reply.json["status"]) == (200, shown)

    @precondition(has_runs)
    @rule(number=some, name=named, sent=sent_ids, stream=streams)
    def submit_tool_outputs(self, number: int, name: str, sent: str, stream: str) -> None:
        thread = self.used_thread(number)
        self._submit(thread, self.run_id(thread, name), sent, stream)

    @precondition(lambda self: self.waiting_runs())
    @rule(number=some, sent=sent_ids, stream=streams)
    def answer_calls(self, number: int, sent: str, stream: str) -> None:
        """Outputs for a run that waits for some."""
        runs = self.waiting_runs()
        run = runs[number % len(runs)]
        self._submit(run.thread, run.id, sent, stream)

    def waiting_runs(self) -> list[ModelRun]:
        return [run for run in self.model.active_runs() if run.status == "requires_action"]

    def _submit(self, thread: ModelThread, id: str, sent: str, stream: str) -> None:
        expected = self._required_ids(id)
        got = {
            "right": expected,
            "reversed": expected[::-1],
            "missing": expected[1:],
            "wrong": ["call_unknown", *expected[1:]],
            "extra": [*expected, "call_unknown"],
            "twice": [*expected, *expected],
        }[sent] or ["call_unknown"]
        outputs = [{"tool_call_id": one, "output": "{}"} for one in got]
        body = {"tool_outputs": outputs, "stream": stream != "no"}
        path = f"/v1/threads/{thread.id}/runs/{id}/submit_tool_outputs"
        exchange = self.api.exchange("POST", path, body, stays=stream == "stays")
        try:
            run = self.model.find_run(thread, id)
            since = len(run.history)
            shown = self.model.submit(run, expected, got, stream=stream != "no")
        except Refusal as refusal:
            self.refused(refusal, exchange.reply)
            return
        if stream == "no":
            assert (exchange.reply.status, exchange.reply.json["status"]) == (200, shown)
        else:
            self.streamed(exchange, run, since, stream)

    def _required_ids(self, run_id: str) -> list[str]:
        """The ids of the calls for whose outputs a run waits."""
        return [call["id"] for call in self.api.required_calls(run_id)] if run_id in self.api.turns else []

    @precondition(has_runs)
    @rule(number=some, name=named)
    def modify_run(self, number: int, name: str) -> None:
        thread = self.used_thread(number)
        id = self.run_id(thread, name)
        reply = self.api.post(f"/v1/threads/{thread.id}/runs/{id}", {"metadata": {"seen": "yes"}})
        try:
            shown = self.model.modify(self.model.find_run(thread, id))
        except Refusal as refusal:
            self.refused(refusal, reply)
        else:
            assert (reply.status, reply.json["status"]) == (200, shown)

    # ---- The emulator's own operations ----

    @rule(seconds=st.sampled_from([0, 0.5, 1, 1, 2, 5, 30, 100, 590, 600, 601]))
    def advance(self, seconds: float) -> None:
        reply = self.api.post("/_emulator/clock/advance", {"seconds": seconds})
        self.model.advance(seconds)
        assert (reply.status, reply.json) == (200, {"now": DEFAULT_START + self.model.clock})

    @rule(label=st.sampled_from(LABELS))
    def release(self, label: str) -> None:
        assert self.api.post(f"/_emulator/holds/{label}/release").status == 200
        self.model.release(label)


TestRuns = Runs.TestCase
TestRuns.settings = settings(
    max_examples=CAMPAIGN or 60,
    stateful_step_count=80,
    deadline=None,
    derandomize=not CAMPAIGN,
    database=None,
    suppress_health_check=list(HealthCheck),
)
