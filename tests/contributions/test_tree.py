"""The applying of patches: by the lines that they keep and remove, wherever those have moved to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.contributions.tree import Tree

PATCH = """\
diff --git a/README.md b/README.md
index 7a77e36..b6284e6 100644
--- a/README.md
+++ b/README.md
@@ -1000,3 +1000,3 @@ a heading
 one

-two
+zwei
@@ -2000,1 +2000,2 @@
 three
+four
diff --git a/docs/new.md b/docs/new.md
new file mode 100644
--- /dev/null
+++ b/docs/new.md
@@ -0,0 +1,2 @@
+--- old
+@@ new
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    monkeypatch.setattr("tests.contributions.tree.PARTS", ())
    tree = Tree(tmp_path)
    tree.write("README.md", "zero\none\n\ntwo\nthree\n")
    return tree


def test_hunks_go_where_their_lines_are(tree: Tree) -> None:
    assert tree.apply(PATCH) == ["README.md", "docs/new.md"]
    assert (tree.path / "README.md").read_text() == "zero\none\n\nzwei\nthree\nfour\n"
    assert (tree.path / "docs" / "new.md").read_text() == "--- old\n@@ new\n"


@pytest.mark.parametrize(("text", "times"), [("one\n\n2\nthree\n", 0), ("one\n\ntwo\none\n\ntwo\nthree\n", 2)])
def test_lines_that_are_not_there_once_are_refused(tree: Tree, text: str, times: int) -> None:
    tree.write("README.md", text)
    with pytest.raises(ValueError, match=rf"^README.md has these lines {times} times, not once:\none\n\ntwo\n$"):
        tree.apply(PATCH)


@pytest.mark.parametrize("patch", ["", "no patch\n", "@@ -1 +1 @@\n-one\n+two\n"])
def test_what_is_no_patch_is_refused(tree: Tree, patch: str) -> None:
    with pytest.raises(ValueError, match="it is no patch"):
        tree.apply(patch)


def test_a_patch_that_is_cut_off_is_refused(tree: Tree) -> None:
    with pytest.raises(ValueError, match="a hunk has fewer lines than its heading counts"):
        tree.apply(PATCH.removesuffix("+@@ new\n"))


def test_commands_import_the_copy_and_fail_with_their_output(tree: Tree) -> None:
    tree.write("emulator.py", "print('the copy')")
    assert tree.run("-c", "import emulator") == f"the copy{os.linesep}"
    with pytest.raises(AssertionError, match="ended with 3:\nlate\n"):
        tree.run("-c", "print('late'); raise SystemExit(3)")
