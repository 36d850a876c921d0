"""What a model's name says: by its form, so that no list of names has to be kept."""

from __future__ import annotations

import pytest

from emulator.apis.model_families import UNKNOWN, family

#: A name, and whether its family reasons, takes sampling parameters, and lacks structured outputs.
NAMES = [
    ("o1 o3 o3-mini o4-mini-2025-04-16 o7 o12-pro-2031-01-01 ft:o4-mini-2025-04-16:acme::x", True, False, False),
    ("o1-mini o1-preview-2024-09-12", True, False, True),
    ("gpt-5 gpt-5-mini gpt-5-nano-2025-08-07", True, False, False),
    ("gpt-5.1 gpt-5.4-mini gpt-6 gpt-12.3-x", True, True, False),
    ("gpt-4o gpt-4o-mini gpt-4o-2024-08-06 gpt-4o-2024-11-20 ft:gpt-4o-mini-2024-07-18:me::1", False, True, False),
    ("gpt-4.1 gpt-4.1-nano-2025-04-14 gpt-4.5-preview gpt-5-chat-latest", False, True, False),
    ("gpt-4 gpt-4-0613 gpt-4-turbo gpt-4-turbo-2024-04-09 gpt-4-1106-preview gpt-4-32k", False, True, True),
    ("gpt-3.5-turbo gpt-3.5-turbo-1106 ft:gpt-3.5-turbo-0125:acme::x gpt-4o-2024-05-13", False, True, True),
]


@pytest.mark.parametrize(("names", "reasons", "takes_sampling", "lacks"), NAMES)
def test_a_family_follows_from_the_name(names: str, reasons: bool, takes_sampling: bool, lacks: bool) -> None:
    for name in names.split():
        found = family(name)
        assert (found.reasons, found.takes_sampling, found.lacks_structured_outputs) == (
            reasons, takes_sampling, lacks
        ), name  # fmt: skip


@pytest.mark.parametrize(
    "name", ["", "o", "octopus", "o3x", "orion-1", "my-o3-mini", "gpt-", "gpt-x", "ft:", "llama-3"]
)
def test_another_name_says_nothing_and_forbids_nothing(name: str) -> None:
    found = family(name)
    assert found == UNKNOWN
    assert (found.reasons, found.default_effort, found.takes_sampling) == (False, None, True)
    assert all(found.supports_effort(effort) for effort in (None, "none", "minimal", "medium", "max"))


@pytest.mark.parametrize(
    ("deployment", "like"),
    [
        ("o3-mini", "o3-mini"),
        ("Contoso-O3-Mini", "o3-mini"),
        ("prod_o1", "o1"),
        ("gpt-35-turbo", "gpt-3.5-turbo"),
        ("gpt4o", "gpt-4o"),
        ("team.gpt-4o-mini", "gpt-4o-mini"),
        ("gpt-4-1-mini", "gpt-4.1-mini"),
        ("gpt-4-1106-preview", "gpt-4-1106-preview"),
        ("eu-gpt-5-nano", "gpt-5-nano"),
        ("chat", ""),
        ("foo3", ""),
        ("from-gpt-4o-to-o3-mini", ""),
    ],
)
def test_a_deployment_says_it_anywhere_in_its_name(deployment: str, like: str) -> None:
    assert family(deployment, is_deployment=True)[:2] == family(like)[:2]


@pytest.mark.parametrize(
    ("name", "efforts"),
    [
        ("gpt-4o", {None}),
        ("o3-mini", {"low", "medium", "high"}),
        ("gpt-5", {"minimal", "low", "medium", "high"}),
        ("gpt-5.2", {"none", "minimal", "low", "medium", "high", "xhigh", "max"}),
    ],
)
def test_the_efforts_of_a_family(name: str, efforts: set[str | None]) -> None:
    every = (None, "none", "minimal", "low", "medium", "high", "xhigh", "max")
    assert {effort for effort in every if family(name).supports_effort(effort)} == efforts
