"""What README.md and docs/*.md promise holds: blocks are run or checked, links and references lead somewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from emulator.admin.routes import ROUTES
from emulator.apis.responses.old_names import old_names
from emulator.base.operations import COUNTERPARTS, OPERATIONS, REMOVED
from emulator.control.client import Control
from emulator.scenarios.schema import SCENARIO
from tests.pages import PAGES, Block, blocks, parts
from tests.support import ROOT, SHARED, needs_shared
from tests.walkthrough import EXAMPLES, NOT_RUN, Disagreement, Reader, commands, compare

ALL_PAGES = [
    *PAGES,
    *(ROOT / name for name in ("CONTRIBUTING.md", "DESIGN.md", "CHANGELOG.md")),
    ROOT / "deploy" / "README.md",
]
WIRE = ROOT / "docs" / "wire.md"


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 160


def test_no_table_is_on_two_pages() -> None:
    generated = [name for page in PAGES for name in parts(page.read_text())]

    assert [name for name in set(generated) if generated.count(name) > 1] == []


#: Pages whose blocks are whole sessions of pytest.
SLOW_PAGES = {"README", "leaving", "pytest", "recipes", "unittest"}


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.clients] if page.stem in SLOW_PAGES else [], id=page.stem)
        for page in PAGES
    ],
)
def test_a_page_can_be_followed(page: Path, tmp_path: Path) -> None:
    assert Reader(page, tmp_path).follow() == []


def test_what_is_not_run_is_on_a_page() -> None:
    """A reason that nothing needs any more goes."""
    typed = [command for page in PAGES for block in blocks(page) for command, _ in commands_of(block)]

    assert [begin for begin in NOT_RUN if not any(command.startswith(begin) for command in typed)] == []


def commands_of(block: Block) -> list[tuple[str, list[str]]]:
    return commands(block.text) if block.language == "console" else []


# ---- Recipes ----


def test_every_recipe_is_shown_whole() -> None:
    """But for the cassette, which is long, and examples that have pages of their own."""
    shown = {block.part for block in blocks(ROOT / "docs" / "recipes.md")}
    hidden = {"__pycache__", "cassettes", "leaving", "node_first", "node_parallel", "unittest_", "java"}
    files = [path for path in EXAMPLES.glob("*/**/*.*") if not hidden & set(path.parts)]

    assert len({path.relative_to(EXAMPLES).parts[0] for path in files}) == 11
    assert [path.name for path in files if str(path.relative_to(ROOT)) not in shown] == []


def test_applications_know_nothing_of_the_emulator() -> None:
    applications = [
        path for path in EXAMPLES.glob("*/*.*") if path.suffix in (".py", ".mjs") and "test" not in path.stem
    ]

    assert len(applications) == 16
    assert [path.name for path in applications if re.search("emulator|127.0.0.1|base_url", path.read_text())] == []


# ---- Links ----


def text_of(page: Path) -> str:
    """Without blocks of code."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub("`[^`\n]*`", "", text_of(page))):
        path, _, anchor = target.partition("#")
        if "://" in path:
            continue
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)

    assert broken == []


@pytest.mark.parametrize("folder", ["emulator", "tests"])
def test_references_to_the_wire_name_a_section(folder: str) -> None:
    """A comment names a section by its number (§4), a case of §3 by its letter (§3 G), a part by its name."""
    cited = {
        f"{part}{section}"
        for path in (ROOT / folder).rglob("*.py")
        for part, *sections in _REFERENCE.findall(path.read_text(encoding="utf-8"))
        for section in sections
        if section
    }

    assert cited
    assert cited - sections_of_the_wire() == set()


#: One or two sections of one part: ``§2 and §7``, ``Responses §1 and §2``.
_REFERENCE = re.compile(r"(Responses )?§(\d+(?: [A-L]\b)?)(?: and §(\d+(?: [A-L]\b)?))?")


def test_a_reference_to_a_section_that_is_not_there_is_found() -> None:
    """The Responses part has sections of its own."""
    known = sections_of_the_wire()

    assert {"7", "3 K", "Responses 6", "Responses 3 L"} <= known
    assert not {"8", "3 L", "Responses 7", "Responses 3 M"} & known
    assert _REFERENCE.findall("(docs/wire.md, Responses §1 and §2; docs/wire.md §3 K)") == [
        ("Responses ", "1", "2"),
        ("", "3 K", ""),
    ]


def sections_of_the_wire() -> set[str]:
    """As comments name them: ``4``, ``3 G``, ``Responses 2``."""
    of_assistants, _, of_responses = WIRE.read_text(encoding="utf-8").partition("\n## Responses\n")
    return {*_sections(of_assistants, "##", ""), *_sections(of_responses, "###", "Responses ")}


def _sections(text: str, level: str, part: str) -> list[str]:
    numbers = re.findall(rf"^{level} (\d+) ", text, re.MULTILINE)
    streams = text.partition(f"\n{level} 3 ")[2].partition(f"\n{level} 4 ")[0]
    letters = re.findall(r"^\*\*([A-L]) ", streams, re.MULTILINE)
    return [f"{part}{number}" for number in numbers] + [f"{part}3 {letter}" for letter in letters]


# ---- Reference ----


def test_every_method_is_in_the_reference() -> None:
    cells = re.findall(r"^\| (`.*?`) \| ", rows_of("reference.md", "| method or attribute | meaning |"), re.MULTILINE)
    told = {name for cell in cells for name in re.findall(r"`(\w+)[(`]", cell)}

    assert told == {name for name in dir(Control) if not name.startswith("_")} | {"url", "api_key"}


def test_every_request_of_the_admin_api_is_in_the_reference() -> None:
    table = rows_of("reference.md", "| request | meaning |")
    told = {
        (method, re.sub(r"\{.*?\}", "{}", path))
        for methods, path in re.findall(r"^\| ((?:`[A-Z]+`, )*`[A-Z]+) /_emulator(/[^`?]*)", table, re.MULTILINE)
        for method in re.findall("[A-Z]+", methods)
    }

    served = {
        (method, re.sub(r"\{.*?\}", "{}", route.path))
        for route in ROUTES
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert told == served


def test_every_key_of_a_turn_is_documented() -> None:
    told = set(re.findall(r"^\| `(\w+)", rows_of("scenarios.md", "| key | meaning |"), re.MULTILINE))

    assert told == set(SCENARIO["properties"]["turns"]["items"]["properties"])


def rows_of(page: str, head: str) -> str:
    """The first table of a page that begins so."""
    found = (ROOT / "docs" / page).read_text().partition(f"{head}\n")[2].partition("\n\n")[0]
    assert found
    return found


# ---- Leaving ----


def replacements() -> list[list[str]]:
    """The rows of the table of what replaces what: the old, the new, the difference."""
    table = rows_of("leaving.md", "| Assistants API | now | difference |")
    return [line.strip("| ").split(" | ") for line in table.splitlines()[1:]]


@needs_shared
def test_what_replaces_what_is_in_the_published_schema() -> None:
    schema = (SHARED / "spec" / "responses.openapi.json").read_text()
    words = {
        word
        for row in replacements()
        for quoted in re.findall("`([^`]+)`", " ".join(row[1:]))
        for word in re.findall(r"response\.[\w.]+|\w+", quoted)
    }
    statuses = json.loads(schema)["components"]["schemas"]["Response"]

    of_the_old_api = {"requires_action", "cancelling", "expired", "start_index", "end_index"}
    of_no_schema = {"containers", "files"}
    assert [
        word
        for word in sorted(words - of_the_old_api - of_no_schema - {"POST", "GET", "true"})
        if f'"{word}' not in schema and f"/{word}" not in schema
    ] == []
    assert not {"requires_action", "cancelling", "expired"} & set(re.findall(r"\w+", str(statuses)))


def test_what_replaces_an_operation_is_its_counterpart() -> None:
    by_request = {f"{one.method} {one.path}": one.name for one in OPERATIONS}
    told = set()
    for row in replacements():
        old, new = ([by_request[one] for one in re.findall(r"`((?:GET|POST) /[^`]+)`", cell)] for cell in row[:2])
        told |= {(one, other) for one in old if one in REMOVED for other in new}

    assert told == {(one, other) for one in COUNTERPARTS if one in REMOVED for other in COUNTERPARTS[one]}


def test_what_replaces_a_parameter_is_what_a_refused_request_is_told() -> None:
    """A parameter that two tools have is in two rows, each with its own home."""
    rows: dict[str, str] = {}
    for old, new, *_ in replacements():
        for name in re.findall(r"`(\w+)`", old):
            rows[name] = rows.get(name, "") + new
    homes = {name: one.home for name in rows for one in old_names({name: {}})}

    replaced = {
        name: home[1] for name, text in homes.items() if (home := re.search(r" is `(?:\w+\[\]\.)?([^`]+)`", text))
    }
    assert set(replaced) == {
        "messages",
        "max_completion_tokens",
        "response_format",
        "tool_outputs",
        "tool_resources",
        "truncation_strategy",
    }
    assert [(name, home) for name, home in replaced.items() if f"`{home}`" not in rows[name]] == []


# ---- The checks themselves ----


@pytest.mark.parametrize(
    ("printed", "expected", "fits"),
    [
        ("a\nb\nc\n", ["a", "c"], True),
        ("a\nb\n", ["b", "a"], False),
        ("took 3 s\n", ["took … s"], True),
        ("took 3 s, twice\n", ["took … s"], False),
        ("a.b\n", ["a…"], True),
        ("", ["a"], False),
        ("anything", [], True),
    ],
)
def test_what_is_printed_is_compared_line_by_line(printed: str, expected: list[str], fits: bool) -> None:
    if fits:
        compare(expected, printed, "it")
    else:
        with pytest.raises(Disagreement, match="it does not print"):
            compare(expected, printed, "it")


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("```ruby\nputs 1\n```", "a block of 'ruby'; what can be checked: python, yaml, console"),
        ("```\nplain\n```", "a block of 'no language'"),
        ("```python\n1 / 0\n```", "ZeroDivisionError"),
        ("```python\ndef test_it():\n    assert 1 == 2\n```", "assert 1 == 2"),
        ("```yaml\nturns: [{steps: [{sya: Hi}]}]\n```", "did you mean 'say'?"),
        ("```yaml\nsteps: [{uses: ./, with: {prot: 1}}]\n```", "prot: no inputs of action.yml"),
        ("```yaml\nsteps: [{run: make}]\n```", "no step uses this project's action"),
        ("```console\n$ assistants-emulator chekc .\n```", "ended with 2"),
        ("```console\n$ echo one\ntwo\n```", "does not print 'two'"),
        ("```console\n$ export OPENAI_URL=http://127.0.0.1:8787/v1\n```", "OPENAI_URL: no variable that leads"),
        ("```console\n$ export OPENAI_BASE_URL=http://127.0.0.1:1234/v1\n```", "nothing on this page listens there"),
        ("```console\n$ assistants-emulator serve none.yaml\nlistening on http://127.0.0.1:1/v1\n```", "says ''"),
        ("```text\nnot printed\n```", "the code before it does not print 'not printed'"),
        ("```js\nlet x = 1\n```", "nobody runs it"),
        ("```toml\n[tool.pytest.ini_options]\nassistants_emulation = true\n```", "assistants_emulation: no settings"),
        ("```ini\n[pytest]\nassistants_emulation = true\n```", "assistants_emulation: no settings"),
        ("```json\n{]\n```", "ParserError"),
    ],
)
def test_a_page_that_does_not_hold_is_told_of(block: str, words: str, tmp_path: Path) -> None:
    found = Reader(ROOT / "docs" / "page.md", tmp_path).follow(f"# Page\n\n{block}\n")

    assert len(found) == 1
    assert found[0].startswith("docs/page.md:3: ")
    assert words in found[0]
