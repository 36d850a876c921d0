"""The examples of CONTRIBUTING.md's recipes: each patch is applied to a copy of the project and tried at every door.

To add an example: make the change in a checkout, run its tests, write ``git diff`` to ``<name>.patch`` here without the
generated parts of pages and the golden texts, and add a test below. To mend one, do the same.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.contributions.tree import Tree
from tests.support import ROOT

HERE = Path(__file__).parent
PATCHES = sorted(file.stem for file in HERE.glob("*.patch"))
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")


def contribute(name: str, path: Path) -> Tree:
    """A copy of the project with a patch applied, its pages and golden texts written anew, and its tests green.

    ``python -m tests.readme_tables`` writes the pages. The golden reports of refused scenarios list every key of the
    language, so ``UPDATE_GOLDEN=1`` writes them; a contributor reads their diff.
    """
    tree = Tree(path)
    changed = tree.apply((HERE / f"{name}.patch").read_text(encoding="utf-8"))
    tests = [file for file in changed if file.startswith("tests/")]
    assert tests, "a contribution comes with its tests"
    tree.run("-m", "tests.readme_tables")
    tree.run(*PYTEST, "tests/scenarios/test_scenario_errors.py", *tests, UPDATE_GOLDEN="1")
    return tree


@pytest.mark.parametrize("name", PATCHES)
def test_the_recipe_shows_its_example(name: str) -> None:
    assert f"tests/contributions/{name}.patch" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_every_example_is_tried() -> None:
    assert [f"test_a_new_{name}_works_at_every_door" for name in PATCHES] == sorted(
        name for name in globals() if name.startswith("test_a_new_")
    )


def test_a_new_condition_works_at_every_door(tmp_path: Path) -> None:
    tree = contribute("condition", tmp_path)
    tree.write(
        "words.yaml",
        "version: 1\nturns:\n"
        "  - {name: pair, when: {words: 2}, steps: [{say: Two words.}]}\n"
        "  - {name: single, when: {words: 1}, steps: [{say: One word.}]}\n",
    )
    tree.write("wrong.yaml", "version: 1\nturns:\n  - when: {words: two}\n    steps: [{say: No.}]\n")
    ask = "tests/contributions/ask.py"

    assert tree.run("-m", "emulator", "check", "words.yaml") == "1 checked, no problems\n"
    assert "wrong.yaml:3:12: turns[0].when.words: expected a whole number" in tree.run(
        "-m", "emulator", "check", "wrong.yaml", code=1
    )

    when = json.loads(tree.run("-m", "emulator", "schema"))["properties"]["turns"]["items"]
    assert '"words": {"type": "integer", "minimum": 0' in json.dumps(when)

    served = tree.run("-m", "emulator", "exec", "words.yaml", "--", tree.python, ask, "one two", "hello")
    assert served.splitlines()[:4] == [
        "polled: completed: Two words.",
        "streamed: completed: Two words.",
        "polled: completed: One word.",
        "streamed: completed: One word.",
    ]
    missed = tree.run("-m", "emulator", "exec", "words.yaml", "--", tree.python, ask, "one two three", code=1)
    assert "nearest: 'pair': words: expected 2, got 3; 'single': words: expected 1, got 3" in missed

    row = "| `words` | the number of words of the message | "
    assert row in (tree.path / "docs" / "scenarios.md").read_text(encoding="utf-8")
