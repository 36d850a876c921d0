"""Token usage of runs and run steps, in the API's form.

A scenario can state it; what it does not state is estimated, the same on every run (``engine/usage.py``). A run step's
prompt is what the model would read then: instructions, tools, the thread's messages as the truncation strategy cuts
them, and what the run itself has written or received so far. Its completion is what it wrote. A run's usage is the sum
over its steps (docs/wire.md §2).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import dropwhile

import orjson

from emulator.apis.assistants.objects import Run
from emulator.apis.assistants.store import Thread
from emulator.base.json_types import Object
from emulator.engine import usage


def of(prompt_tokens: int, completion_tokens: int, reasoning_tokens: int = 0) -> Object:
    """The usage of a run or run step; ``reasoning_tokens`` are part of the completion.

    ``prompt_token_details`` is the wire's own singular (docs/wire.md §2).
    """
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_token_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": min(reasoning_tokens, completion_tokens)},
    }


def total(usages: Iterable[Object | None]) -> Object:
    """The sum; of nothing it is zeros."""
    prompt_tokens = completion_tokens = reasoning_tokens = 0
    for one in usages:
        if one:
            prompt_tokens += one["prompt_tokens"]
            completion_tokens += one["completion_tokens"]
            reasoning_tokens += one["completion_tokens_details"]["reasoning_tokens"]
    return of(prompt_tokens, completion_tokens, reasoning_tokens)


def share(stated: Object, number: int, steps: int, reasoning_tokens: int = 0) -> Object:
    """The part of a turn's stated usage that falls to one of its ``steps`` run steps (``number`` counts from 0)."""
    prompt, completion = (
        usage.part(int(stated.get(key, 0)), number, steps) for key in ("prompt_tokens", "completion_tokens")
    )
    return of(prompt, completion, reasoning_tokens)


def prompt(run: Run, thread: Thread) -> int:
    """Tokens that the model reads before its first word in this run."""
    fixed = usage.tokens(run["instructions"] or "")
    if run["tools"]:
        fixed += usage.tokens(orjson.dumps(run["tools"]).decode())
    cut, newest = run["truncation_strategy"], thread.messages.newest_first()
    if cut["type"] == "last_messages":
        before = dropwhile(lambda one: one[1].run_id == run["id"], newest)
        return usage.prompt(fixed, (message.tokens for _, message in before), cut["last_messages"])
    read = thread.tokens  # nearly all runs: the sum is known
    for _, message in newest:
        if message.run_id != run["id"]:
            break
        read -= message.tokens
    return min(fixed + read, usage.CONTEXT)


class UsageCounter:
    """The usage of one run, step by step. ``stated``: what the turn states, for so many ``steps``.

    Reasoning has no run step: its tokens are part of the next step's completion. A usage that a scenario states for a
    run step or turn includes them; one that is stated beside the reasoning itself is added.
    """

    __slots__ = ("_beside", "_prompt", "_reasoned", "_run", "_stated", "_steps", "_steps_done", "_thread", "_written")

    def __init__(self, run: Run, thread: Thread, stated: Object | None, steps: int) -> None:
        self._run, self._thread, self._stated, self._steps = run, thread, stated, steps or 1
        self._prompt: int | None = None
        self._steps_done = self._written = 0
        #: Reasoning since the last run step: its estimated tokens, and the usages that are stated beside it.
        self._reasoned = 0
        self._beside: tuple[Object, ...] = ()

    def reason(self, stated: Object | None, summary: Iterable[str]) -> None:
        """The model has reasoned; the run step that ends next counts it."""
        if stated is None:
            self._reasoned += sum(map(usage.tokens, summary))
        else:
            completion = int(stated.get("completion_tokens", 0))
            self._beside += (of(int(stated.get("prompt_tokens", 0)), completion, completion),)

    def step(self, stated: Object | None, written: str) -> Object:
        """The usage of the run step that ends now: as stated beside it, or its part of the turn's, or estimated."""
        completion, reasoned, beside = usage.tokens(written), self._reasoned, self._beside
        self._reasoned, self._beside = 0, ()
        before = self._read()
        self._written += completion
        number = self._steps_done
        self._steps_done += 1
        if stated is not None:
            own = of(int(stated.get("prompt_tokens", 0)), int(stated.get("completion_tokens", 0)), reasoned)
        elif self._stated is not None:
            own = share(self._stated, number, self._steps, reasoned)
        else:
            own = of(before, completion + reasoned, reasoned)
        return total([own, *beside]) if beside else own

    def of_run(self) -> Object:
        """The sum over the run's steps; what the turn states, when the run ended before its first.

        Reasoning that no run step followed is part of it.
        """
        used: list[Object | None] = [step["usage"] for step in self._thread.steps_of(self._run["id"])]
        if not used and self._stated:
            return total([share(self._stated, 0, 1, self._reasoned), *self._beside])
        if self._reasoned and self._stated is None:
            used.append(of(self._read(), self._reasoned, self._reasoned))
        return total([*used, *self._beside])

    def _read(self) -> int:
        """Tokens that the model reads by now."""
        if self._prompt is None:
            self._prompt = prompt(self._run, self._thread)
        return self._prompt + self._written
