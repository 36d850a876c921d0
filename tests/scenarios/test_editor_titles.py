"""The published schema tells an editor what each alternative does, in place of ``object(…)``."""

from __future__ import annotations

import pytest

from emulator.scenarios.faults import KINDS
from emulator.scenarios.published_schema import published_schema
from emulator.scenarios.schema import SCENARIO
from emulator.scenarios.steps import STEP_KINDS

PROPERTIES = published_schema()["properties"]
TURN = PROPERTIES["turns"]["items"]["properties"]


@pytest.mark.parametrize(
    ("alternatives", "names"),
    [(TURN["steps"]["items"]["anyOf"], STEP_KINDS), (PROPERTIES["faults"]["items"]["anyOf"], KINDS)],
    ids=["steps", "faults"],
)
def test_each_alternative_is_called_by_its_name_and_what_it_does(
    alternatives: list[dict[str, str]], names: dict[str, object]
) -> None:
    titles = [one["title"].partition(": ") for one in alternatives]

    assert [name for name, _, _ in titles] == list(names)
    assert all(words and len(words) <= 60 for _, _, words in titles)


def test_each_key_of_a_scenario_and_of_a_turn_has_words() -> None:
    assert [key for key in SCENARIO["properties"] if "description" not in PROPERTIES[key]] == []
    assert [key for key in TURN if "description" not in TURN[key]] == []
