"""Habits that cost users of an application time, money or answers, each found in the journal of a world.

A habit is one registered function: given the requests, it yields what breaks it. The advice is that of the overview of
the Assistants API that its users know: reuse assistants, one thread a user, look for active runs, stream, bound your
polls, clean up, keep outputs small.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

import orjson

from emulator.apis.review.calls import Call, Calls
from emulator.base.habits import Habit
from emulator.base.limits import MAX_TOOL_OUTPUTS
from emulator.base.text import plural

#: Threads with one message each, of the same user, after which they look like a habit.
_LONE_THREADS: Final = 3
#: Polls of one run that look like a loop without a bound.
_MANY_POLLS: Final = 100
#: Characters of an answer that a user would rather see grow.
_LONG_TEXT: Final = 400
#: The part of a limit from which on an output is near it.
_NEAR: Final = 0.8
#: Keys of metadata that name a user.
_USER_KEYS: Final = ("user_id", "user", "userId", "customer_id", "customer")

_CREATE_RUN: Final = ("create_run", "create_thread_and_run")

Find = Callable[[Calls], Iterable["Found"]]


class Found(NamedTuple):
    """A place where a habit is broken. ``calls``: the requests that show it; ``run_id``: the run that it is about."""

    message: str
    calls: list[Call]
    run_id: str | None = None


class HabitKind(NamedTuple):
    """``advice``: what a reviewer would say."""

    name: str
    advice: str
    find: Find


HABITS: Final[dict[str, HabitKind]] = {}


def habit(name: str, advice: str) -> Callable[[Find], Find]:
    """Registers a habit. Raises ValueError for a name that is taken."""

    def register(find: Find) -> Find:
        if name in HABITS:
            raise ValueError(f"there is a habit {name!r} already")
        HABITS[name] = HabitKind(name, advice, find)
        return find

    return register


def habits_of(calls: Calls) -> list[Habit]:
    """Everything in these requests that breaks a habit, in the order of the registry."""
    return [
        Habit(
            kind.name,
            f"{found.message}: {kind.advice}",
            *_place(calls, found),
            run_id=found.run_id,
            requests=tuple(call.seq for call in found.calls),
        )
        for kind in HABITS.values()
        for found in kind.find(calls)
    ]


def _place(calls: Calls, found: Found) -> tuple[str | None, int | None]:
    """The scenario's file and line of the turn that the first of the requests is about."""
    for id in (found.run_id, *(call.run_id for call in found.calls)):
        turn: Any = calls.world.turns.get(id or "")
        if turn is not None and turn.turn.file:
            return turn.turn.file, turn.turn.line
    return None, None


# ---- The habits ----


@habit("reuse_assistants", "create an assistant once, and use its id for every question")
def _reuse_assistants(calls: Calls) -> Iterator[Found]:
    same: dict[bytes, list[Call]] = defaultdict(list)
    for call in calls.of("create_assistant"):
        same[orjson.dumps(call.body, option=orjson.OPT_SORT_KEYS)].append(call)
    for made in same.values():
        if len(made) > 1:
            name = made[0].body.get("name") or made[0].body.get("model")
            yield Found(f"{plural(len(made), 'assistant')} with the same configuration ({name}) were created", made)


@habit("one_thread_a_user", "keep one thread for each user, and add each message to it")
def _one_thread_a_user(calls: Calls) -> Iterator[Found]:
    yield from _shared_threads(calls)
    made: dict[str, list[Call]] = defaultdict(list)
    asked = _questions(calls)
    for call in calls.of("create_thread", "create_thread_and_run", "create_conversation"):
        body = call.body.get("thread") or {} if call.operation == "create_thread_and_run" else call.body
        if asked.get(call.thread_id or call.id, 0) == 1:
            made[_user(body)].append(call)
    for user, lone in made.items():
        if len(lone) >= _LONE_THREADS:
            whose = f" of user {user}" if user else ""
            yield Found(f"{plural(len(lone), 'thread')}{whose} were created for one message each", lone)


def _questions(calls: Calls) -> dict[str, int]:
    """How many turns were played on each thread or conversation."""
    asked: dict[str, int] = defaultdict(int)
    for call in calls.of(*_CREATE_RUN, "create_response"):
        asked[call.thread_id or ""] += 1
    return asked


