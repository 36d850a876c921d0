"""What the model of an assistant or run does not take, in the service's words (docs/wire.md §4).

The family of the model decides, by its name. A request that changes the family also has to do with what the assistant
had before: a temperature that somebody set, an effort, a response format.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, Final, NamedTuple

from emulator.apis.assistants import errors
from emulator.apis.assistants.objects import Assistant
from emulator.apis.model_families import Family, family
from emulator.base.json_types import Object

#: In the order in which they are refused.
SAMPLING: Final = ("temperature", "top_p")

#: The last version of Azure's that is known to lack structured outputs; that older ones do is inferred.
_WITHOUT_JSON_SCHEMA: Final = "2024-08-01-preview"


class Base(NamedTuple):
    """What a request builds on: the assistant that it modifies, or that runs.

    ``sampling``: the parameters of ``SAMPLING`` that a client has set for it; a default is no such.
    ``null_clears``: a null takes the assistant's effort away, which it does for modify; a run inherits it.
    """

    assistant: Assistant
    sampling: Set[str]
    null_clears: bool


def sampling_of(body: Mapping[str, Any], before: Set[str] = frozenset()) -> frozenset[str]:
    """The sampling parameters that are set after a request, by its body and those that were set ``before``."""
    return frozenset({*before, *(name for name in SAMPLING if body.get(name) is not None)})


def check_model(body: Object, base: Base | None, *, on_azure: bool) -> None:
    """Raises ApiError for parameters that the model does not take. ``base``: none for a new assistant.

    Assistants on Azure have no effort that a change of the model could inherit (docs/wire.md §6).
    """
    model = body.get("model") or (base.assistant["model"] if base else "")
    now = family(model, is_deployment=on_azure)
    before = family(base.assistant["model"], is_deployment=on_azure) if base else now
    _check_sampling(body, base, now, before)
    sent = body.get("reasoning_effort")
    if sent is not None:
        if not now.supports_effort(sent):
            raise errors.unsupported_effort(sent)
    elif base and body.get("model") and not on_azure:
        is_cleared = base.null_clears and "reasoning_effort" in body
        inherited = None if is_cleared else base.assistant["reasoning_effort"]
        if not now.supports_effort(inherited) and not (inherited is None and before.reasons):
            raise errors.unsupported_effort(inherited)
    _check_formats(model, now, body, base)


def has_plain_format(assistant: Assistant) -> bool:
    """True unless its response format is a ``json_schema``, which the model and the tools have to go with."""
    return not _is_json_schema(assistant["response_format"])


def check_version(body: Object, version: str) -> None:
    """Raises ApiError for a response format that a version of Azure's does not know yet (docs/wire.md §6)."""
    if _is_json_schema(body.get("response_format")) and version[:1].isdigit() and version <= _WITHOUT_JSON_SCHEMA:
        raise errors.unknown_response_format()


def _check_sampling(body: Object, base: Base | None, now: Family, before: Family) -> None:
    if now.takes_sampling:
        return
    inherited = base.sampling if base and before.takes_sampling else frozenset()
    for name in SAMPLING:
        if body.get(name) is not None or name in inherited:
            raise errors.unsupported_parameter(name)


def _check_formats(model: str, now: Family, body: Object, base: Base | None) -> None:
    """Structured outputs: the model must have them, and they stand beside functions only."""
    if not _is_json_schema(_in_force("response_format", body, base)):
        return
    if now.lacks_structured_outputs:
        raise errors.no_structured_outputs(model)
    if any(tool["type"] != "function" for tool in _in_force("tools", body, base) or []):
        raise errors.tools_beside_json_schema()


def _in_force(name: str, body: Object, base: Base | None) -> Any:
    sent = body.get(name)
    return sent if sent is not None or base is None else base.assistant[name]  # type: ignore[literal-required]


def _is_json_schema(response_format: Any) -> bool:
    return isinstance(response_format, dict) and response_format["type"] == "json_schema"
