"""Writes a scenario document as readable YAML: short values on one line, and a comment on the origin of each item."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import yaml

from emulator.base.json_types import Object
from emulator.scenarios.scalars import NUMBER

_STR: Final = "tag:yaml.org,2002:str"
#: The tag of every value that our reader types by its characters.
_TYPED: Final = "tag:yaml.org,2002:typed"
#: Characters of a line, and of a mapping or list on one line.
_WIDTH, _ON_ONE_LINE = 110, 84
#: An item of the document: the name of its list, and its index there.
Item = tuple[str, int]

#: Keys whose values are written over several lines, down to so many levels.
_LEVELS: Final = {"steps": 2}
#: Lists with a paragraph and a comment for each item.
_LISTS: Final = ("turns", "indexing", "faults", "stubs")


class _Dumper(yaml.SafeDumper):
    """Quotes only the text that our reader would take for another type (``emulator.scenarios.document``)."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            typed = implicit[0] and (value in ("", "null", "true", "false") or NUMBER.fullmatch(value))
            return _TYPED if typed else _STR
        resolved: str = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]
        return resolved

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)  # a list is indented further than its key


def _represent_text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    lines = value.split("\n")
    if not all(line.isprintable() for line in lines):
        return yaml.ScalarNode(_STR, value, style='"')  # unprintable characters are escaped
    is_block = len(lines) > 1 and all(line == line.rstrip() for line in lines) and not value.endswith("\n\n")
    if is_block and lines[0] and lines[0][0] != " ":
        return yaml.ScalarNode(_STR, value, style="|")
    return yaml.ScalarNode(_STR, value, style='"' if len(lines) > 1 else None)  # line ends are escaped


def _represent_typed(dumper: _Dumper, value: Any) -> yaml.ScalarNode:
    text = {None: "null", True: "true", False: "false"}[value] if value is None or isinstance(value, bool) else None
    return yaml.ScalarNode(_TYPED, text or repr(value))


_Dumper.add_representer(str, _represent_text)
for _kind in (int, float, bool, type(None)):
    _Dumper.add_representer(_kind, _represent_typed)


def write(
    document: Object,
    *,
    about: str,
    left_out: Sequence[str] = (),
    comments: Mapping[Item, str] = MappingProxyType({}),
    schema: str = "",
) -> str:
    """The scenario file. ``about``: its origin; ``left_out``: notes on what the file does not contain.

    ``comments`` go above items of its lists, such as ``("turns", 0)``. ``schema``: the path of the JSON Schema, for
    editors.
    """
    line = f"# yaml-language-server: $schema={schema}\n" if schema else ""
    parts = [line + _head(about, left_out)]
    head = {key: document[key] for key in ("version", "name", "description", "settings") if key in document}
    parts.append(_dump(head, levels=1))
    if "given" in document:
        parts.append("given:\n" + _indented(_given(document["given"])))
    for key in _LISTS:
        if key in document:
            items = [_item(item, key, comments.get((key, number))) for number, item in enumerate(document[key])]
            parts.append(f"{key}:\n" + _indented("\n".join(items) if key == "turns" else "".join(items)))
    return "\n".join(parts)


def _given(given: Object) -> str:
    """Given objects, each on one line if it fits."""
    return "".join(
        f"{kind}:\n" + _indented("".join(_dump([item], levels=1) for item in items)) for kind, items in given.items()
    )


def _item(item: Object, key: str, comment: str | None) -> str:
    return (_comment(comment) if comment else "") + _dump([item], levels=2 if key == "turns" else 1)


def _head(about: str, left_out: Sequence[str]) -> str:
    lines = _comment(about, hanging="  ")
    if not left_out:
        return lines
    return lines + "#\n# Not carried over:\n" + "".join(_comment(f"* {one}", hanging="  ") for one in left_out)


def _comment(text: str, hanging: str = "") -> str:
    plain = "".join(c if c.isprintable() else " " for c in text)
    wrapped = textwrap.wrap(
        plain, _WIDTH - 2, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
    )
    return "".join(f"# {line}\n" for line in wrapped)


def _indented(text: str) -> str:
    return textwrap.indent(text, "  ")


def _dump(value: Any, levels: int) -> str:
    """YAML with its outermost ``levels`` over several lines; what is below is on one line if it fits."""
    dumper = _Dumper("", sort_keys=False)  # type: ignore[arg-type]
    node = dumper.represent_data(value)
    _lay_out(node, levels)
    text: str = yaml.serialize(node, Dumper=_Dumper, width=_WIDTH, allow_unicode=True)
    return text


def _lay_out(node: Any, levels: int) -> int:
    """Decides which nodes go on one line. Returns the approximate width of the node there; 10,000 if it cannot."""
    if isinstance(node, yaml.ScalarNode):
        return 10_000 if node.style == "|" else len(node.value)
    if isinstance(node, yaml.MappingNode):
        size = sum(
            _lay_out(key, 0) + _lay_out(value, _LEVELS.get(key.value, levels - 1)) + 4 for key, value in node.value
        )
    else:
        size = sum(_lay_out(item, levels - 1) + 2 for item in node.value)
    plain = isinstance(node, yaml.SequenceNode) and all(isinstance(item, yaml.ScalarNode) for item in node.value)
    if plain and levels <= 0:
        for item in node.value:
            item.style = '"' if item.style == "|" else item.style
        size = sum(len(item.value) + 2 for item in node.value)
    node.flow_style = not node.value or (levels <= 0 and (size <= _ON_ONE_LINE or (plain and size < 10_000)))
    return size + 2
