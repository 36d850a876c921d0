"""Regular expressions and JSON Schemas that would run forever are stopped, with a message."""

from __future__ import annotations

import urllib.request
from types import SimpleNamespace
from typing import Any

import pytest

from emulator.base.limits import REGEX_TIMEOUT
from emulator.base.problems import ScenarioError
from emulator.recordings.exchange import Exchange
from emulator.recordings.redaction import patterns as redaction_patterns
from emulator.recordings.redaction.redactor import Redactor
from emulator.sandbox import patterns
from emulator.sandbox.json_schema import reason, schema_error
from emulator.sandbox.patterns import BadPattern, TooSlow, compiled, found, shared_time_limit
from emulator.scenarios.loading import load_scenario
from tests.hardness.bounds import bounded, needs_limits
from tests.support import InProcess

SLOW = [
    (r"^(a|aa)+$", "a" * 5000 + "!"),
    (r"(.*a){25}b", "a" * 5000 + "!"),
    (r"^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 50_000),
    (r"(x+x+)+y", "x" * 50_000),
    (r"(\w+\s?)*$", "aaa " * 50_000 + "!"),
    (r"((a)|(b)|(c))*(?=x)", "ab" * 5_000_000),
    (r"(a?){5000}a{5000}", "a" * 5000),
    ("(?i)" + "\U0001f600-" * 2000, "abcdef" * 1000),
]


@pytest.fixture(autouse=True)
def _little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the time that a search may take: what would take forever uses all of it."""
    for module in (patterns, redaction_patterns):
        monkeypatch.setattr(module, "REGEX_TIMEOUT", REGEX_TIMEOUT / 10)


@needs_limits
@pytest.mark.parametrize(("pattern", "text"), SLOW, ids=[pattern[:30] for pattern, _ in SLOW])
def test_a_search_that_would_take_forever_ends(pattern: str, text: str) -> None:
    with bounded(mebibytes=1500), pytest.raises(TooSlow, match=r"takes (longer than 0\.1 seconds|too much memory)"):
        found(pattern, text)


def test_a_search_that_remembers_too_much_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def search(text: str, timeout: float) -> None:
        raise MemoryError

    monkeypatch.setattr(patterns, "compiled", lambda pattern: SimpleNamespace(flags=0, search=search))
    with pytest.raises(TooSlow, match=r"^the regular expression '\(a\)\*' takes too much memory$"):
        found("(a)*", "a" * 100)


HUGE = [
    ("((((a?){100}){100}){100}){100}", "come to more than 10000"),
    ("(?:(?:a{0,1000}){0,1000})", "come to more than 10000"),
    ("a{99999999999999999999}", "come to more than 10000"),
    ("a" * 10_001, "more than 10000 characters"),
    ("(" * 4000 + ")" * 4000, "nested too deeply"),
    ("(a", "missing )"),
]


@needs_limits
@pytest.mark.parametrize(("pattern", "why"), HUGE, ids=[why for _, why in HUGE])
def test_an_expression_that_is_too_much_to_read_is_refused_with_its_scenario(pattern: str, why: str) -> None:
    with bounded():
        with pytest.raises(BadPattern) as refused:
            compiled(pattern)
        assert why in str(refused.value)
        with pytest.raises(ScenarioError) as loaded:
            load_scenario(
                {"version": 1, "turns": [{"when": {"message": {"matches": pattern}}, "steps": [{"say": "x"}]}]}
            )
    assert why in str(loaded.value)
    assert len(str(loaded.value)) < 1000


@pytest.mark.parametrize(
    "pattern", [r"\d{4}-\d{2}-\d{2}", "a{100}b{100}c{100}", r"[{9999}]{2}\{9999}{3}", "(a{9}b){99}"]
)
def test_counts_beside_each_other_are_no_trouble(pattern: str) -> None:
    compiled(pattern)


@needs_limits
def test_hundreds_of_turns_share_what_one_search_may_take() -> None:
    turns = [
        {"name": f"{n}", "when": {"message": {"matches": rf"^(a|aa)+${n}"}}, "steps": [{"say": "x"}]}
        for n in range(300)
    ]
    api = InProcess({"version": 1, "turns": [*turns, {"name": "last", "steps": [{"say": "no"}]}]})
    thread = api.thread("a" * 5000 + "!")
    with bounded(seconds=30):
        api.run(thread, api.assistant())
    assert api.world.played["unnamed-1", "last"] == 1


def test_a_slow_turn_takes_no_other_along() -> None:
    turns = [{"name": "slow", "when": {"message": {"matches": "(x+x+)+y"}}, "steps": [{"say": "x"}]},
             {"name": "quick", "when": {"message": {"matches": "^xx"}}, "steps": [{"say": "x"}]}]  # fmt: skip
    api = InProcess({"version": 1, "turns": turns})
    api.run(api.thread("x" * 5000), api.assistant())
    assert api.world.played["unnamed-1", "quick"] == 1


@pytest.mark.parametrize(
    ("pattern", "text", "is_found"),
    [
        ("^/items/{id}$", "/items/{id}", True),
        ("^item{d}$", "ite", False),
        ("(?b)(?:abc){e}", "abd", False),
        ("^{s}$", "{s}", True),
        (r"^\p{Lu}\{x}[{e}]a{2}b{1,}$", "Ä{x}eaab", True),
    ],
)
def test_braces_that_count_nothing_stand_for_themselves(pattern: str, text: str, is_found: bool) -> None:
    assert found(pattern, text) is is_found


def test_a_turn_that_was_not_compared_says_why() -> None:
    slow = {"when": {"message": {"matches": "^(a|aa)+$"}}, "steps": [{"say": "x"}]}
    api = InProcess({"version": 1, "turns": [slow]})
    api.run(api.thread("a" * 5000 + "!"), api.assistant())
    (problem,) = api.world.check()
    assert "message: the regular expression '^(a|aa)+$' takes longer than 0.1 seconds" in problem.message


@needs_limits
def test_searches_that_belong_together_share_their_time() -> None:
    with bounded(seconds=30), shared_time_limit():
        for _ in range(300):
            with pytest.raises(TooSlow):
                found("^(a|aa)+$", "a" * 5000 + "!")


@needs_limits
def test_a_pattern_of_redact_that_takes_too_long_takes_the_whole_text() -> None:
    redactor = Redactor([r"(a|aa)+$"])
    with bounded():
        after = redactor.exchange(Exchange("GET", "/", 200, response_body=b"x" + b"a" * 5000 + b"!"))
    assert after.response_body == b"[redacted]"
    assert redactor.slow_patterns == {r"(a|aa)+$"}


# ---- JSON Schemas ----

WORD = "a" * 5000 + "!"
SLOW_SCHEMAS: list[tuple[Any, Any]] = [
    ({"pattern": "^(a|aa)+$"}, WORD),
    ({"items": {"pattern": "^(a|aa)+$"}}, [WORD] * 1000),
    ({"patternProperties": {"^(a|aa)+$": {}}}, {WORD: 1}),
    ({"patternProperties": {"^(a|aa)+$": {}}, "additionalProperties": False}, {WORD: 1}),
    ({"propertyNames": {"pattern": "^(a|aa)+$"}}, {WORD: 1}),
    ({"items": {"$schema": "http://json-schema.org/draft-07/schema#", "pattern": "^(a|aa)+$"}}, [WORD]),
    ({"$defs": {f"{n}": {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(40)} | {"40": {"type": "string"}},
      "type": "string", "properties": {"a": {"$ref": "#/$defs/0"}}, "items": {"$ref": "#/$defs/0"}}, ["text"]),
    ({"items": {"enum": list(range(10_000))}}, list(range(10_000, 0, -1))),
    ({"items": {"anyOf": [{"const": n} for n in range(1000)]}}, list(range(1000))),
    ({"uniqueItems": True}, [{"a": n} for n in range(200_000)]),
]  # fmt: skip


@needs_limits
@pytest.mark.parametrize(("schema", "value"), SLOW_SCHEMAS, ids=[str(schema)[:40] for schema, _ in SLOW_SCHEMAS])
def test_a_schema_that_would_take_forever_gives_no_verdict_and_says_so(schema: Any, value: Any) -> None:
    with bounded():
        said = reason(schema, value)
    assert said is None or said.startswith("whether it does cannot be told: ") or "const" in str(schema)
    assert schema_error(schema) or said


FAULTY: list[tuple[Any, str]] = [
    ({"$ref": "http://127.0.0.1:9/schema.json"}, "leads nowhere"),
    ({"$ref": "file:///etc/passwd"}, "leads nowhere"),
    ({"$schema": "http://127.0.0.1:9/draft", "$ref": "other.json"}, "leads nowhere"),
    ({"$id": "http://127.0.0.1:9/", "properties": {"a": {"$dynamicRef": "b#c"}}}, "leads nowhere"),
    ({"$ref": "#"}, "refers to itself without end"),
    ({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}, "without end"),
    ({"pattern": "((((a?){100}){100}){100}){100}"}, "come to more than 10000"),
    ({"patternProperties": {"(": {}}}, "no regular expression"),
    ({"$defs": {f"{n}": {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(40)} | {"40": {"type": "string"}},
      "$ref": "#/$defs/0"}, "more than 50000 steps"),
    ({"enum": ["a" * 1_000_001]}, "larger than 1000000 bytes"),
    ({"properties": {f"{n}": {"type": 5} for n in range(40_000)}}, ""),
    ({"patternProperties": {"a": {}}, "unevaluatedProperties": False}, "not looked at together"),
]  # fmt: skip


@needs_limits
@pytest.mark.parametrize(("schema", "why"), FAULTY, ids=[str(schema)[:40] for schema, _ in FAULTY])
def test_a_schema_that_cannot_be_used_says_why_and_fetches_nothing(
    schema: Any, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[Any] = []
    monkeypatch.setattr(urllib.request, "urlopen", lambda *asked, **_: fetched.append(asked))
    with bounded():
        said = schema_error(schema)
        assert said is not None
        assert why in said
        assert reason(schema, {"a": "text"}) is None
    assert fetched == []


@needs_limits
@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    "properties",
    [
        {f"p{n}": {"type": "string", "enum": [f"{m}" for m in range(10)]} for n in range(2_000)},
        {"a": {"type": "string", "pattern": "^(a|aa)+$"}},
        {"a": {"$ref": "#"}, "b": {"$ref": "http://127.0.0.1:9/"}},
        {"a": {"type": "string", "enum": [f"{n}" for n in range(100_000)]}},
    ],
    ids=["many", "pattern", "references", "enum"],
)
def test_an_assistant_s_schemas_do_no_harm(properties: dict[str, Any], strict: bool) -> None:
    schema = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    api = InProcess({"version": 1, "turns": [{"steps": [{"call": {"f": {"a": WORD}}}]}]})
    tool = {"type": "function", "function": {"name": "f", "parameters": schema, "strict": strict}}
    shape = {"type": "json_schema", "json_schema": {"name": "s", "schema": schema, "strict": strict}}
    with bounded():
        made = api.post("/v1/assistants", {"model": "gpt-4o", "tools": [tool], "response_format": shape})
        assert made.status == 200
        run = api.run(api.thread("Hi"), made.json["id"])
        assert run.status == 200
        api.poll(run.json["thread_id"], run.json["id"])
