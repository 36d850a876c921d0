"""A price table: what tokens and vector storage cost. It says its date and its source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from emulator.base.files import read_file
from emulator.base.problems import EmulatorError

#: The last words of names of snapshots, besides dates.
_SNAPSHOTS: Final = frozenset({"preview", "latest"})


class TokenPrice(NamedTuple):
    """What a million tokens cost."""

    input: float
    output: float


@dataclass(frozen=True, slots=True)
class Prices:
    """``models``: by the name of a model without its date. ``per_gb_day``: beyond the first ``free_gb``."""

    date: str
    source: str
    currency: str
    models: Mapping[str, TokenPrice]
    per_gb_day: float
    free_gb: float

    @classmethod
    def load(cls, path: str | Path | None = None) -> Self:
        """The table in a file of the same form as the bundled one, or the bundled one.

        Raises EmulatorError for a file that cannot be read or has another form.
        """
        try:
            source = files("emulator.base") / "prices.json"
            return cls._from_json(json.loads(source.read_bytes() if path is None else read_file(path)))
        except OSError as error:
            raise EmulatorError(f"{path}: the prices cannot be read: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise EmulatorError(f"{path}: expected prices in the form of the bundled table, {_flaw(error)}") from None

    @classmethod
    def _from_json(cls, data: Mapping[str, Any]) -> Self:
        storage = data["vector_storage"]
        models = {
            name: TokenPrice(float(one["input"]), float(one["output"]))
            for name, one in data["per_million_tokens"].items()
        }
        return cls(
            str(data["date"]),
            str(data["source"]),
            str(data.get("currency", "US$")),
            models,
            float(storage["per_gb_day"]),
            float(storage["free_gb"]),
        )

    def in_words(self) -> str:
        """The table's date and source."""
        return f"by the prices of {self.date} ({self.source})"

    def of_model(self, model: str) -> TokenPrice | None:
        """The price of a model or of one of its dated snapshots, also fine-tuned; None for an unknown one."""
        name = model.split(":")[1] if model.startswith("ft:") and model.count(":") else model
        while name not in self.models:
            name, _, last = name.rpartition("-")
            if not (last.isdigit() or last in _SNAPSHOTS):
                return None
        return self.models[name]


def _flaw(error: Exception) -> str:
    return f"got a table without {error}" if isinstance(error, KeyError) else f"got: {error}"
