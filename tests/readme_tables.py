"""The parts of README.md and docs/*.md that are made from the code: tables, and files that a page includes.

python -m tests.readme_tables            writes each part between its two markers
python -m tests.readme_tables --check    names the parts that differ from the code
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

import emulator.engine.loose_ends  # noqa: F401  # registers the kinds of turns
from emulator import pytest_plugin
from emulator.base.limits import LIMITS
from emulator.base.operations import OPERATIONS as ROUTES
from emulator.base.operations import Operation
from emulator.cli.commands.exits import MEANINGS
from emulator.cli.main import parsers
from emulator.sandbox.fake_words import WORDS
from emulator.sandbox.json_schema import Schema
from emulator.scenarios.conditions import CONDITIONS
from emulator.scenarios.faults import KINDS
from emulator.scenarios.schema import SCENARIO
from emulator.scenarios.steps import STEP_KINDS
from emulator.world.loose_ends import LOOSE_ENDS
from tests.pages import PAGES, is_file, parts, shown, with_part
from tests.support import ROOT


def heading(route: Operation) -> str:
    """The heading of an operation in the API reference."""
    return route.heading.replace("_", " ").capitalize()


def operations() -> str:
    """One row for each operation, in the order of the table; a heading is in its first row only."""
    rows = [f"All {len(ROUTES)} operations of the published schema, named by their `operationId` in snake_case:", ""]
    rows += ["| heading | operation | request |", "|---|---|---|"]
    said = ""
    for route in ROUTES:
        shown = heading(route) if heading(route) != said else ""
        said = heading(route)
        rows.append(f"| {shown} | `{route.name}` | `{route.method} /v1{route.path}` |")
    return "\n".join(rows)


def conditions() -> str:
    rows = ["| key | compares | value |", "|---|---|---|"]
    return "\n".join(
        [*rows, *(f"| `{one.name}` | {one.summary} | {_form(one.schema)} |" for one in CONDITIONS.values())]
    )


def steps() -> str:
    """One row for each step kind. ``beside``: keys that may stand beside the key of the step."""
    rows = ["| step | effect | value | keys beside it |", "|---|---|---|---|"]
    for kind in STEP_KINDS.values():
        beside = " ".join(f"`{key}`" for key in kind.beside)
        rows.append(f"| `{kind.name}` | {kind.summary} | {_form(kind.value)} | {beside} |")
    return "\n".join(rows)


def fake_words() -> str:
    return " ".join(f"`{word}`" for word in sorted(WORDS))


def faults() -> str:
    rows = ["| kind | effect | its own keys |", "|---|---|---|"]
    for kind in KINDS.values():
        keys = " ".join(f"`{key}`" for key in kind.parameters)
        rows.append(f"| `{kind.name}` | {kind.summary} | {keys} |")
    return "\n".join(rows)


def fixtures() -> str:
    """One row for each fixture, with the first line of its docstring."""
    rows = ["| fixture | scope | value |", "|---|---|---|"]
    for name, value in vars(pytest_plugin).items():
        marker = getattr(value, "_fixture_function_marker", None) or getattr(value, "_pytestfixturefunction", None)
        if marker is not None:
            said = value.__doc__.partition("\n")[0].removesuffix(".").replace("``", "`")
            rows.append(f"| `{name}` | {marker.scope} | {said[0].lower()}{said[1:]} |")
    return "\n".join(rows)


def pytest_options() -> str:
    """One row for each option of the command line, then the setting."""
    parser = pytest.Parser(_ispytest=True)
    pytest_plugin.pytest_addoption(parser)
    rows = ["| option | effect |", "|---|---|"]
    for option in parser.getgroup("assistants-emulator").options:
        attributes = option.attrs()
        value = attributes.get("metavar") or "\\|".join(attributes.get("choices") or [])
        rows.append(f"| `{option.names()[0]}{'=' if value else ''}{value}` | {attributes['help']} |")
    for name, (said, *_) in parser._inidict.items():
        rows.append(f"| `{name} = true` in pytest's settings | {said} |")
    return "\n".join(rows)


def loose_ends() -> str:
    """One row for each kind of loose end."""
    rows = ["| kind | what was left undone |", "|---|---|"]
    return "\n".join([*rows, *(f"| `{kind.name}` | {kind.summary} |" for kind in LOOSE_ENDS.values())])


#: The meaning of each setting. The schema has its values, the world its defaults.
_SETTINGS: Final = {
    "seed": "the seed of all ids and fake words; 0 by default",
    "clock": "`skip` (the default): waits take no real time; `real`: they do",
    "start": "the instant at which the clock starts: ISO 8601, or `now`; 2026-01-01T00:00:00Z by default",
    "unmatched": "what a run does that fits no turn: `fail` (the default if the scenarios have a turn), or `improvise` "
    "(the default if they have none): it answers with a seeded sentence",
    "sleepers": "for applications that sleep instead of polling: a poll that comes a real second or more after a run "
    "was created finds it at rest; off by default",
    "shapes": "`wire` (the default): objects as the service sent them, even where it broke its own schema; "
    "`spec`: objects as the published schema describes them, for strictly generated clients",
    "polls": "the `polls` of every turn that has none of its own",
}


def settings() -> str:
    rows = ["| key | meaning | value |", "|---|---|---|"]
    for key, schema in SCENARIO["properties"]["settings"]["properties"].items():
        rows.append(f"| `{key}` | {_SETTINGS[key]} | {_form(schema)} |")
    return "\n".join(rows)


def commands() -> str:
    rows = ["| command | effect |", "|---|---|"]
    for parser in parsers()[1].values():
        usage = parser.format_usage().removeprefix("usage: ").replace("|", "\\|")
        rows.append(f"| `{' '.join(usage.split())}` | {_first_sentence(parser.description or '')} |")
    return "\n".join(rows)


def command_options() -> str:
    """One row for each option; commands with the same option and the same help share it."""
    found: dict[tuple[str, str], list[str]] = {}
    for command, parser in parsers()[1].items():
        for action in parser.variables().values():
            value = action.metavar or "\\|".join(map(str, action.choices or [])) or action.dest.upper()
            flags = "` `".join(action.option_strings)
            key = f"`{flags}{'' if action.nargs == 0 else f' {value}'}`", action.help or ""
            found.setdefault(key, []).append(f"`{command}`")
    rows = ["| option | commands | effect |", "|---|---|---|"]
    rows += [
        f"| {option} | {' '.join(of)} | {said.replace('|', chr(92) + '|')} |" for (option, said), of in found.items()
    ]
    return "\n".join(rows)


def exit_codes() -> str:
    rows = ["| exit code | meaning |", "|---|---|"]
    return "\n".join([*rows, *(f"| {code} | {said} |" for code, said in MEANINGS.items())])


def limits() -> str:
    """One row for each bound, in the order of the list."""
    rows = ["| bound | value | beyond it |", "|---|---|---|"]
    return "\n".join([*rows, *(f"| {one.bounds} | {_amount(one.value, one.unit)} | {one.beyond} |" for one in LIMITS)])


def _amount(value: float, unit: str) -> str:
    """A value in its unit; bytes as MiB or KiB where they are whole."""
    for size, name in ((1024 * 1024, "MiB"), (1024, "KiB")):
        if unit == "bytes" and value >= size and value % size == 0:
            return f"{value // size:,g} {name}"
    return f"{value:,g} {unit}" if value < 1_000_000 else f"{value:,.0f} {unit}"


def speed() -> str:
    """The results of ``python -m tests.bench`` and ``tests.bench.peers``: ratios within each run."""
    rows = ["| measured | compared with | ratio | goal |", "|---|---|---|---|"]
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
    """The form of a value: the description of its schema, or else its constants, or else its type."""
    if "description" in schema:
        return str(schema["description"]).replace("|", "\\|")
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{str(schema['const']).lower()}`"
    words = {"string": "text", "number": "a number", "integer": "a whole number", "object": "a mapping"}
    words["boolean"] = "`true` or `false`"
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    return " or ".join(words[type] for type in types)


TABLES: Final[dict[str, Callable[[], str]]] = {
    "operations": operations,
    "conditions": conditions,
    "steps": steps,
    "fake words": fake_words,
    "faults": faults,
    "fixtures": fixtures,
    "pytest options": pytest_options,
    "loose ends": loose_ends,
    "settings": settings,
    "commands": commands,
    "command options": command_options,
    "exit codes": exit_codes,
    "limits": limits,
    "speed": speed,
}


def content(name: str) -> str:
    """The content of the part of that name: a table, or a file."""
    return shown(name) if is_file(name) else TABLES[name]()


def as_it_is(text: str) -> tuple[str, list[str]]:
    """The text of a page with the present content of all parts, and the names of the parts that were stale."""
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
            print(f"{page.name}: the part {name!r} is out of date. Run: python -m tests.readme_tables")
    return 1 if is_stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