def _shared_threads(calls: Calls) -> Iterator[Found]:
    """One thread on which messages, runs or responses name different users."""
    by_thread: dict[str, dict[str, Call]] = defaultdict(dict)
    for call in calls.of("create_message", "create_run", "create_response"):
        user = _user(call.body)
        if call.thread_id and user:
            by_thread[call.thread_id].setdefault(user, call)
    for thread, users in by_thread.items():
        if len(users) > 1:
            yield Found(f"{thread} has messages of {', '.join(sorted(users))}", list(users.values()))


def _user(body: Any) -> str:
    """The user that a request names; empty if it names none."""
    if not isinstance(body, dict):
        return ""
    metadata = body.get("metadata")
    named = [metadata.get(key) for key in _USER_KEYS] if isinstance(metadata, dict) else []
    return next((str(one) for one in [*named, body.get("user"), body.get("safety_identifier")] if one), "")


@habit("check_active_runs", "look for an active run first, or wait until it has ended")
def _check_active_runs(calls: Calls) -> Iterator[Found]:
    by_thread: dict[str, list[Call]] = defaultdict(list)
    for call in calls.refused("create_run", "create_message", "create_response"):
        error = call.answer.get("error") or {}
        words = str(error.get("message") or "")
        if "already has an active run" in words or "while a run" in words or error.get("code") == "conversation_locked":
            by_thread[call.thread_id or ""].append(call)
    for thread, refused in by_thread.items():
        verb = "was" if len(refused) == 1 else "were"
        yield Found(f"{plural(len(refused), 'request')} {verb} refused, as a run was active on {thread}", refused)


@habit("stream", "stream an answer that takes a while, so that the user sees it grow")
def _stream(calls: Calls) -> Iterator[Found]:
    for call in calls.of(*_CREATE_RUN, "create_response"):
        turn: Any = calls.world.turns.get(call.run_id or "")
        if call.streamed or call.body.get("background") or turn is None:
            continue
        length = max((len(text) for text in turn.transcript()["texts"]), default=0)
        if length >= _LONG_TEXT:
            yield Found(f"an answer of {length:,} characters was not streamed", [call], call.run_id)


@habit("bound_polling", "give up, or cancel the run, after a time that you choose")
def _bound_polling(calls: Calls) -> Iterator[Found]:
    polls: dict[str, list[Call]] = defaultdict(list)
    for call in calls.of("get_run", "list_runs", "list_run_steps", "list_messages", "get_response"):
        polls[call.run_id or call.thread_id or ""].append(call)
    for id, several in polls.items():
        times = sum(call.times for call in several)
        if id and times >= _MANY_POLLS:
            yield Found(f"{id} was polled {times:,} times", several[-1:], id)


#: What is created and deleted by requests: the noun, the operations that make it, and the one that deletes it.
_KEPT: Final = (
    ("thread", ("create_thread", "create_thread_and_run"), "delete_thread"),
    ("conversation", ("create_conversation",), "delete_conversation"),
    ("vector store", ("create_vector_store",), "delete_vector_store"),
    ("file", ("create_file",), "delete_file"),
)


@habit("clean_up", "delete what nobody needs any more, or let it expire")
def _clean_up(calls: Calls) -> Iterator[Found]:
    for noun, creates, deletes in _KEPT:
        deleted = {call.id for call in calls.of(deletes)}
        left = [call for call in calls.of(*creates) if _made_id(call) not in deleted and not _expires(call)]
        if left:
            verb = "was" if len(left) == 1 else "were"
            yield Found(f"{plural(len(left), noun)} {verb} created and not deleted", left)


def _made_id(call: Call) -> str:
    return (call.thread_id or "") if call.operation == "create_thread_and_run" else call.id


def _expires(call: Call) -> bool:
    return bool(call.answer.get("expires_after") or call.answer.get("expires_at"))


@habit("small_outputs", "send what the model needs, for instance the first rows and a count")
def _small_outputs(calls: Calls) -> Iterator[Found]:
    for call in calls.of("submit_tool_outputs_to_run"):
        outputs = [one for one in call.body.get("tool_outputs") or [] if isinstance(one, dict)]
        size = sum(len(str(one.get("output") or "").encode()) for one in outputs)
        if size >= _NEAR * MAX_TOOL_OUTPUTS:
            yield Found(
                f"outputs of {size:,} of at most {MAX_TOOL_OUTPUTS:,} bytes were submitted", [call], call.run_id
            )
