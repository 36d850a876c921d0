"""Templates are rendered byte for byte, keep the type of a lone expression, and reach only their variables."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.sandbox import templates
from emulator.sandbox.templates import TemplateError, as_text, is_template, render
from emulator.scenarios.steps.context import Fake

VARIABLES: dict[str, Any] = {
    "message": "What's the weather?",
    "n": 5,
    "half": 0.5,
    "yes": True,
    "nothing": None,
    "items": [1, "two", None],
    "get_weather": {"celsius": 18, "sky": "caf\u00e9", "deep": {"list": [{"x": 1}]}},
}


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("", ""),
        ("plain", "plain"),
        ("a { b } c }} %} #}", "a { b } c }} %} #}"),
        ("It is {{ n }} degrees.", "It is 5 degrees."),
        ("a\r\nb\r\n{{ n }}\r\n", "a\r\nb\r\n5\r\n"),
        ("a\rb\n\n{{ n }}\r", "a\rb\n\n5\r"),
        ("{{ n }}\n", "5\n"),
        ("\n {{ n }}", "\n 5"),
        ("{% if yes %}\r\nyes\r\n{% endif %}\r\n", "\r\nyes\r\n\r\n"),
        ("{% for i in items %}{{ i }}\r\n{% endfor %}", "1\r\ntwo\r\nnull\r\n"),
        ("\u3010{{ get_weather.sky }}\u3011 \U0001f600", "\u3010caf\u00e9\u3011 \U0001f600"),
        ("\u2028\x85\x0b\x0c{{ n }}\u2029", "\u2028\x85\x0b\x0c5\u2029"),
        ("<b>{{ message }}</b>", "<b>What's the weather?</b>"),
        ("a{# a comment #}b", "ab"),
        ("{% raw %}{{ n }}{% endraw %}", "{{ n }}"),
        ("{{ '{{' }} n }}", "{{ n }}"),
        ("{{ n }}{{ n }}", "55"),
        ("-{{ message | upper }}-", "-WHAT'S THE WEATHER?-"),
        ("-{{ missing | default('none') }}-", "-none-"),
    ],
)
def test_text_is_rendered_byte_for_byte(text: str, rendered: str) -> None:
    assert render(text, VARIABLES) == rendered


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ n }}", 5),
        ("{{n}}", 5),
        ("{{- n -}}", 5),
        ("{{ half }}", 0.5),
        ("{{ yes }}", True),
        ("{{ nothing }}", None),
        ("{{ items }}", [1, "two", None]),
        ("{{ get_weather }}", VARIABLES["get_weather"]),
        ("{{ get_weather.deep.list[0].x }}", 1),
        ("{{ get_weather['celsius'] * 2 }}", 36),
        ("{{ message }}", "What's the weather?"),
        ("{{ '}}' }}", "}}"),
        ("{{ {'a': {'b': 1}} }}", {"a": {"b": 1}}),
        ("{{ missing | default(7) }}", 7),
        ("{{ missing is defined }}", False),
        ("{{ n if yes else 'no' }}", 5),
        ("{{ ['x'] | length }}", 1),
        (" {{ n }}", " 5"),
        ("{{ n }}{# why #}", "5"),
    ],
    ids=str,
)
def test_a_lone_expression_keeps_its_type(text: str, value: Any) -> None:
    rendered = render(text, VARIABLES)
    assert (rendered, type(rendered)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("{{ 'a\r\nb' }}", "a\r\nb"),
        ("{{ n\r\n}}", 5),
        ("{{ n\r\n}}!", "5!"),
        ("{% if\r\n yes %}x{% endif %}", "x"),
    ],
    ids=["in text", "in an expression", "in an expression in text", "in a statement"],
)
def test_line_ends_inside_the_braces_do_no_harm(text: str, rendered: Any) -> None:
    assert render(text, VARIABLES) == rendered


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, None, True]}, '<{"a":[1,null,true]}>'),
        ([], "<[]>"),
        (True, "<true>"),
        (False, "<false>"),
        (None, "<null>"),
        (1.0, "<1.0>"),
        (-3, "<-3>"),
        ("text", "<text>"),
        ("", "<>"),
        ({"s": 'a "q"\n\u00e9'}, '<{"s":"a \\"q\\"\\n\u00e9"}>'),
        (2**70, f"<{2**70}>"),
    ],
    ids=str,
)
def test_what_is_not_text_is_written_as_json(value: Any, text: str) -> None:
    assert render("<{{ value }}>", {"value": value}) == text


@given(st.text(), st.text(st.characters(codec="utf-8", exclude_characters="{}%#")))
@example("\ufdd0", "a\r\n")
@example("\r\n", "\ufdd0")
@example("\ufdd0", "")
@settings(deadline=None)
def test_any_text_comes_through_unchanged(message: str, around: str) -> None:
    assert render(around, {}) == around
    assert render("{{ message }}", {"message": message}) == message
    assert render(f"{around}<{{{{ message }}}}>{around}", {"message": message}) == f"{around}<{message}>{around}"


@pytest.mark.parametrize("text", ["<{{ fake.name }}>", "<{{ items | map('string') }}>", "<{{ range(3) }}>"])
def test_what_no_text_stands_for_is_refused(text: str) -> None:
    """Python's ``repr`` of it would show its address in memory."""
    with pytest.raises(TemplateError, match="no text stands for a value of type"):
        render(text, {**VARIABLES, "fake": Fake(1)})


