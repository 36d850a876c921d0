"""Stubs: responses to requests outside the APIs. Which request a stub is for, and what its path says."""

from __future__ import annotations

import functools
import re
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

import orjson

from emulator.base.json_types import Object

#: The bases of Azure's paths: a stub for a path of OpenAI's stands for the same path below them too.
_AZURE_BASE: Final = re.compile(r"^((/[^/]+)*?/openai/(v1/)?|/v1/)(deployments/[^/]+/)?")
#: In a stub's path: a character that stands for itself, a part with a name, and what stands for anything.
_TOKEN: Final = re.compile(r"\[(?P<literal>.)\]|\{(?P<name>[^{}/]*)\}|(?P<any>[*?])|(?P<plain>.)", re.DOTALL)
_ANY: Final = {"*": ".*", "?": "."}
_NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
#: The names that templates of a stub can use besides the parameters of its path.
TEMPLATE_NAMES: Final = ("request", "fake")


class Stub(NamedTuple):
    """A response to a request outside the API. ``path`` may have ``*`` and named parts (``{id}``).

    ``times``: how often it responds; None for any number. ``template``: the body if it has templates, else None.
    """

    method: str
    path: str
    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    times: int | None = None
    template: Any = None
    #: Where the scenario has it, for messages.
    place: str = ""

    def parameters(self, path: str) -> dict[str, str] | None:
        """The named parts of a path that fits; None for a path that does not."""
        pattern, names = _pattern(self.path)
        found = pattern.fullmatch(path)
        return None if found is None else dict(zip(names, map(unquote, found.groups()), strict=True))


class MatchedStub(NamedTuple):
    """A stub that responds to a request, the parts of the path that have names, and how often it responded before."""

    stub: Stub
    parameters: dict[str, str]
    before: int


def paths_of(path: str) -> list[str]:
    """A request's path, and the path of OpenAI's that it stands for if it is one of Azure's."""
    return list(dict.fromkeys([path, _AZURE_BASE.sub("/v1/", path)]))


def stub_of(data: Object, place: str, *, has_templates: bool) -> Stub:
    """A stub as a scenario says it."""
    method, _, path = data["request"].partition(" ")
    body = data.get("body", {})
    headers = {name.lower().encode(): value.encode("latin-1", "replace") for name, value in _headers(data).items()}
    template = body if has_templates else None
    if isinstance(body, str) and template is None:
        headers.setdefault(b"content-type", TEXT)
    raw = b"" if has_templates else body.encode() if isinstance(body, str) else orjson.dumps(body)
    return Stub(method, path, data.get("status", 200), raw, tuple(headers.items()), data.get("times"), template, place)


#: The type of a body that is text.
TEXT: Final = b"text/plain; charset=utf-8"


def _headers(data: Object) -> dict[str, str]:
    found: dict[str, str] = data.get("headers", {})
    return found


@functools.lru_cache(maxsize=1024)
def _pattern(path: str) -> tuple[re.Pattern[str], list[str]]:
    """``*`` stands for anything, ``?`` for a character, ``{name}`` for one part, and ``[*]`` for an asterisk."""

    def expression(token: re.Match[str]) -> str:
        if token["name"] is not None:
            return "([^/]+)"
        return _ANY[token["any"]] if token["any"] else re.escape(token["literal"] or token["plain"])

    return re.compile("".join(map(expression, _TOKEN.finditer(path))), re.DOTALL), parameter_names(path)


def parameter_names(path: str) -> list[str]:
    """The names in a stub's path, in their order."""
    return [token["name"] for token in _TOKEN.finditer(path) if token["name"] is not None]


def why_no_path(path: str) -> str | None:
    """Why the names in a stub's path cannot be used; None if they can."""
    names = parameter_names(path)
    for number, name in enumerate(names):
        if not _NAME.fullmatch(name):
            return f"expected a name of letters, digits and _ between braces, got {name!r}"
        if name in TEMPLATE_NAMES:
            return f"{{{name}}}: {name!r} means something else in templates; expected another name"
        if name in names[:number]:
            return f"{{{name}}} is there twice"
    return None


def sample(path: str) -> str:
    """A path that fits a stub's path, and no other stub's that fits less than this one does."""
    return "".join(token["literal"] or token["plain"] or _SAMPLES[token["any"]] for token in _TOKEN.finditer(path))


#: What no path has literally, for a named part, ``*`` and ``?``. An asterisk may stand for several parts.
_SAMPLES: Final[dict[str | None, str]] = {None: "~", "*": "~/~", "?": "~"}
