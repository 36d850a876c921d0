"""The parsers of PyYAML: the one of libyaml, in C, and the one in Python, which stands in where libyaml is missing.

The one in Python reads about twenty times more slowly, so a scenario may have less for it. It also words the errors,
which it explains better, and it reads the little that libyaml refuses, such as halves of characters as escapes.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from emulator.base.limits import MAX_PYTHON_VALUES, MAX_PYTHON_YAML, MAX_YAML_DEPTH
from emulator.scenarios.scalars import LINE_END
from emulator.scenarios.yaml_tree import TOO_DEEP, Place, Unreadable, place_of, refused

if TYPE_CHECKING:
    from yaml import Event

#: Ends what is said about a text that is too large for the parser in Python.
_WAY_OUT: Final = "where PyYAML has no libyaml, as here; JSON may have more"


class NotReadByLibyaml(Exception):
    """libyaml does not read a text: it is no YAML, or has what only the other parser takes. ``args``: its reason."""


class TooLarge(Unreadable):
    """A text is too large for the parser in Python."""


def has_libyaml() -> bool:
    """True if PyYAML was built with libyaml, as all of its wheels are."""
    import yaml

    return hasattr(yaml, "CSafeLoader")


@functools.cache
def warn_without_libyaml() -> None:
    """Says on stderr, once a process, that scenarios are read slowly."""
    import sys

    sys.stderr.write(
        "assistants-emulator: this PyYAML was built without libyaml: scenario files are read slowly, and "
        f"have at most {MAX_PYTHON_VALUES} values. Install a wheel of PyYAML, or libyaml before PyYAML is built.\n"
    )


def libyaml_events(text: str) -> Iterator[Event]:
    """The events of a text. Raises NotReadByLibyaml."""
    import yaml

    try:
        loader = yaml.CSafeLoader(text)
    except UnicodeEncodeError as error:  # half of a character
        raise NotReadByLibyaml(str(error)) from None
    following = loader.get_event
    try:
        while (event := following()) is not None:
            yield event
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise NotReadByLibyaml(error) from None
    finally:
        loader.dispose()


def python_events(text: str, hint: str = "") -> Iterator[Event]:
    """The events of a text, by the parser in Python. ``hint`` ends the message of an error. Raises Unreadable."""
    import yaml

    try:
        yield from yaml.parse(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise unreadable(error, text, hint) from None


def unreadable(error: Any, text: str, hint: str = "") -> Unreadable:
    """The error of either parser, with its place."""
    import yaml

    if isinstance(error, yaml.MarkedYAMLError):
        place = place_of(error.problem_mark or error.context_mark)
        if "nesting depth" in str(error.problem):  # libyaml has a limit of its own, and looks ahead
            return Unreadable(TOO_DEEP, *place)
        if "cannot start any token" in str(error.problem) and "\t" in _written_before(place, text):
            hint = "; this is a tab, and YAML takes only spaces before a key or an item"
        reason = " ".join(filter(None, [error.context, error.problem]))
        return Unreadable(f"not readable as YAML: {reason}{hint}", *place)
    if isinstance(error, yaml.reader.ReaderError) and isinstance(error.character, int):
        before = LINE_END.split(text[: text.find(chr(error.character))])
        problem = f"unacceptable character U+{error.character:04X}: special characters are not allowed"
        return Unreadable(f"not readable as YAML: {problem}", len(before), len(before[-1]) + 1)
    return Unreadable(f"not readable as YAML: {error}", 1, 1)


def _written_before(place: Place, text: str) -> str:
    """The line of a place, up to it."""
    lines = LINE_END.split(text)
    return lines[place.line - 1][: place.column] if place.line <= len(lines) else ""


def bounded(events: Iterator[Event], text: str) -> Iterator[Event]:
    """The events of the parser in Python, as many as it reads in a second or two. Raises Unreadable."""
    import yaml

    if len(text) > MAX_PYTHON_YAML:
        raise TooLarge(f"expected at most {MAX_PYTHON_YAML} characters of YAML {_WAY_OUT}", 1, 1)
    written = depth = 0
    for event in events:
        if isinstance(event, yaml.NodeEvent):
            written += 1
            if written > MAX_PYTHON_VALUES:
                problem = f"expected at most {MAX_PYTHON_VALUES} values of YAML {_WAY_OUT}"
                raise TooLarge(problem, *place_of(event.start_mark))
            depth += isinstance(event, yaml.CollectionStartEvent)
            if depth > MAX_YAML_DEPTH + 1:  # here and not in the builder, as the parser is slow in deep text
                raise refused(event, TOO_DEEP)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        yield event
