"""What a model's name says of it: its series, its version, and what models of that kind cannot do.

A rule reads the form of the name, so it also knows snapshots and versions to come, and fine-tuned models, which are
like the model that they come from. On Azure the name is that of a deployment, which its owner chooses: a family counts
wherever it stands in that name, and a name that holds none, or several, says nothing.
"""

from __future__ import annotations

import functools
import re
from typing import Final, Literal, NamedTuple

#: ``gpt-5.4-mini`` is version (5, 4); ``4o`` and its kind end in a letter of their own.
_GPT: Final = r"gpt-(?P<major>\d{1,3})(?:\.(?P<minor>\d{1,3}))?(?P<omni>o?)(?![\d.a-z])"
_O_SERIES: Final = r"o(?P<number>\d{1,2})(?![\da-z])"
_NAME: Final = re.compile(rf"(?:ft:)?(?:{_GPT}|{_O_SERIES})")
#: As people name deployments: ``gpt-35-turbo``, ``gpt-4-1-mini``, ``gpt4o``.
_IN_DEPLOYMENT: Final = re.compile(
    r"(?<![a-z0-9])(?:gpt-?(?P<major>\d)(?:[.-]?(?P<minor>\d))?(?P<omni>o?)|o(?P<number>\d{1,2}))(?![a-z0-9])"
)
_DATE: Final = re.compile(r"-(\d{4}-\d{2}-\d{2})")
#: The first snapshot of gpt-4o with structured outputs.
_STRUCTURED_SINCE: Final = "2024-08-06"
#: The first and the last version of GPT that does not reason unless the request sets an effort.
_NO_EFFORT_BY_DEFAULT: Final = ((5, 1), (5, 4))
_O_SERIES_EFFORTS: Final = ("low", "medium", "high")
_GPT_5_EFFORTS: Final = ("minimal", *_O_SERIES_EFFORTS)


class Family(NamedTuple):
    """``series``: empty for a name that says nothing. ``version``: of the series. ``rest``: what follows both."""

    series: Literal["", "gpt", "gpt-o", "o"] = ""
    version: tuple[int, int] = (0, 0)
    rest: str = ""

    @property
    def reasons(self) -> bool:
        """Models of this family think before they respond, and have an effort."""
        if self.series == "gpt":
            return self.version >= (5, 0) and not self.rest.startswith("-chat")
        return self.series == "o"

    @property
    def takes_sampling(self) -> bool:
        """``temperature`` and ``top_p`` fit models of this family. From GPT-5.1 on they do, without an effort."""
        return not self.reasons or (self.series == "gpt" and self.version > (5, 0))

    @property
    def default_effort(self) -> str | None:
        """The effort of a model for which nobody states one."""
        if not self.reasons:
            return None
        first, last = _NO_EFFORT_BY_DEFAULT
        return "none" if self.series == "gpt" and first <= self.version <= last else "medium"

    def supports_effort(self, effort: str | None) -> bool:
        """Whether an effort, or none at all, fits the family. A name that says nothing supports anything."""
        if not self.series:
            return True
        if not self.reasons or effort is None:
            return not self.reasons and effort is None
        if self.series == "o":
            return effort in _O_SERIES_EFFORTS
        return effort in _GPT_5_EFFORTS if self.version == (5, 0) else True

    @property
    def lacks_structured_outputs(self) -> bool:
        """Models from before the response format ``json_schema``."""
        if self.series == "o":
            return self.version == (1, 0) and self.rest.startswith(("-mini", "-preview"))
        if self.series == "gpt-o":
            date = _DATE.match(self.rest)
            return date is not None and date[1] < _STRUCTURED_SINCE
        return self.series == "gpt" and self.version <= (4, 0)


UNKNOWN: Final = Family()


@functools.lru_cache(maxsize=1024)
def family(name: str, *, is_deployment: bool = False) -> Family:
    """The family that a name states. ``is_deployment``: the name is one that somebody chose on Azure."""
    if not is_deployment:
        match = _NAME.match(name)
        return UNKNOWN if match is None else _family(match, name)
    lowered = name.lower()
    found = {_family(match, lowered) for match in _IN_DEPLOYMENT.finditer(lowered)}
    return found.pop() if len(found) == 1 else UNKNOWN


def _family(match: re.Match[str], name: str) -> Family:
    rest = name[match.end() :]
    if match["number"]:
        return Family("o", (int(match["number"]), 0), rest)
    version = (int(match["major"]), int(match["minor"] or 0))
    return Family("gpt-o" if match["omni"] else "gpt", version, rest)
