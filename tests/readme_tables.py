"""What README.md and docs/*.md show of the code: its tables, and files that are included.

python -m tests.readme_tables            writes each between its two markers
python -m tests.readme_tables --check    says which are not as the code is
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from emulator import pytest_plugin
from emulator.base.operations import OPERATIONS as ROUTES
from emulator.base.operations import Operation
from emulator.cli.commands.exits import MEANINGS
from emulator.cli.main import parsers
from emulator.sandbox.json_schema import Schema
from emulator.scenarios.conditions import CONDITIONS
from emulator.scenarios.faults import KINDS, SUMMARIES
from emulator.scenarios.schema import SCENARIO
from emulator.scenarios.steps import STEP_KINDS
from tests.pages import PAGES, is_file, parts, shown, with_part
from tests.support import ROOT


def heading(route: Operation) -> str:
    """The heading of the API reference."""
    return route.heading.replace("_", " ").capitalize()


def operations() -> str:
    """One row an operation, in the order of the routes; a heading is said once."""
    rows = [f"All {len(ROUTES)} operations of the published schema, each by its `operationId` in snake_case:", ""]
    rows += ["| | operation | request |", "|---|---|---|"]
    said = ""
    for route in ROUTES:
        shown = heading(route) if heading(route) != said else ""
        said = heading(route)
        rows.append(f"| {shown} | `{route.name}` | `{route.method} /v1{route.path}` |")
    return "\n".join(rows)


def conditions() -> str:
    rows = ["| key | compares | with |", "|---|---|---|"]
    return "\n".join(
        [*rows, *(f"| `{one.name}` | {one.summary} | {_form(one.schema)} |" for one in CONDITIONS.values())]
    )


def steps() -> str:
    """``beside``: keys that may stand next to the step's own."""
    rows = ["| step | does | value | beside it |", "|---|---|---|---|"]
    for kind in STEP_KINDS.values():
        beside = " ".join(f"`{key}`" for key in kind.beside)
        rows.append(f"| `{kind.name}` | {kind.summary} | {_form(kind.value)} | {beside} |")
    return "\n".join(rows)


def faults() -> str:
    rows = ["| kind | does | its own keys |", "|---|---|---|"]
    for kind, own in KINDS.items():
        keys = " ".join(f"`{key}`" for key in own)
        rows.append(f"| `{kind}` | {SUMMARIES[kind]} | {keys} |")
    return "\n".join(rows)


def fixtures() -> str:
    """One row a fixture, as the first sentence of its docstring says."""
    rows = ["| fixture | scope | is |", "|---|---|---|"]
    for name, value in vars(pytest_plugin).items():
        marker = getattr(value, "_fixture_function_marker", None) or getattr(value, "_pytestfixturefunction", None)
        if marker is not None:
            said = value.__doc__.partition("\n")[0].removesuffix(".").replace("``", "`")
            rows.append(f"| `{name}` | {marker.scope} | {said[0].lower()}{said[1:]} |")
    return "\n".join(rows)


def pytest_options() -> str:
    """One row an option of the command line, then the setting."""
    parser = pytest.Parser(_ispytest=True)
    pytest_plugin.pytest_addoption(parser)
    rows = ["| option | does |", "|---|---|"]
    for option in parser.getgroup("assistants-emulator").options:
        attributes = option.attrs()
        value = attributes.get("metavar") or "\\|".join(attributes.get("choices") or [])
        rows.append(f"| `{option.names()[0]}{'=' if value else ''}{value}` | {attributes['help']} |")
    for name, (said, *_) in parser._inidict.items():
        rows.append(f"| `{name} = true` in pytest's settings | {said} |")
    return "\n".join(rows)


#: What a setting is; its values are in the schema, its defaults in the world.
_SETTINGS: Final = {
    "seed": "all ids and fake words depend on it; 0",
    "clock": "`skip` (the default): waits take no real time; `real`: they do",
    "start": "where the skip clock starts: an ISO 8601 instant or `now`; 2026-01-01T00:00:00Z",
    "unmatched": "what a run does that no turn fits: `fail` (the default as soon as there is a turn) or `improvise` "
    "(the default without one), which answers with a seeded sentence",
    "shapes": "`wire` (the default): objects as the service really sent them, also where it broke its own schema; "
    "`spec`: as the published schema says, for strictly generated clients",
    "polls": "as in a turn, for all turns",
}


def settings() -> str:
    rows = ["| key | is | with |", "|---|---|---|"]
    for key, schema in SCENARIO["properties"]["settings"]["properties"].items():
        rows.append(f"| `{key}` | {_SETTINGS[key]} | {_form(schema)} |")
    return "\n".join(rows)


