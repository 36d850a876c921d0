"""Token usage: the estimate, sums and shares, and what a truncated prompt counts."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.apis.assistants import objects, usage
from emulator.apis.assistants.objects import Run
from emulator.apis.assistants.store import Thread
from emulator.apis.assistants.usage import UsageCounter
from emulator.base.json_types import Object
from emulator.engine.usage import CONTEXT, tokens


@pytest.mark.parametrize(
    ("text", "estimate"),
    [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("\u00e9\u00e9", 1), ("\U0001f600", 1), ("\U0001f600a", 2),
     ("x" * 400, 100), ("\ud800", 1)],
)  # fmt: skip
def test_a_token_is_four_bytes_rounded_up(text: str, estimate: int) -> None:
    assert tokens(text) == estimate


def test_usage_has_the_keys_and_the_order_of_the_wire() -> None:
    assert orjson.dumps(usage.of(31, 12)) == (
        b'{"prompt_tokens":31,"completion_tokens":12,"total_tokens":43,'
        b'"prompt_token_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}'
    )


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([], usage.of(0, 0)),
        ([None], usage.of(0, 0)),
        ([usage.of(1, 2)], usage.of(1, 2)),
        ([usage.of(260, 20), None, usage.of(284, 5)], usage.of(544, 25)),
    ],
    ids=str,
)
def test_a_run_s_usage_is_the_sum_over_its_steps(parts: list[Object | None], whole: Object) -> None:
    assert usage.total(parts) == whole


counts = st.integers(min_value=0, max_value=10**9)


@given(counts, counts, st.integers(min_value=1, max_value=50))
@settings(deadline=None)
def test_shares_sum_to_the_whole_and_are_even(prompt: int, completion: int, steps: int) -> None:
    stated = {"prompt_tokens": prompt, "completion_tokens": completion}
    shares = [usage.share(stated, number, steps) for number in range(steps)]
    assert usage.total(shares) == usage.of(prompt, completion)
    for key in stated:
        parts = [share[key] for share in shares]
        assert max(parts) - min(parts) <= 1


@pytest.mark.parametrize(
    ("stated", "shared"),
    [({}, usage.of(0, 0)), ({"prompt_tokens": 5}, usage.of(5, 0)), ({"completion_tokens": 5}, usage.of(0, 5))],
    ids=str,
)
def test_usage_that_is_not_stated_is_zero(stated: Object, shared: Object) -> None:
    assert usage.share(stated, 0, 1) == shared


def run(**body: Any) -> Run:
    assistant = objects.assistant("asst_1", 0, {"model": "gpt-4o"})
    return objects.run("run_1", 0, "thread_1", assistant, body)


def thread(*contents: Any) -> Thread:
    """A thread with these user messages, newest first."""
    made = Thread(objects.thread("thread_1", 0, {}))
    for n, content in enumerate(reversed(contents)):
        made.put_message(objects.message(f"msg_{n}", 0, "thread_1", {"role": "user", "content": content}))
    return made


FOUR = ["a" * 400, "b" * 40, "c" * 4, "d" * 4000]  # 100, 10, 1 and 1000 tokens, newest first
IMAGE = [{"type": "text", "text": "x" * 8}, {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
         {"type": "text", "text": "y"}]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "contents", "estimate"),
    [
        ({}, [], 0),
        ({}, FOUR, 1111),
        ({"instructions": "x" * 20}, FOUR, 1116),
        ({"truncation_strategy": {"type": "auto"}}, FOUR, 1111),
        ({"truncation_strategy": {"type": "last_messages", "last_messages": 1}}, FOUR, 100),
        ({"truncation_strategy": {"type": "last_messages", "last_messages": 3}}, FOUR, 111),
        ({"truncation_strategy": {"type": "last_messages", "last_messages": 9}}, FOUR, 1111),
        ({"truncation_strategy": {"type": "last_messages", "last_messages": 1}, "instructions": "abcd"}, FOUR, 101),
        ({"tools": [{"type": "code_interpreter"}]}, [], tokens('[{"type":"code_interpreter"}]')),
        ({}, [IMAGE], 3),
        ({}, ["a" * 200_000] * 10, CONTEXT),
        ({"instructions": "a" * 200_000}, ["a" * 200_000] * 10, CONTEXT),
    ],
    ids=["nothing", "messages", "instructions", "auto", "last 1", "last 3", "last of fewer", "last and instructions",
         "tools", "parts", "long thread", "long everything"],
)  # fmt: skip
def test_a_prompt_is_what_the_model_would_read(body: Object, contents: list[Any], estimate: int) -> None:
    assert usage.prompt(run(**body), thread(*contents)) == estimate


# ---- The usage of a run, step by step ----


def counter(stated: Object | None = None, steps: int = 1) -> UsageCounter:
    """Of a run whose prompt has 100 tokens."""
    return UsageCounter(run(instructions="x" * 400), thread(), stated, steps)


def test_stated_usage_beside_a_step_is_taken_as_it_is() -> None:
    assert counter().step({"prompt_tokens": 3, "completion_tokens": 4}, "words") == usage.of(3, 4)
    assert counter().step({"completion_tokens": 4}, "words") == usage.of(0, 4)


@pytest.mark.parametrize(
    ("stated", "steps", "expected"),
    [
        ({"prompt_tokens": 31, "completion_tokens": 12}, 1, [usage.of(31, 12)]),
        ({"prompt_tokens": 31, "completion_tokens": 12}, 2, [usage.of(16, 6), usage.of(15, 6)]),
        ({"prompt_tokens": 1}, 3, [usage.of(1, 0), usage.of(0, 0), usage.of(0, 0)]),
    ],
    ids=str,
)
def test_a_turn_s_usage_is_shared_by_its_steps(stated: Object, steps: int, expected: list[Object]) -> None:
    counted = counter(stated, steps)
    assert [counted.step(None, "x" * 100) for _ in range(steps)] == expected


def test_usage_is_estimated_when_nothing_is_stated() -> None:
    """A later step has read what the run itself wrote before."""
    counted = counter()
    assert counted.step(None, "x" * 40) == usage.of(100, 10)
    assert counted.step(None, "x" * 4) == usage.of(110, 1)


STATED = {"prompt_tokens": 31, "completion_tokens": 12}


@pytest.mark.parametrize(
    ("of_turn", "beside_reason", "of_step", "expected"),
    [
        (None, None, None, usage.of(100, 10 + 5, 5)),
        (None, None, STATED, usage.of(31, 12, 5)),
        (None, None, {"completion_tokens": 3}, usage.of(0, 3, 3)),
        (STATED, None, None, usage.of(31, 12, 5)),
        (None, {"prompt_tokens": 7, "completion_tokens": 2}, None, usage.of(107, 12, 2)),
        (None, {"completion_tokens": 2}, STATED, usage.of(31, 14, 2)),
        (STATED, {"prompt_tokens": 7, "completion_tokens": 2}, None, usage.of(38, 14, 2)),
    ],
    ids=["estimated", "of the step", "less than the reasoning", "of the turn", "of the reasoning",
         "of both", "of the reasoning and the turn"],
)  # fmt: skip
def test_reasoning_counts_in_the_step_that_follows(
    of_turn: Object | None, beside_reason: Object | None, of_step: Object | None, expected: Object
) -> None:
    """20 characters of reasoning, and 40 of a message."""
    counted = counter(of_turn)
    counted.reason(beside_reason, ["x" * 16, "x" * 4])
    assert counted.step(of_step, "x" * 40) == expected
    assert counted.step({}, "")["completion_tokens_details"] == {"reasoning_tokens": 0}, "it is counted once"


@pytest.mark.parametrize(
    ("of_turn", "beside", "expected"),
    [
        (None, None, usage.of(100, 5, 5)),
        (None, {"prompt_tokens": 7, "completion_tokens": 2}, usage.of(7, 2, 2)),
        (STATED, None, usage.of(31, 12, 5)),
        (STATED, {"completion_tokens": 2}, usage.of(31, 14, 2)),
    ],
    ids=["estimated", "stated", "of the turn", "stated, and of the turn"],
)
def test_reasoning_that_no_step_follows_counts_in_the_run(
    of_turn: Object | None, beside: Object | None, expected: Object
) -> None:
    ended, made = run(instructions="x" * 400), thread()
    made.put_run(ended)
    counted = UsageCounter(ended, made, of_turn, 1)
    counted.reason(beside, ["x" * 20])
    assert counted.of_run() == expected


def test_the_prompt_is_counted_once_and_not_before_the_first_step() -> None:
    growing = thread()
    counted = UsageCounter(run(), growing, None, 1)
    growing.put_message(objects.message("msg_1", 0, "thread_1", {"role": "user", "content": "x" * 40}))
    first = counted.step(None, "x")
    growing.put_message(objects.message("msg_2", 0, "thread_1", {"role": "user", "content": "y" * 40}))
    assert (first, counted.step(None, "x")) == (usage.of(10, 1), usage.of(11, 1))
