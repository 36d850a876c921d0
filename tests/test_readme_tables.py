"""The tables of the README that are made from the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.app import ROUTES
from emulator.faults import KINDS, SUMMARIES
from emulator.operations import OPERATIONS
from tests.readme_tables import TABLES, heading, main, operations, with_table


def test_the_readme_shows_all_as_it_is() -> None:
    assert main(["--check"]) == 0


def test_every_route_has_a_row() -> None:
    rows = [line.split(" | ") for line in operations().splitlines()[4:]]
    assert [row[1] for row in rows] == [f"`{route.name}`" for route in ROUTES]
    assert [row[0].strip("| ") for row in rows if row[0].strip("| ")] == list(dict.fromkeys(map(heading, ROUTES)))


def test_the_list_of_operations_is_that_of_the_routes() -> None:
    """``operations`` knows no route, so that scenarios can be read without any."""
    routes: dict[str, set[str]] = {}
    for route in ROUTES:
        routes.setdefault(heading(route).lower().replace(" ", "_"), set()).add(route.name)
    assert {name: set(operations) for name, operations in OPERATIONS.items()} == routes


def test_every_kind_of_fault_is_described() -> None:
    assert set(SUMMARIES) == set(KINDS)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_goes_between_its_markers(name: str) -> None:
    text = f"# A\n\n<!-- {name} -->\nold\n<!-- /{name} -->\n\nend\n"

    written = with_table(text, name)

    assert written == f"# A\n\n<!-- {name} -->\n\n{TABLES[name]()}\n\n<!-- /{name} -->\n\nend\n"
    assert with_table(written, name) == written
    with pytest.raises(ValueError, match=f"there is no place for the table: <!-- {name} -->"):
        with_table("# A\n", name)


def test_check_changes_nothing_and_writing_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = tmp_path / "README.md"
    empty = "".join(f"<!-- {name} --><!-- /{name} -->\n" for name in TABLES)
    readme.write_text(empty)

    assert main(["--check"], readme) == 1
    assert "README.md does not show the steps as they are" in capsys.readouterr().out
    assert readme.read_text() == empty
    assert main([], readme) == 0
    assert main(["--check"], readme) == 0
