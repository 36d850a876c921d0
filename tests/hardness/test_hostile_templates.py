"""Templates that take all time and memory, or try to reach Python: each fails alone, soon, and with a reason."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from jinja2.defaults import DEFAULT_NAMESPACE
from jinja2.filters import FILTERS
from jinja2.tests import TESTS

from emulator.sandbox import templates
from emulator.sandbox.fake import Fake
from emulator.sandbox.jinja import Environment
from emulator.sandbox.templates import TemplateError, render
from tests.conftest import Emulate
from tests.hardness.bounds import bounded, needs_limits
from tests.support import Api, InProcess

VARIABLES: dict[str, Any] = {"message": "Hello", "numbers": list(range(1000)), "assistant": {"name": "A"}}

STEPS, LONG, WIDE, BITS = "takes more than 500000 steps", "longer than 1000000", "10000 is the most", "20000 bits"

GREEDY = [
    # giant texts
    ("{{ 'a' * 10**10 }}", LONG),
    ("{{ 10**10 * 'a' }}", LONG),
    ("x{{ 'a' * 10**10 }}", LONG),
    ("{{ [0] * 10**9 }}", LONG),
    ("{{ (0,) * 10**9 }}", LONG),
    ("{{ '%1000000000d' % 1 }}", WIDE),
    ("{{ '%.1000000000f' % 1 }}", WIDE),
    ("{{ '%*d' % (10**9, 1) }}", WIDE),
    ("{{ '%1000000000d' | format(1) }}", WIDE),
    ("{{ '{:1000000000}'.format(1) }}", WIDE),
    ("{{ '{:{}}'.format(1, 10**9) }}", WIDE),
    ("{{ '{x:1000000000}'.format_map({'x': 1}) }}", WIDE),
    ("{{ ('{0}' * 9000).format('a' * 9000) }}", LONG),
    ("{{ ('%(a)s' * 9000) % {'a': 'a' * 9000} }}", LONG),
    ("{{ 'a'.ljust(10**10) }}", WIDE),
    ("{{ 'a'.rjust(10**10) }}", WIDE),
    ("{{ 'a'.center(10**10) }}", WIDE),
    ("{{ 'a'.zfill(10**10) }}", WIDE),
    ("{{ '\t'.expandtabs(10**10) }}", WIDE),
    ("{{ ('\t' * 9000).expandtabs(9000) }}", LONG),
    ("{{ ('a' * 9000).replace('a', 'b' * 9000) }}", LONG),
    ("{{ ('a' * 9000).replace('', 'b' * 9000) }}", LONG),
    ("{{ ('a' * 9000).translate({97: 'b' * 9000}) }}", LONG),
    ("{{ ('b' * 9000).join('a' * 9000) }}", LONG),
    ("{{ numbers | join('b' * 9000) }}", LONG),
    ("{{ ('a' * 9000) | replace('a', 'b' * 9000) }}", LONG),
    ("{{ ('a' * 9000) | wordwrap(1, true, 'b' * 9000) }}", LONG),
    ("{{ 'a' | center(10**10) }}", WIDE),
    ("{{ 'a' | indent(10**10, true) }}", WIDE),
    ("{{ ('\n' * 9000) | indent('b' * 9000) }}", LONG),
    ("{{ [[1]] | tojson(indent=10**10) }}", WIDE),
    ("{{ [1] | batch(10**9, 0) | list }}", WIDE),
    ("{{ [1] | slice(10**9) | list }}", WIDE),
    ("{{ (5).to_bytes(10**10, 'big') }}", WIDE),
    ("{% for a in range(99999) %}{{ 'aaaaaaaaaaaaaaaaaaaa' }}{% endfor %}", LONG),
    ("{% set n = namespace(t='a') %}{% for a in range(99) %}{% set n.t = n.t ~ n.t %}{% endfor %}", LONG),
    ("{% set n = namespace(t='a') %}{% for a in range(99) %}{% set n.t = n.t + n.t %}{% endfor %}", LONG),
    ("{% set n = namespace(t=[1]) %}{% for a in range(99) %}{% set n.t = n.t + n.t %}{% endfor %}", STEPS),
    ("{% set n = namespace(t=[1]) %}{% for a in range(99) %}{% set n.t = [n.t, n.t] %}{% endfor %}", STEPS),
    ("{% set n = namespace(t=1) %}{% for a in range(99) %}{% set n.t = {1: n.t, 2: n.t} %}{% endfor %}", STEPS),
    ("{% set n = namespace(t=1) %}{% for a in range(99) %}{% set n.t = dict(a=n.t, b=n.t) %}{% endfor %}", STEPS),
    ("{% set n = namespace(t=1) %}{% for a in range(99) %}{% set n.t = namespace(a=n.t, b=n.t) %}{% endfor %}", STEPS),
    ("{% set n = namespace(t='a') %}{% for a in range(99) %}{% set n.t %}{{ n.t }}{{ n.t }}{% endset %}{% endfor %}",
     STEPS),
    # giant numbers
    ("{{ 2 ** (10**9) }}", BITS),
    ("{{ 10 ** (10 ** 10) }}", BITS),
    ("{% set n = namespace(t=7) %}{% for a in range(99) %}{% set n.t = n.t * n.t %}{% endfor %}", BITS),
    ("{{ 1.5 | round(10**9, 'ceil') }}", WIDE),
    # time without end
    ("{% for a in range(10**9) %}{% endfor %}", "Range too big"),
    ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", STEPS),
    ("{% for a in range(99999) recursive %}{{ loop(range(99999)) }}{% endfor %}", "recursion depth"),
    ("{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(99) }}", STEPS),
    ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion depth"),
    ("{% for a in range(99999) %}{{ 'zz' in numbers }}{% endfor %}", STEPS),
    ("{% for a in range(99999) %}{{ numbers == numbers }}{% endfor %}", STEPS),
    ("{% for a in range(99999) %}{{ 5000 is in numbers }}{% endfor %}", STEPS),
    ("{% for a in range(99999) %}{% if numbers[:] %}{% endif %}{% endfor %}", STEPS),
    ("{% for a in range(99999) %}{% if numbers | sort %}{% endif %}{% endfor %}", STEPS),
    ("{% for a in range(99999) %}{% if numbers | map('string') | list %}{% endif %}{% endfor %}", STEPS),
    ("{{ numbers | map('list') | sum(start=[]) }}", STEPS),
    ("{{ ([numbers] * 99) | sum(start=[]) | length }}{{ ([[1]] * 9999) | sum(start=[]) }}", STEPS),
    ("{{ (('<!--x-->' | safe) * 90000) | striptags }}", STEPS),
    ("{{ ('a' * 900000) | wordwrap(1) }}", STEPS),
    ("{{ ('a' * 900000).encode('punycode') }}", STEPS),
    # words of fake
    ("{{ fake.pystr(max_chars=10**10) }}", WIDE),
    ("{{ fake.pystr(1, 10**10) }}", WIDE),
    ("{{ fake.text(10**10) }}", WIDE),
    ("{{ fake.texts(9999, 9999) }}", STEPS),
    ("{{ fake.words(nb=10**9) }}", WIDE),
    ("{{ fake.password(10**10) }}", WIDE),
    ("{{ fake.random_choices([1, 2], length=10**9) }}", WIDE),
    ("{{ fake.pydecimal(left_digits=10**9) }}", WIDE),
    ("{{ fake.csv(num_rows=10**9) }}", WIDE),
    ("{{ fake.json({'a': ('b', 'pystr', {'max_chars': 10**9})}) }}", WIDE),
    ("{% for a in range(99999) %}{{ fake.sentence() }}{% endfor %}", STEPS),
    ("{{ fake.time_series(start_date='-30y', precision=0.001) | list | length }}", STEPS),
    # what is too much to read
    ("{{ " + "(" * 14_000 + "1" + ")" * 14_000 + " }}", "recursion"),
    ("{{ 1" + "+1" * 14_000 + " }}", "recursion"),
    ("{{ [" + "1," * 400_000 + "] }}", "more than 30000 parts"),
    ("{{ message }}" * 80_000, "more than 1000000 characters"),
    ("{% for a in b %}" * 200 + "{% endfor %}" * 200, "50 blocks inside each other"),
]  # fmt: skip


@needs_limits
@pytest.mark.parametrize(("text", "said"), GREEDY, ids=[text[:60] for text, _ in GREEDY])
def test_a_greedy_template_fails_with_its_reason(text: str, said: str) -> None:
    with bounded(), pytest.raises(TemplateError) as failed:
        render(text, {**VARIABLES, "fake": Fake(1)})
    assert said in str(failed.value)
    assert len(str(failed.value)) < 4000


@needs_limits
@pytest.mark.parametrize("text", [text for text, _ in GREEDY if "**" in text or " * " in text or "1000000000" in text])
def test_nothing_is_computed_while_a_template_is_read(text: str) -> None:
    with bounded():
        templates.check(text)


OUT = [
    "{{ message.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ '' | attr('__class__') }}",
    "{{ [''] | map(attribute='__class__') | list }}",
    "{{ [''] | groupby('__class__') | list }}",
    "{{ [''] | sum(attribute='__class__') }}",
    "{{ [''] | selectattr('__class__') | map(attribute='__class__.__mro__') | list }}",
    "{{ '{0.__class__.__mro__}'.format('') }}",
    "{{ '{x.__class__}'.format_map({'x': ''}) }}",
    "{{ ''.format.__self__.__class__ }}",
    "{{ [''] | map('attr', '__class__') | list }}",
    # what reaches attributes besides the dot, with text whose fields reach further
    "{{ ('{0.__init__.__globals__}' | attr('format'))(cycler) }}",
    "{{ ('{0.__init__.__globals__}' | attr('format_map'))({'0': cycler}) }}",
    "{{ (['{0.__init__.__globals__}'] | map('attr', 'format') | first)(cycler) }}",
    "{{ (['{0.__init__.__globals__}'] | map(attribute='format') | first)(cycler) }}",
    "{{ ('{0.__init__.__globals__}'['format'])(cycler) }}",
    "{{ '{0.__init__.__globals__}'.format.__call__(cycler) }}",
    "{{ ('{0.__init__.__globals__}' | safe).format(cycler) }}",
    "{{ '%s' | format(cycler.__init__) }}",
    "{{ ['a'] | select('filter') | map('attr', 'upper') | list }}{{ 'a' | attr('upper') }}",
    "{{ [''] | groupby(attribute='__class__.__mro__') | list }}",
    "{{ [''] | unique(attribute='__class__') | list }}",
    "{{ ['', 'a'] | min(attribute='__class__') }}",
    "{{ [''] | sort(attribute='__class__') | map(attribute='__class__') | first }}",
    "{{ [''] | join(attribute='__class__') }}",
    "{{ dict(a='') | dictsort | map(attribute='1.__class__') | list }}",
    "{{ lipsum() }}",
    "{{ lipsum.__globals__ }}",
    "{{ ('{0.__globals__}' | attr('format'))(lipsum) }}",
    "{{ ('{0.__init__.__globals__[sys].modules[os].environ}' | attr('format'))(lipsum) }}",
    "{{ ('{0.__class__}' | safe).format('') }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ cycler('a').__init__.__globals__ }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ range.__class__ }}",
    "{{ dict.__base__ }}",
    "{{ dict.mro() }}",
    "{{ self._TemplateReference__context }}",
    "{{ self.__init__.__globals__ }}",
    "{% macro m() %}{% endmacro %}{{ m._func }}",
    "{% macro m() %}{% endmacro %}{{ m.__init__.__globals__ }}",
    "{% for a in [1] %}{{ loop._iterable }}{% endfor %}",
    "{% for a in [1] %}{{ loop.__init__.__globals__ }}{% endfor %}",
    "{{ missing.__init__.__globals__ }}",
    "{{ missing._fail_with_undefined_error.__globals__ }}",
    "{{ fake.sentence.__func__.__globals__ }}",
    "{{ fake.sentence.__self__ }}",
    "{{ fake.sentence.im_func }}",
    "{{ fake.generator }}",
    "{{ fake.__class__ }}",
    "{{ fake['_generator'] }}",
    "{{ fake | attr('_generator') }}",
    "{{ fake.zip() }}",
    "{{ fake.tar() }}",
    "{{ assistant.__class__ }}",
    "{{ assistant.pop('name') }}",
    "{{ assistant.update(name='B') }}",
    "{{ numbers.append(1) }}",
    "{{ numbers.sort() }}",
    "{{ (message | safe).__html__.__self__ }}",
    "{% include '/etc/passwd' %}",
    "{% extends '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% from 'os' import system %}",
    "{{ message | nosuch }}",
    "{{ 1 | (' items') }}",
]


@pytest.mark.parametrize("text", OUT)
def test_no_template_comes_to_python(text: str) -> None:
    with pytest.raises(TemplateError):
        render(text, {**VARIABLES, "fake": Fake(1)})
    assert (VARIABLES["numbers"][-1], VARIABLES["assistant"]) == (999, {"name": "A"})


def test_templates_have_no_filter_test_or_global_that_jinja_adds(monkeypatch: pytest.MonkeyPatch) -> None:
    for table in (FILTERS, TESTS, DEFAULT_NAMESPACE):
        monkeypatch.setitem(table, "door", getattr)
    environment = Environment(str)

    assert FILTERS["door"] is getattr
    assert {"door"} & {*environment.filters, *environment.tests, *environment.globals} == set()
    assert {"attr", "random", "lipsum"} & {*environment.filters, *environment.globals} == set()


@pytest.mark.parametrize("method", ["format", "format_map"])
def test_a_method_that_formats_is_walled_wherever_it_comes_from(method: str) -> None:
    """As a filter of another version may hand it out."""
    text = "{x[0].__class__}"
    arguments: dict[str, Any] = {"x": [1]}
    with pytest.raises(TemplateError, match="unsafe"):
        render("{{ " + ("formats(x)" if method == "format_map" else "formats(**x)") + " }}",
               {"formats": getattr(text, method), "x": arguments})  # fmt: skip


def test_what_templates_of_people_do_is_far_from_the_bounds() -> None:
    text = (
        "{% for n in numbers %}{{ n }}: {{ '%05d' % n }} {{ 'even' if n is even else 'odd' }}; {% endfor %}"
        "{{ numbers | map('string') | join(', ') | wordwrap(79) }}{{ '{:>10}'.format(message) }}{{ fake.text(200) }}"
        "{{ [[1], [2, 3]] | sum(start=[]) }}{{ fake.random_int(1, 10**12) }}{{ message ~ '!' ~ 1 }}{{ 2 ** 64 }}"
    )
    assert "0: 00000 even; 1: 00001 odd; " in render(text, {**VARIABLES, "fake": Fake(1)})


# ---- In a run ----

ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


@needs_limits
@pytest.mark.parametrize(
    "step",
    [
        {"say": ENDLESS},
        {"say": {"text": "{{ 'a' * 10**10 }}"}},
        {"say": {"json": ["{{ 'a' * 10**10 }}"]}},
        {"refuse": ENDLESS},
        {"call": {"f": {"x": ENDLESS}}},
        {"call": {"f": ENDLESS}},
        {"code": {"input": ENDLESS}},
        {"code": {"input": "1", "logs": ENDLESS}},
        {"code": {"input": "1", "files": [{"filename": "a.txt", "content": ENDLESS}]}},
        {"fail": {"code": "server_error", "message": ENDLESS}},
    ],
    ids=str,
)
def test_the_run_fails_and_a_problem_says_why(step: dict[str, Any]) -> None:
    api = InProcess({"version": 1, "turns": [{"steps": [step]}]})
    function = {"type": "function", "function": {"name": "f"}}
    assistant = api.assistant(tools=[function, {"type": "code_interpreter"}])
    thread = api.thread("Hi")
    with bounded():
        run = api.run(thread, assistant).json["id"]
        api.poll(thread, run)
    assert api.get(f"/v1/threads/{thread}/runs/{run}").json["status"] == "failed"
    (problem,) = api.world.check()
    assert problem.kind == "template"
    assert "more than" in problem.message or "longer than" in problem.message


@needs_limits
def test_many_greedy_steps_share_what_one_run_may_do() -> None:
    greedy = "{% for a in range(99999) %}{{ '' }}{% endfor %}"
    api = InProcess({"version": 1, "turns": [{"steps": [{"say": greedy}] * 1000}]})
    with bounded():
        thread = api.thread("Hi")
        run = api.run(thread, api.assistant()).json["id"]
        assert api.poll(thread, run)[-1] == "failed"
    assert [problem.kind for problem in api.world.check()] == ["template"]


def test_others_are_answered_while_a_template_is_stopped(emulate: Emulate) -> None:
    emulator = emulate({"version": 1, "turns": [{"steps": [{"say": ENDLESS}]}]})
    api, other = Api(emulator.url), Api(emulator.url)
    thread, assistant = api.thread("Hi"), api.assistant()
    running = threading.Thread(target=lambda: api.run(thread, assistant, stream=True))
    running.start()
    assert other.get("/v1/models").status == 200  # within the client's ten seconds
    running.join()
    assert other.get("/v1/models").status == 200
    api.close()
    other.close()
