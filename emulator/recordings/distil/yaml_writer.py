"""A scenario document as YAML that a person likes to read: short things on one line, comments where each came from."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import yaml

from emulator.base.json_types import Object
from emulator.scenarios.scalars import NUMBER

_STR: Final = "tag:yaml.org,2002:str"
#: The tag of everything that our reader types by its characters.
_TYPED: Final = "tag:yaml.org,2002:typed"
#: Characters of a line, and of a mapping or list that stands on one.
_WIDTH, _ON_ONE_LINE = 110, 84
#: An item of the document: the name of its list, and its place there.
Item = tuple[str, int]

#: Lists whose items have a paragraph each, with their comments.
#: Keys whose values have paragraphs of their own, so many levels of them.
_LEVELS: Final = {"steps": 2}
_LISTS: Final = ("turns", "indexing", "faults", "stubs")


class _Dumper(yaml.SafeDumper):
    """Quotes what our reader would take for something else, and nothing more (``emulator/scenarios/document.py``)."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            typed = implicit[0] and (value in ("", "null", "true", "false") or NUMBER.fullmatch(value))
            return _TYPED if typed else _STR
        resolved: str = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]
        return resolved

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)  # lists stand a step further in than their key


def _represent_text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    lines = value.split("\n")
    if not all(line.isprintable() for line in lines):
        return yaml.ScalarNode(_STR, value, style='"')  # what cannot be seen is escaped
    is_block = len(lines) > 1 and all(line == line.rstrip() for line in lines) and not value.endswith("\n\n")
    return yaml.ScalarNode(_STR, value, style="|" if is_block and lines[0] and lines[0][0] != " " else None)


def _represent_typed(dumper: _Dumper, value: Any) -> yaml.ScalarNode:
    text = {None: "null", True: "true", False: "false"}[value] if value is None or isinstance(value, bool) else None
    return yaml.ScalarNode(_TYPED, text or repr(value))


_Dumper.add_representer(str, _represent_text)
for _kind in (int, float, bool, type(None)):
    _Dumper.add_representer(_kind, _represent_typed)


def write(
    document: Object, *, about: str, left_out: Sequence[str] = (), comments: Mapping[Item, str] = MappingProxyType({})
) -> str:
    """The scenario file. ``about``: what it was made of; ``left_out``: what could not be carried into it.

    ``comments`` stand over items of its lists, such as ``("turns", 0)``.
    """
    parts = [_head(about, left_out)]
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
    """A line for each object that fits on one."""
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
    """YAML, its outermost ``levels`` in paragraphs; what is below stands on one line if it fits."""
    dumper = _Dumper("", sort_keys=False)  # type: ignore[arg-type]
    node = dumper.represent_data(value)
    _lay_out(node, levels)
    text: str = yaml.serialize(node, Dumper=_Dumper, width=_WIDTH, allow_unicode=True)
    return text


def _lay_out(node: Any, levels: int) -> int:
    """Decides what stands on one line. Answers about how many characters the node takes there; many if it cannot."""
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
