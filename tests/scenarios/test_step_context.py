"""What a step sees: the names that templates use, a seeded ``fake``, and steps that cannot be played."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from faker import Faker

from emulator.sandbox.templates import TemplateError, render
from emulator.scenarios.steps import STEP_KINDS
from emulator.scenarios.steps.actions import Action, Called, SearchResult
from emulator.scenarios.steps.context import Fake, Output, StepContext, StepFailed, parsed
from emulator.scenarios.steps.step import Step
from emulator.scenarios.steps.tool import Tool
from tests.support import ROOT

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [
    Tool("function", "get_weather", CITY),
    Tool("function", "get_time", {"type": "object", "properties": {}}),
    Tool("code_interpreter", "code_interpreter"),
]
OBJECTS = {
    "assistant": {"name": "Weather"},
    "thread": {"metadata": {"user": "ann"}},
    "run": {"model": "gpt-4o", "metadata": {"try": "2"}},
}


class Given(StepContext):
    """A turn with these tools and outputs, and the objects of any API, at an instant."""

    def __init__(self, tools: list[Tool], outputs: tuple[Output, ...], at: int) -> None:
        super().__init__("What's up?", {})
        self._tools, self.outputs, self._at = tools, outputs, at

    def tools(self) -> list[Tool]:
        return self._tools

    def objects(self) -> dict[str, Any]:
        return dict(OBJECTS)

    def new_fake(self) -> Fake:
        return Fake(1, self._at)


def context(*outputs: Output, tools: list[Tool] = TOOLS, at: int = 0) -> StepContext:
    return Given(tools, outputs, at)


PARIS = Output("get_weather", '{"city":"Paris"}', '{"celsius": 18}')
ROME = Output("get_weather", '{"city":"Rome"}', '{"celsius": 25}')
TEXT = Output("get_time", "{broken", "half past two")


def test_templates_see_the_results_of_the_latest_search() -> None:
    on = context()
    assert on.render("{{ results }}") == []
    on.results = [SearchResult("file-1", "menu.md", 0.9, {"a": 1}, "Leek soup.")]
    found = {"file_id": "file-1", "filename": "menu.md", "score": 0.9, "text": "Leek soup."}
    assert on.render("{{ results }}") == [found]
    assert on.render("{{ results[0].text }}") == "Leek soup."


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ message }}", "What's up?"),
        ("{{ assistant.name }}", "Weather"),
        ("{{ thread.metadata.user }}", "ann"),
        ("{{ run.metadata['try'] }}", "2"),
        ("{{ run.model }}", "gpt-4o"),
        ("{{ get_weather.celsius }}", 25),
        ("{{ get_weather }}", {"celsius": 25}),
        ("{{ get_time }}", "half past two"),
        ("{{ outputs | length }}", 3),
        ("{{ outputs[0].output.celsius }}", 18),
        ("{{ outputs[0].arguments.city }}", "Paris"),
        ("{{ outputs[2].name }}", "get_time"),
        ("{{ outputs[2].arguments }}", "{broken"),
        ("{{ outputs[2] }}", {"name": "get_time", "arguments": "{broken", "output": "half past two"}),
    ],
    ids=str,
)
def test_templates_see_the_run_and_what_was_submitted(text: str, value: Any) -> None:
    assert context(PARIS, ROME, TEXT).render(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ("[1]", [1]),
        ("18", 18),
        ("18.0", 18.0),
        ("true", True),
        ("null", None),
        ('"quoted"', "quoted"),
        ("", ""),
        ("sunny", "sunny"),
        ("{broken", "{broken"),
        ("NaN", "NaN"),
        ("18 degrees", "18 degrees"),
        ("\ud800", "\ud800"),
    ],
    ids=str,
)
def test_an_output_is_parsed_when_it_is_json(text: str, value: Any) -> None:
    assert (parsed(text), type(parsed(text))) == (value, type(value))


@pytest.mark.parametrize("name", ["message", "run", "assistant", "thread", "outputs", "fake"])
def test_a_function_does_not_hide_what_templates_always_have(name: str) -> None:
    rendered = context(Output(name, "{}", '"mine"')).render("{{ " + name + " }}")
    assert rendered != "mine"


def test_a_function_of_any_name_is_among_the_outputs() -> None:
    assert context(Output("message", "{}", '"mine"')).render("{{ outputs[0].output }}") == "mine"


@pytest.mark.parametrize("text", ["{{ nothing }}", "{{ get_weather }}", "a {{ fake.nothing() }}", "{{ message.x }}"])
def test_a_template_that_fails_is_a_step_that_failed(text: str) -> None:
    with pytest.raises(StepFailed) as failed:
        context().render(text)
    assert failed.value.kind == "template"
    assert "it can use: assistant, fake, message, outputs, results, run, thread" in str(failed.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [("{{ get_weather }}", '{"celsius":18}'), ("{{ 1 }}", "1"), ("plain", "plain"), ("{{ message }}!", "What's up?!")],
)
def test_a_template_rendered_as_text(value: str, text: str) -> None:
    assert context(PARIS).render_text(value) == text


# ---- Steps that cannot be played ----


@pytest.mark.parametrize(
    ("kind", "value", "problem", "message"),
    [
        (
            "say",
            {"text": "{{ message }}", "chunks": ["Bye"]},
            "chunks",
            "join to 'Bye', but the text is",
        ),
        ("say", "{{ missing }}", "template", "'missing' is undefined"),
        ("say", {"json": {"a": "{{ missing }}"}}, "template", "'missing' is undefined"),
        ("say", {"json": {"a": "{{ [1] | map('string') }}"}}, "template", ""),
        ("say", {"json": {"a": "{{ 2 ** 70 }}"}}, "template", ""),
        ("say", "{{ '\\ud800' }}", "template", ""),
        ("refuse", "{{ missing }}", "template", "'missing' is undefined"),
        ("fail", "{{ missing }}", "template", "'missing' is undefined"),
        ("call", {"get_time": {"a": "{{ missing }}"}}, "template", "'missing' is undefined"),
        ("call", {"get_time": {"a": "{{ fake.pydecimal() }}"}}, "template", ""),
        ("call", {"get_stars": {}}, "impossible", "the run cannot call 'get_stars': it has get_weather, get_time"),
        ("call", {"code_interpreter": {}}, "impossible", "the run cannot call 'code_interpreter'"),
        ("call", {"get_stars": "{broken"}, "impossible", "the run cannot call 'get_stars'"),
        ("call", {"get_weather": {}}, "impossible", "'city' is a required property"),
        ("call", {"get_weather": {"city": 5}}, "impossible", "city: 5 is not of type 'string'"),
        ("call", {"get_weather": "{{ {'city': 5} }}"}, "impossible", "city: 5 is not of type 'string'"),
        ("call", {"get_weather": "{{ [1] }}"}, "impossible", "[1] is not of type 'object'"),
        ("call", {"get_weather": "{{ none }}"}, "impossible", "None is not of type 'object'"),
        ("call", [{"get_time": {}}, {"get_stars": {}}], "impossible", "the run cannot call 'get_stars'"),
    ],
    ids=str,
)
def test_a_step_that_cannot_be_played_fails_before_anything_happens(
    kind: str, value: Any, problem: str, message: str
) -> None:
    actions: list[Action] = []
    with pytest.raises(StepFailed) as failed:
        actions.extend(STEP_KINDS[kind].play(context(), Step(kind, value)))
    assert failed.value.kind == problem
    assert message in str(failed.value)
    assert actions == []


def test_a_run_without_functions_says_so() -> None:
    with pytest.raises(StepFailed, match="the run cannot call 'get_time': it has no function"):
        list(STEP_KINDS["call"].play(context(tools=[]), Step("call", {"get_time": {}})))


# ---- fake ----


def test_fakes_that_take_turns_say_what_each_would_say_alone() -> None:
    one, other = Fake(1), Fake(2)
    by_turns = [render("{{ fake.name() }}", {"fake": fake}) for fake in (one, other, one, other)]
    alone = [[render("{{ fake.name() }}", {"fake": fake}) for _ in range(2)] for fake in (Fake(1), Fake(2))]
    assert by_turns == [alone[0][0], alone[1][0], alone[0][1], alone[1][1]]


WORDS = ["{{ fake.sentence() }}", "{{ fake.name() }}", "{{ fake.pyint() }}", "{{ fake.uuid4() }}", "{{ fake.email() }}"]


def drawn(seed: int) -> list[Any]:
    fake = Fake(seed)
    return [render(text, {"fake": fake}) for text in WORDS]


def test_the_same_seed_gives_the_same_words_and_another_does_not() -> None:
    assert drawn(1) == drawn(1)
    assert not set(map(str, drawn(1))) & set(map(str, drawn(2)))


def test_words_are_drawn_one_after_the_other() -> None:
    fake = Fake(1)
    assert render("{{ fake.name() }} {{ fake.name() }}", {"fake": fake}) == " ".join(
        [render("{{ fake.name() }}", {"fake": (again := Fake(1))}), render("{{ fake.name() }}", {"fake": again})]
    )


def words() -> dict[str, str]:
    """Everything that can be said without arguments."""
    said = {}
    for name in sorted(name for name in dir(Faker().factories[0]) if not name.startswith("_")):
        try:
            said[name] = str(getattr(Fake(1), name)())
        except Exception as error:
            said[name] = f"refused: {error}"
    return said


#: Asks for every word in another process: at another date, in another time zone, with other hashes of text.
ELSEWHERE = """
import datetime, json, sys
days = datetime.timedelta(days=400)
class Like(type):
    def __instancecheck__(cls, value): return isinstance(value, cls.__bases__[0])
