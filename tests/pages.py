"""The pages for users, README.md and docs/*.md: their generated parts and their fenced blocks.

A part stands between ``<!-- name -->`` and ``<!-- /name -->``. It is a table or a whole file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support import ROOT

PAGES: Final = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

#: The language of a block that shows a file, by the extension of the file.
LANGUAGES: Final = {
    ".py": "python",
    ".yaml": "yaml",
    ".mjs": "js",
    ".ts": "ts",
    ".java": "java",
    ".json": "json",
    ".txt": "text",
}

_BEGIN = re.compile(r"^<!-- ([^/ ][^>]*) -->$", re.MULTILINE)
_RECIPE = re.compile(r"^<!-- tests/examples/(\w+)/", re.MULTILINE)
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\S*)[^\n]*\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)


def parts(text: str) -> list[str]:
    """The names of the parts of a page, in order."""
    return [name for name in _BEGIN.findall(text) if f"<!-- /{name} -->" in text]


def with_part(text: str, name: str, content: str) -> str:
    """The text of a page with new content in one part. Raises ValueError if the page lacks the markers."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if begin not in text or end not in text:
        raise ValueError(f"there is no place for it: {begin} … {end}")
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n\n{content}\n\n{end}{rest.partition(end)[2]}"


def is_file(name: str) -> bool:
    return "/" in name


def shown(name: str) -> str:
    """A file of the project as a fenced block."""
    file = ROOT / name
    return f"```{LANGUAGES[file.suffix]}\n{file.read_text(encoding='utf-8').rstrip()}\n```"


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block.

    ``line``: the line number of its fence. ``before``: the line of text before it. ``part``: the generated part that
    contains it. ``recipe``: the directory of ``tests/examples`` that its section shows.
    """

    page: Path
    line: int
    language: str
    text: str
    before: str
    part: str | None
    recipe: str | None

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path, text: str | None = None) -> list[Block]:
    """The blocks of a page. ``text`` replaces the contents of the file."""
    text = page.read_text(encoding="utf-8") if text is None else text
    found = []
    for match in _FENCE.finditer(text):
        above = text[: match.start()]
        inside = [name for name in parts(text) if f"<!-- {name} -->" in above and f"<!-- /{name} -->" not in above]
        recipes = _RECIPE.findall(above.rpartition("\n## ")[2])
        said = [line for line in above.splitlines() if line.strip() and not line.startswith("<!--")]
        found.append(
            Block(
                page,
                above.count("\n") + 1,
                match["language"],
                re.sub(f"^{match['indent']}", "", match["text"], flags=re.MULTILINE),
                said[-1] if said else "",
                inside[-1] if inside else None,
                recipes[-1] if recipes else None,
            )
        )
    return found
