"""Token usage. A scenario can state it; what it does not state is estimated, the same on every run.

The estimate: a token is four bytes of UTF-8, rounded up. A run step's prompt is what the model would have read then
(instructions, tools, the thread's messages, as cut by the truncation strategy, and what the run itself has written or
was told so far); its completion is what it wrote. A run's usage is the sum over its steps (recorded: 544 = 260 + 284).
"""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from emulator.apis.assistants.views import texts_in_row
from emulator.base.json_types import Object

#: What ``truncation_strategy: auto`` keeps at most: a context of this many tokens.
AUTO_CONTEXT = 128_000


def tokens(text: str) -> int:
    """The estimate for one text."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // 4)


def of(prompt_tokens: int, completion_tokens: int) -> Object:
    """The usage object of a run or run step. ``prompt_token_details`` is the wire's own singular (FACTS §2)."""
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_token_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def total(usages: Iterable[Object | None]) -> Object:
    """The sum; of nothing it is zeros."""
    known = [usage for usage in usages if usage]
    return of(
        sum(usage["prompt_tokens"] for usage in known),
        sum(usage["completion_tokens"] for usage in known),
    )


def share(stated: Object, number: int, steps: int) -> Object:
    """The part of a turn's stated usage that falls to one of its ``steps`` run steps (``number`` counts from 0)."""

    def part(key: str) -> int:
        whole, rest = divmod(int(stated.get(key, 0)), steps)
        return whole + (number < rest)

    return of(part("prompt_tokens"), part("completion_tokens"))


def prompt(run: Object, messages_newest_first: Iterable[bytes]) -> int:
    """Tokens that the model reads before its first word in this run; messages as stored bytes."""
    fixed = tokens(run["instructions"] or "") + (tokens(orjson.dumps(run["tools"]).decode()) if run["tools"] else 0)
    cut = run["truncation_strategy"]
    most = cut["last_messages"] if cut["type"] == "last_messages" else None
    read = 0
    for number, row in enumerate(messages_newest_first):
        if number == most or fixed + read >= AUTO_CONTEXT:
            break
        read += sum(map(tokens, texts_in_row(row)))
    return min(fixed + read, AUTO_CONTEXT)
