"""What the turns of a world would have cost: tokens by model, and vector storage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from emulator.base.prices import Prices

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """The tokens of a model. ``estimated``: no scenario states them."""

    model: str
    turns: int
    prompt_tokens: int
    completion_tokens: int
    estimated: bool

    def price(self, prices: Prices) -> float | None:
        """What they cost; None for a model that the table does not have."""
        known = prices.of_model(self.model)
        if known is None:
            return None
        return (self.prompt_tokens * known.input + self.completion_tokens * known.output) / _MILLION


@dataclass(frozen=True, slots=True)
class Cost:
    """``gb_days``: vector storage; ``charged_gb_days``: what of it is beyond the free part."""

    models: tuple[ModelUsage, ...] = ()
    gb_days: float = 0.0
    charged_gb_days: float = 0.0

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The cost that ``as_json`` wrote."""
        models = tuple(ModelUsage(**one) for one in data["models"])
        return cls(models, data["gb_days"], data["charged_gb_days"])

    def as_json(self) -> dict[str, Any]:
        return {
            "models": [asdict(one) for one in self.models],
            "gb_days": self.gb_days,
            "charged_gb_days": self.charged_gb_days,
        }

    @classmethod
    def total(cls, several: Iterable[Cost]) -> Self:
        """The costs of several worlds together, by model."""
        costs = list(several)
        by_model: dict[str, ModelUsage] = {}
        for one in (model for cost in costs for model in cost.models):
            known = by_model.get(one.model)
            by_model[one.model] = one if known is None else _together(known, one)
        return cls(
            tuple(by_model[name] for name in sorted(by_model)),
            sum(one.gb_days for one in costs),
            sum(one.charged_gb_days for one in costs),
        )

    def price(self, prices: Prices) -> float:
        """What all of it costs, but for models that the table does not have."""
        return sum(one.price(prices) or 0.0 for one in self.models) + self.charged_gb_days * prices.per_gb_day

    def lines(self, prices: Prices) -> list[str]:
        """A line for each model, one for the storage if there is any, and one for the sum."""
        rows = self.rows(prices)
        what, amount = (max((len(row[key]) for row in rows), default=0) for key in ("what", "amount"))
        return [
            *(f"{row['what']:<{what}}  {row['amount']:<{amount}}  {row['price']}".rstrip() for row in rows),
            f"together {self.in_words(prices)}, {prices.in_words()}",
        ]

    def rows(self, prices: Prices) -> list[dict[str, str]]:
        """``what``, ``amount`` and ``price`` of each model, and of the storage if there is any."""
        rows = [
            {
                "what": one.model,
                "amount": f"{one.prompt_tokens:,} prompt and {one.completion_tokens:,} completion tokens"
                + (" (estimated)" if one.estimated else ""),
                "price": _money(one.price(prices), prices),
            }
            for one in self.models
        ]
        if self.gb_days:
            amount = f"{self.gb_days:.4g} GB-days, {self.charged_gb_days:.4g} beyond the free {prices.free_gb:g} GB"
            price = _money(self.charged_gb_days * prices.per_gb_day, prices)
            rows.append({"what": "vector storage", "amount": amount, "price": price})
        return rows

    def in_words(self, prices: Prices) -> str:
        """The sum; the models that have no price are named."""
        unknown = [one.model for one in self.models if one.price(prices) is None]
        return _money(self.price(prices), prices) + (f" without {', '.join(unknown)}" if unknown else "")


def _together(one: ModelUsage, other: ModelUsage) -> ModelUsage:
    return ModelUsage(
        one.model,
        one.turns + other.turns,
        one.prompt_tokens + other.prompt_tokens,
        one.completion_tokens + other.completion_tokens,
        one.estimated or other.estimated,
    )


def _money(amount: float | None, prices: Prices) -> str:
    return "no price" if amount is None else f"{prices.currency} {amount:.6f}".rstrip("0").rstrip(".")