real, real_date = datetime.datetime, datetime.date
class Later(real, metaclass=Like):
    now = classmethod(lambda cls, tz=None: real.now(tz) + days)
    today = classmethod(lambda cls: real.today() + days)
class LaterDate(real_date, metaclass=Like):
    today = classmethod(lambda cls: real_date.today() + days)
datetime.datetime, datetime.date = Later, LaterDate
from faker import Faker
Faker()
datetime.datetime, datetime.date = real, real_date
from tests.scenarios.test_step_context import words
json.dump(words(), sys.stdout)
"""


def test_every_word_is_the_same_on_any_machine_at_any_date() -> None:
    """The same scenario is the same bytes next year: Faker's dates end at the machine's now unless told otherwise."""
    surroundings = {**os.environ, "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "5"}
    elsewhere = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], cwd=ROOT, env=surroundings, capture_output=True, check=True
    )
    here = words()
    assert len(here) > 200
    there = json.loads(elsewhere.stdout)
    assert {name: said for name, said in here.items() if there[name] != said and " at 0x" not in said} == {}


@pytest.mark.parametrize("word", ["future_datetime()", "future_date().isoformat()", "date_time_this_month()"])
def test_dates_lie_around_the_instant_of_the_run(word: str) -> None:
    assert context(at=1893456000).render_text("{{ fake." + word + " }}").startswith("2030-01")


@pytest.mark.parametrize(
    "name",
    ["_faker", "_seed", "__dict__", "__class__", "random", "seed", "seed_instance", "seed_locale", "add_provider",
     "factories", "format", "provider", "get_providers", "items", "providers", "unique", "now", "at",
     "passport_full", "pyset", "vin", "uuid7"],
)  # fmt: skip
def test_fake_has_words_and_none_of_faker_s_machinery(name: str) -> None:
    with pytest.raises(TemplateError):
        render("{{ fake." + name + " }}", {"fake": Fake(1)})
    with pytest.raises(TemplateError):
        render("<{{ fake." + name + "() }}>", {"fake": Fake(1)})


# ---- Functions that the run does not have ----


@pytest.mark.parametrize(
    ("value", "calls"),
    [
        (
            {"multi_tool_use.parallel": '{"tool_uses":[{"recipient_name":"functions.get_time","parameters":{}}]}'},
            [("multi_tool_use.parallel", '{"tool_uses":[{"recipient_name":"functions.get_time","parameters":{}}]}')],
        ),
        ({"get_stars": {"n": 1}}, [("get_stars", '{"n":1}')]),
        ([{"get_time": {}}, {"get_stars": {}}], [("get_time", "{}"), ("get_stars", "{}")]),
    ],
)
def test_an_undeclared_function_is_called_if_the_scenario_says_so(value: Any, calls: list[tuple[str, str]]) -> None:
    step = Step("call", value, {"undeclared": True})
    (called,) = STEP_KINDS["call"].play(context(), step)

    assert isinstance(called, Called)
    assert [(one.name, one.arguments) for one in called.calls] == calls