def headings() -> str:
    """One row for each heading of the API reference."""
    rows = [f"All {len(ROUTES)} operations of the published schema:", "", "| | operations |", "|---|---|"]
    for name, routes in itertools.groupby(ROUTES, heading):
        rows.append(f"| {name} | {' '.join(f'`{route.name}`' for route in routes)} |")
    return "\n".join(rows)


def commands() -> str:
    rows = ["| command | does |", "|---|---|"]
    for parser in parsers()[1].values():
        usage = parser.format_usage().removeprefix("usage: ").replace("|", "\\|")
        rows.append(f"| `{' '.join(usage.split())}` | {_first_sentence(parser.description or '')} |")
    return "\n".join(rows)


def command_options() -> str:
    """One row for an option of several commands, if it says the same in all."""
    found: dict[tuple[str, str], list[str]] = {}
    for command, parser in parsers()[1].items():
        for action in parser.variables().values():
            value = action.metavar or "\\|".join(map(str, action.choices or [])) or action.dest.upper()
            flags = "` `".join(action.option_strings)
            key = f"`{flags}{'' if action.nargs == 0 else f' {value}'}`", action.help or ""
            found.setdefault(key, []).append(f"`{command}`")
    rows = ["| option | of | does |", "|---|---|---|"]
    rows += [
        f"| {option} | {' '.join(of)} | {said.replace('|', chr(92) + '|')} |" for (option, said), of in found.items()
    ]
    return "\n".join(rows)


def exit_codes() -> str:
    rows = ["| exit code | means |", "|---|---|"]
    return "\n".join([*rows, *(f"| {code} | {said} |" for code, said in MEANINGS.items())])


def speed() -> str:
    """What full runs of ``python -m tests.bench`` and ``tests.bench.peers`` found: ratios within each run."""
    rows = ["| what | beside | ratio | aim |", "|---|---|---|---|"]
    for name in ("speed.json", "speed-peers.json"):
        measured = json.loads((ROOT / "docs" / name).read_text(encoding="utf-8"))
        rows += [_ratio_row(row) for row in measured["rows"] if row["ratio"]]
    return "\n".join(rows)


def _ratio_row(row: dict[str, Any]) -> str:
    aim = row["aim"] or {}
    is_cost = "cost by cost" in row["against"] or aim.get("sign") == "<="
    median, low, high = (_rounded(row["ratio"][key]) for key in ("median", "low", "high"))
    what = f"{row['name']} ({row['note']})" if row["note"] else row["name"]
    if row["against"] == "the limit":
        beside, times = f"{row['other']:g} {row['unit']}", "of it"
    else:
        beside, times = row["against"].removesuffix(", cost by cost"), "times the cost" if is_cost else "times as fast"
    wanted = f"{'≥' if aim['sign'] == '>=' else '≤'} {aim['value']:g}: {row['verdict'].lower()}" if aim else ""
    return f"| {what} | {beside} | {median} {times} ({low} to {high}) | {wanted} |"


def _rounded(ratio: float) -> str:
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2f}"


def _first_sentence(text: str) -> str:
    return text[0].lower() + text[1:].partition(". ")[0].removesuffix(".")


def _form(schema: Schema) -> str:
    """What a value looks like: as its schema describes it, or its constants, or its type."""
    if "description" in schema:
        return str(schema["description"]).replace("|", "\\|")
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{str(schema['const']).lower()}`"
    words = {"string": "text", "number": "a number", "integer": "a whole number", "object": "a mapping"}
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    return " or ".join(words[type] for type in types)


TABLES: Final[dict[str, Callable[[], str]]] = {
    "operations": operations,
    "conditions": conditions,
    "steps": steps,
    "faults": faults,
    "fixtures": fixtures,
    "pytest options": pytest_options,
    "settings": settings,
    "headings": headings,
    "commands": commands,
    "command options": command_options,
    "exit codes": exit_codes,
    "speed": speed,
}


def content(name: str) -> str:
    """What has to stand in a part of that name: a table, or a file."""
    return shown(name) if is_file(name) else TABLES[name]()


def as_it_is(text: str) -> tuple[str, list[str]]:
    """A page's text with all its parts as they have to be, and the names of those that were not."""
    stale = []
    for name in parts(text):
        written = with_part(text, name, content(name))
        if written != text:
            stale.append(name)
            text = written
    return text, stale


def main(arguments: list[str], pages: Sequence[Path] = PAGES) -> int:
    is_stale = False
    for page in pages:
        text, stale = as_it_is(page.read_text(encoding="utf-8"))
        is_stale |= bool(stale)
        if "--check" not in arguments:
            page.write_text(text, encoding="utf-8")
            continue
        for name in stale:
            print(f"{page.name} does not show {name} as it is; python -m tests.readme_tables writes it")
    return 1 if is_stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
