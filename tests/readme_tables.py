"""The tables of the README that are made from the code: operations, conditions, steps and kinds of fault.

python -m tests.readme_tables            writes each between its two markers
python -m tests.readme_tables --check    says which are not as the code is
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from starlette.routing import Route

from emulator.app import ROUTES
from emulator.faults import KINDS, SUMMARIES
from emulator.json_schema import Schema
from emulator.matching import CONDITIONS
from emulator.steps import VERBS
from tests.support import ROOT

README: Final = ROOT / "README.md"


def heading(route: Route) -> str:
    """The heading of the API reference, which is the file's name."""
    name: str = route.endpoint.__module__.rpartition(".")[2].replace("_", " ")
    return name.capitalize()


def method(route: Route) -> str:
    (found,) = (route.methods or set()) - {"HEAD"}
    return found


def operations() -> str:
    """One row an operation, in the order of the routes; a heading is said once."""
    rows = [f"All {len(ROUTES)} operations of the published schema, each by its `operationId` in snake_case:", ""]
    rows += ["| | operation | request |", "|---|---|---|"]
    said = ""
    for route in ROUTES:
        shown = heading(route) if heading(route) != said else ""
        said = heading(route)
        rows.append(f"| {shown} | `{route.name}` | `{method(route)} /v1{route.path}` |")
    return "\n".join(rows)


def conditions() -> str:
    rows = ["| key | compares | with |", "|---|---|---|"]
    return "\n".join(
        [*rows, *(f"| `{one.name}` | {one.summary} | {_form(one.schema)} |" for one in CONDITIONS.values())]
    )


def steps() -> str:
    """``beside``: keys that may stand next to the step's own."""
    rows = ["| step | does | value | beside it |", "|---|---|---|---|"]
    for verb in VERBS.values():
        beside = " ".join(f"`{key}`" for key in verb.beside)
        rows.append(f"| `{verb.name}` | {verb.summary} | {_form(verb.value)} | {beside} |")
    return "\n".join(rows)


def faults() -> str:
    rows = ["| kind | does | its own keys |", "|---|---|---|"]
    for kind, own in KINDS.items():
        keys = " ".join(f"`{key}`" for key in own)
        rows.append(f"| `{kind}` | {SUMMARIES[kind]} | {keys} |")
    return "\n".join(rows)


def _form(schema: Schema) -> str:
    """What a value looks like: as its schema describes it, or its constants, or its type."""
    if "description" in schema:
        return str(schema["description"]).replace("|", "\\|")
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{str(schema['const']).lower()}`"
    words = {"string": "text", "number": "a number", "integer": "a whole number", "object": "a mapping"}
    return words[schema["type"]]


TABLES: Final[dict[str, Callable[[], str]]] = {
    "operations": operations,
    "conditions": conditions,
    "steps": steps,
    "faults": faults,
}


def with_table(text: str, name: str) -> str:
    """A README's text with one table as it has to be. Raises ValueError if it has no place for it."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if begin not in text or end not in text:
        raise ValueError(f"there is no place for the table: {begin} … {end}")
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n\n{TABLES[name]()}\n\n{end}{rest.partition(end)[2]}"


def main(arguments: list[str], readme: Path = README) -> int:
    text = readme.read_text(encoding="utf-8")
    stale = [name for name in TABLES if with_table(text, name) != text]
    if "--check" in arguments:
        for name in stale:
            print(f"{readme.name} does not show the {name} as they are; python -m tests.readme_tables writes them")
        return 1 if stale else 0
    for name in stale:
        text = with_table(text, name)
    readme.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
