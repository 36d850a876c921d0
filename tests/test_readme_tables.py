"""The generated parts of the pages: tables made from the code, and included files."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.base.operations import OPERATIONS as ROUTES
from tests.pages import PAGES, is_file, parts, shown, with_part
from tests.readme_tables import TABLES, content, heading, main, operations
from tests.support import ROOT


def test_the_pages_show_all_as_it_is() -> None:
    assert main(["--check"]) == 0


def test_every_table_is_on_a_page() -> None:
    shown_somewhere = {name for page in PAGES for name in parts(page.read_text()) if not is_file(name)}
    assert shown_somewhere == set(TABLES)


def test_every_route_has_a_row() -> None:
    rows = [line.split(" | ") for line in operations().splitlines()[4:]]
    assert [row[1] for row in rows] == [f"`{route.name}`" for route in ROUTES]
    assert [row[0].strip("| ") for row in rows if row[0].strip("| ")] == list(dict.fromkeys(map(heading, ROUTES)))


EXAMPLE = "tests/examples/retries/tickets.yaml"


@pytest.mark.parametrize("name", [*TABLES, EXAMPLE])
def test_a_generated_part_goes_between_its_markers(name: str) -> None:
    text = f"# A\n\n<!-- {name} -->\nold\n<!-- /{name} -->\n\nend\n"

    written = with_part(text, name, content(name))

    assert written == f"# A\n\n<!-- {name} -->\n\n{content(name)}\n\n<!-- /{name} -->\n\nend\n"
    assert with_part(written, name, content(name)) == written
    assert parts(written) == [name]
    with pytest.raises(ValueError, match=f"there is no place for it: <!-- {name} -->"):
        with_part("# A\n", name, content(name))


def test_a_file_is_shown_whole() -> None:
    assert shown(EXAMPLE) == f"```yaml\n{(ROOT / EXAMPLE).read_text()}```"


def test_check_changes_nothing_and_writing_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    empty = "".join(f"<!-- {name} -->\n<!-- /{name} -->\n" for name in [*TABLES, EXAMPLE])
    page.write_text(empty)

    assert main(["--check"], [page]) == 1
    printed = capsys.readouterr().out
    assert "page.md: the part 'steps' is out of date" in printed
    assert f"page.md: the part {EXAMPLE!r} is out of date" in printed
    assert page.read_text() == empty
    assert main([], [page]) == 0
    assert main(["--check"], [page]) == 0
