"""What a world would have cost: the sums by hand, on both APIs, and the price table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.apis.review.cost import cost_of
from emulator.base.cost import Cost, ModelUsage
from emulator.base.prices import Prices
from emulator.base.problems import EmulatorError
from tests.support import InProcess

PRICES = Prices.load()
USAGE = {"prompt_tokens": 1000, "completion_tokens": 200}
SCENARIO: dict[str, Any] = {
    "version": 1,
    "given": {"assistants": [{"id": "asst_a", "model": "gpt-4o"}]},
    "turns": [
        {"when": {"message": "stated"}, "usage": USAGE, "steps": [{"say": "Yes."}]},
        {"steps": [{"say": "Perhaps."}]},
    ],
}


def play(api: InProcess, text: str, model: str = "gpt-4o") -> None:
    body = {"assistant_id": "asst_a", "model": model, "thread": {"messages": [{"role": "user", "content": text}]}}
    run = api.post("/v1/threads/runs", body).json
    for _ in range(2):
        api.get(f"/v1/threads/{run['thread_id']}/runs/{run['id']}")


def test_stated_usage_gives_the_sums_by_hand() -> None:
    api = InProcess(SCENARIO)
    for _ in range(3):
        play(api, "stated")
    play(api, "stated", "gpt-4o-mini-2024-07-18")
    api.post("/v1/responses", {"model": "gpt-4o", "input": "stated"})
    cost = cost_of(api.world, PRICES)
    assert cost.models == (
        ModelUsage("gpt-4o", 4, 4000, 800, estimated=False),
        ModelUsage("gpt-4o-mini-2024-07-18", 1, 1000, 200, estimated=False),
    )
    by_hand = (4000 * 2.5 + 800 * 10) / 1e6 + (1000 * 0.15 + 200 * 0.6) / 1e6
    assert cost.price(PRICES) == pytest.approx(by_hand)
    assert cost.in_words(PRICES) == "US$ 0.01827"


def test_what_no_scenario_states_is_called_an_estimate() -> None:
    api = InProcess(SCENARIO)
    play(api, "something")
    (one,) = cost_of(api.world, PRICES).models
    assert one.estimated
    assert "(estimated)" in cost_of(api.world, PRICES).lines(PRICES)[0]


def test_storage_is_charged_beyond_the_first_gigabyte_while_it_is_kept() -> None:
    api = InProcess(SCENARIO)
    store = api.post("/v1/vector_stores", {}).json["id"]
    kept = api.world.store.vector_stores.find(store, "id")
    kept.object = {**kept.object, "usage_bytes": 3_000_000_000}
    api.post("/_emulator/clock/advance", {"seconds": 2 * 86_400})
    assert api.delete(f"/v1/vector_stores/{store}").status == 200
    api.post("/_emulator/clock/advance", {"seconds": 86_400})
    cost = cost_of(api.world, PRICES)
    assert [cost.gb_days, cost.charged_gb_days] == pytest.approx([6, 4])
    assert cost.price(PRICES) == pytest.approx(0.4)
    assert cost.lines(PRICES)[0] == "vector storage  6 GB-days, 4 beyond the free 1 GB  US$ 0.4"


def test_costs_of_several_worlds_add_up() -> None:
    one = Cost((ModelUsage("gpt-4o", 1, 10, 20, estimated=False),), 1, 0)
    other = Cost((ModelUsage("o1", 1, 1, 1, estimated=False), ModelUsage("gpt-4o", 2, 5, 5, estimated=True)), 2, 1)
    assert Cost.total([one, other]) == Cost(
        (ModelUsage("gpt-4o", 3, 15, 25, estimated=True), ModelUsage("o1", 1, 1, 1, estimated=False)), 3, 1
    )
    assert Cost.from_json(other.as_json()) == other


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ("gpt-4o", "gpt-4o"), ("gpt-4o-2024-08-06", "gpt-4o"), ("gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("gpt-4-1106-preview", "gpt-4"), ("gpt-4o-realtime", None), ("gpt-4-turbo", "gpt-4-turbo"),
        ("ft:gpt-4o-mini-2024-07-18:shop::abc", "gpt-4o-mini"), ("gpt-4-0613", "gpt-4"), ("my-deployment", None),
        ("", None),
    ],
)  # fmt: skip
def test_the_price_of_a_model(model: str, known: str | None) -> None:
    assert PRICES.of_model(model) == (None if known is None else PRICES.models[known])


def test_a_model_without_a_price_is_named() -> None:
    cost = Cost((ModelUsage("mine", 1, 10, 10, estimated=False),))
    assert cost.in_words(PRICES) == "US$ 0 without mine"
    assert cost.rows(PRICES)[0]["price"] == "no price"


def test_a_price_table_of_ones_own(tmp_path: Path) -> None:
    table = {
        "date": "2027-01-01",
        "source": "my contract",
        "currency": "EUR",
        "per_million_tokens": {"mine": {"input": 1, "output": 2}},
        "vector_storage": {"per_gb_day": 0, "free_gb": 0},
    }
    path = tmp_path / "prices.json"
    path.write_text(json.dumps(table))
    lines = Cost((ModelUsage("mine", 1, 1_000_000, 500_000, estimated=False),)).lines(Prices.load(path))
    assert lines == [
        "mine  1,000,000 prompt and 500,000 completion tokens  EUR 2",
        "together EUR 2, by the prices of 2027-01-01 (my contract)",
    ]


@pytest.mark.parametrize(
    ("text", "words"), [("{", "got: "), ("{}", "without"), ("[]", "got: "), (None, "cannot be read")]
)
def test_a_bad_price_table_is_refused_in_a_sentence(tmp_path: Path, text: str | None, words: str) -> None:
    path = tmp_path / "prices.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(EmulatorError, match=rf"{path.name}: .*{words}"):
        Prices.load(path)
