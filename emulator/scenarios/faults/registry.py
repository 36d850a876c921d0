"""The registry of kinds of faults: to add one is to write one class, in ``kinds`` or in a test.

    @fault("repeat", "sends the last piece of the body again")
    class Repeat(FaultKind):
        copies: int = parameter({"type": "integer", "minimum": 1})

        async def send(self, piece: BodyPiece, response: ResponseWriter) -> None:
            ...

The class is the only place that knows the kind: the schema of scenarios, the admin API, the documentation and the fault
injector read the registry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, Final, TypeVar, dataclass_transform

from emulator.sandbox.json_schema import Schema
from emulator.scenarios.faults.response_writer import BodyPiece, ResponseWriter, UnhandledRequest


class FaultKind:
    """The base of all kinds. An instance holds the parameters of one fault as attributes.

    A kind overrides ``send``, which acts on the response, or ``acts_before`` and ``before``, or all of them.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    #: The schemas of the parameters by name, and the names of those without a default.
    parameters: ClassVar[dict[str, Schema]]
    required: ClassVar[tuple[str, ...]]
    #: Why a fault of this kind cannot have ``after``; empty for a kind that can.
    why_no_after: ClassVar[str] = ""
    #: Parameters of which a fault of this kind has at least one.
    needs_one_of: ClassVar[tuple[str, ...]] = ()

    def acts_before(self, after: int | None) -> bool:
        """True if ``before`` is called, before the request is handled; else ``send`` is called, once it was."""
        return False

    async def before(self, request: UnhandledRequest) -> None:
        """Acts before the request is handled."""

    def applies_to(self, piece: BodyPiece, response: ResponseWriter) -> bool:
        """False for a piece that is sent as it is. A fault that applies to no piece of a response does not count."""
        return True

    async def send(self, piece: BodyPiece, response: ResponseWriter) -> None:
        """Sends a piece that comes after the first ``after`` ones and that the fault applies to."""
        await response.write(piece.body, is_last=piece.is_last)


KINDS: Final[dict[str, type[FaultKind]]] = {}

KindT = TypeVar("KindT", bound=FaultKind)


def parameter(schema: Schema, *, default: Any = MISSING, default_factory: Any = MISSING) -> Any:
    """A parameter of a kind. One without a default is required; one whose schema is ``integer`` arrives as an int."""
    return field(default=default, default_factory=default_factory, kw_only=True, metadata={"schema": schema})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(parameter,))
def fault(name: str, summary: str) -> Callable[[type[KindT]], type[KindT]]:
    """Registers a kind under the name that scenarios use. Raises ValueError for a name that is taken.

    ``summary``: what it does, as the documentation says it after the name.
    """

    def register(kind: type[KindT]) -> type[KindT]:
        if name in KINDS:
            raise ValueError(f"there is a kind of fault {name!r} already")
        kind = dataclass(frozen=True)(kind)
        found = fields(kind)  # type: ignore[arg-type]  # a dataclass since the line before
        kind.name, kind.summary = name, summary
        kind.parameters = {one.name: one.metadata["schema"] for one in found}
        kind.required = tuple(one.name for one in found if one.default is MISSING and one.default_factory is MISSING)
        KINDS[name] = kind
        return kind

    return register