def test_a_date_is_written_in_its_own_words() -> None:
    assert render("<{{ day }}>", {"day": date(2026, 1, 1)}) == "<2026-01-01>"


def test_every_string_inside_is_rendered_and_nothing_else() -> None:
    value = {"a": ["{{ n }}", {"b": "<{{ n }}>"}], "{{ n }}": 1, "c": None, "d": 2.5, "e": True}
    before = str(value)
    assert render(value, VARIABLES) == {"a": [5, {"b": "<5>"}], "{{ n }}": 1, "c": None, "d": 2.5, "e": True}
    assert str(value) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ missing }}", "'missing' is undefined"),
        ("a {{ missing }}", "'missing' is undefined"),
        ("{{ get_weather.fahrenheit }}", "has no attribute 'fahrenheit'"),
        ("{{ missing.x }}", "'missing' is undefined"),
        ("{{ missing + 1 }}", "'missing' is undefined"),
        ("{% for x in missing %}{% endfor %}", "'missing' is undefined"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ message + 1 }}", "can only concatenate str"),
    ],
)
def test_what_fails_says_why_and_what_it_can_use(text: str, said: str) -> None:
    with pytest.raises(TemplateError) as failed:
        render(text, {"message": "x", "get_weather": {}})
    assert said in str(failed.value)
    assert repr(text) in str(failed.value)
    assert str(failed.value).endswith("it can use: get_weather, message")


@pytest.mark.parametrize(
    "text",
    [
        "{{ message.__class__ }}",
        "{{ message.__class__.__mro__ }}",
        "a {{ ''.__class__ }}",
        "{{ message['__class__'] }}",
        "{{ message | attr('__class__') }}",
        "{{ fake._faker }}",
        "{{ fake.__dict__ }}",
        "{{ fake._seed }}",
        "{{ fake.random.seed(1) }}",
        "{{ fake.seed_instance(1) }}",
        "{{ fake.add_provider(1) }}",
        "{{ items.append(1) }}",
        "{{ get_weather.update(a=1) }}",
        "{{ '{0.__class__}'.format(message) }}",
        "{% include 'x' %}",
        "{% import 'os' as os %}",
        "{{ self.__init__ }}",
        "{{ cycler.__init__.__globals__ }}",
    ],
)
def test_templates_stay_in_their_sandbox(text: str) -> None:
    with pytest.raises(TemplateError):
        render(text, {**VARIABLES, "fake": Fake(1)})
    assert VARIABLES["items"] == [1, "two", None]


@pytest.mark.parametrize("text", ["{{ lipsum() }}", "{{ items | random }}", "a {{ lipsum(n=1) }}"])
def test_templates_know_no_chance_but_fake(text: str) -> None:
    """Jinja has two functions with unseeded randomness, with which a scenario would not always give the same bytes."""
    with pytest.raises(TemplateError):
        render(text, VARIABLES)


@pytest.mark.parametrize("name", ["self", "context", "args", "kwargs", "environment", "get-weather"])
def test_a_variable_can_have_any_name(name: str) -> None:
    assert render("{{ message }}", {"message": "x", name: 1}) == "x"


@pytest.mark.parametrize(
    "text",
    ["{{ n", "{% if %}", "{% if n %}", "{{ n }", "{# never closed", "{{ }}", "{{ n | nofilter }}x{{", "{% endfor %}"],
)
def test_what_cannot_be_read_is_told_without_playing(text: str) -> None:
    with pytest.raises(TemplateError) as failed:
        templates.check(text)
    assert str(failed.value).startswith(f"the template {text!r} cannot be read: ")


@pytest.mark.parametrize("text", ["", "plain", "{", "{ {", "}}", "{{ n }}", "{{ unknown.name }}", "{# c #}"])
def test_what_can_be_read_passes(text: str) -> None:
    templates.check(text)


@pytest.mark.parametrize(
    ("text", "answer"), [("a {{ b", True), ("{% x %}", True), ("{# x", True), ("{ { a } }", False), ("}}", False)]
)
def test_only_jinja_s_marks_make_a_template(text: str, answer: bool) -> None:
    assert is_template(text) is answer


@pytest.mark.parametrize(("value", "text"), [("a", "a"), (1, "1"), ({"a": 1}, '{"a":1}'), (None, "null")], ids=str)
def test_a_value_as_text(value: Any, text: str) -> None:
    assert as_text(value) == text
