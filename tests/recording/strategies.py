"""Scenarios out of nothing: any that a client can drive without gates, waits and delays."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from emulator.recordings.distil.literal import verbatim
from emulator.scenarios.steps.pieces import cut
from tests.recording.driving import FUNCTIONS, Talk

#: Texts that are hard on YAML, templates and streams.
WORDS = st.lists(
    st.sampled_from(
        [
            "Paris",
            "is",
            "sunny",
            "{{",
            "}}",
            "{%",
            "{#",
            "no",
            "null",
            "1e3",
            "- x",
            "# y",
            ": z",
            "é",
            "日本",
            "😀",
            "\n",
            "\t",
            "'",
            '"',
            "\\",
            " ",
            "  ",
            "&a",
            "*a",
            "!b",
            "%",
        ]
    ),
    min_size=1,
    max_size=8,
).map("".join)
TEXTS = WORDS | st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


@st.composite
def sayings(draw: st.DrawFn) -> dict[str, Any]:
    text = draw(TEXTS)
    kind = draw(st.sampled_from(["plain", "words", "chars", "number", "list"]))
    if kind == "plain":
        return {"say": verbatim(text)}
    size = draw(st.integers(1, 5))
    chunks: Any = {"words": "words", "chars": "chars", "number": size, "list": cut(text, size)}[kind]
    return {"say": {"text": verbatim(text), "chunks": chunks}}


ARGUMENTS = st.dictionaries(
    st.sampled_from(["city", "n", "deep"]),
    st.integers(-5, 5) | TEXTS.map(verbatim) | st.lists(st.booleans(), max_size=2),
) | st.sampled_from(['{"broken": ', "{ }", '{"city": "Paris"}'])


@st.composite
def calls(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(FUNCTIONS), min_size=1, max_size=2))
    return {"call": [{name: draw(ARGUMENTS)} for name in names]}


CODES = st.builds(
    lambda text, logs: {"code": {"input": verbatim(text), **({"logs": verbatim(logs)} if logs else {})}},
    TEXTS,
    TEXTS | st.none(),
)
ENDS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"fail": {"code": "server_error", "message": "Sorry, something went wrong."}},
        {"fail": {"code": "rate_limit_exceeded", "message": "{{ '{{' }} no }}"}},
        {"incomplete": "max_completion_tokens"},
        {"incomplete": "content_filter"},
        {"expire": True},
    ]
)


@st.composite
def turns(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """Half of them have tool rounds."""
    steps: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(1, 2)) if number % 2 else 0):
        steps += draw(st.lists(sayings() | CODES, max_size=1))
        steps.append(draw(calls()))
    steps += draw(st.lists(sayings() | CODES, max_size=2))
    if draw(st.integers(0, 3)) == 0:
        steps.append(draw(ENDS))
    elif not steps or "call" not in steps[-1]:
        steps.append(draw(sayings()))
    return {"name": f"turn {number}", "when": {"message": {"equals": asked(number)}}, "steps": steps}


def asked(number: int) -> str:
    """What the user says for a turn: one begins like another."""
    return "Tell me" + ", please" * number


#: What can go wrong before a run is created, and in the middle of its stream.
ERRORS = st.builds(
    lambda status, skip: {"operation": "create_run", "kind": "error", "status": status, "skip": skip, "times": 1},
    st.sampled_from([429, 500, 503]),
    st.integers(0, 2),
)
BREAKS = st.builds(
    lambda kind, after: {"operation": "create_run", "kind": kind, "after": after, "times": 1},
    st.sampled_from(["error", "truncate", "disconnect"]),
    st.integers(0, 4),
)


@st.composite
def scenarios(draw: st.DrawFn, *, breaks: bool = False) -> tuple[dict[str, Any], list[Talk]]:
    """A scenario of at least two turns, and talks that play all of them in any order, some twice.

    ``breaks``: streams can be cut in the middle, which a journal does not show, and a recorder does.
    """
    count = draw(st.integers(2, 4))
    made = [draw(turns(number)) for number in range(count)]
    order = draw(st.permutations(range(count))) + draw(st.lists(st.integers(0, count - 1), max_size=1))
    talks = [Talk(asked(number), draw(st.booleans()), draw(st.booleans())) for number in order]
    document: dict[str, Any] = {"version": 1, "name": "source", "turns": made}
    if faults := draw(st.lists(ERRORS | BREAKS if breaks else ERRORS, max_size=2)):
        document["faults"] = faults
    return document, talks
