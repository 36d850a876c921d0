"""The table of operations in the README."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.app import ROUTES
from emulator.operations import OPERATIONS
from tests.coverage_table import BEGIN, END, heading, main, table, with_table


def test_the_readme_shows_the_operations_as_they_are() -> None:
    assert main(["--check"]) == 0


def test_every_route_has_a_row() -> None:
    rows = [line.split(" | ") for line in table().splitlines()[4:]]
    assert [row[1] for row in rows] == [f"`{route.name}`" for route in ROUTES]
    assert [row[0].strip("| ") for row in rows if row[0].strip("| ")] == list(dict.fromkeys(map(heading, ROUTES)))


def test_the_list_of_operations_is_that_of_the_routes() -> None:
    """``operations`` knows no route, so that scenarios can be read without any."""
    routes: dict[str, set[str]] = {}
    for route in ROUTES:
        routes.setdefault(heading(route).lower().replace(" ", "_"), set()).add(route.name)
    assert {name: set(operations) for name, operations in OPERATIONS.items()} == routes


@pytest.mark.parametrize(
    ("text", "around"),
    [
        (f"# A\n\n{BEGIN}\nold\n{END}\n\nend\n", ("# A\n\n", "\n\nend\n")),
        (
            "# A\n\n## Deliberate differences\n\nend\n",
            ("# A\n\n## Operations\n\n", "\n\n## Deliberate differences\n\nend\n"),
        ),
        ("# A\n", ("# A\n\n## Operations\n\n", "\n")),
    ],
    ids=["between the markers", "before the differences", "at the end"],
)
def test_where_the_table_goes(text: str, around: tuple[str, str]) -> None:
    assert with_table(text) == f"{around[0]}{BEGIN}\n\n{table()}\n\n{END}{around[1]}"
    assert with_table(with_table(text)) == with_table(text)


def test_check_changes_nothing_and_writing_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("# A\n")
    assert main(["--check"], readme) == 1
    assert "README.md does not show the operations" in capsys.readouterr().out
    assert readme.read_text() == "# A\n"
    assert main([], readme) == 0
    assert main(["--check"], readme) == 0
