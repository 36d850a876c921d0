"""Models: snapshots of aliases, and the defaults that follow from a name."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.apis.responses import models

NO_REASONING = {"context": None, "effort": None, "summary": None}


def reasoning(context: str, effort: str, **more: Any) -> dict[str, Any]:
    return {"context": context, "effort": effort, "mode": "standard", "summary": None, **more}


@pytest.mark.parametrize(
    ("name", "snapshot"),
    [
        ("gpt-4o", "gpt-4o-2024-08-06"),
        ("gpt-4o-mini", "gpt-4o-mini-2024-07-18"),
        ("gpt-4.1", "gpt-4.1-2025-04-14"),
        ("gpt-5-nano", "gpt-5-nano-2025-08-07"),
        ("gpt-5.4", "gpt-5.4-2026-03-05"),
        ("gpt-5.6", "gpt-5.6-sol"),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ("gpt-6-luna", "gpt-6-luna"),
        ("my-deployment", "my-deployment"),
        ("", ""),
    ],
)
def test_an_alias_stands_for_a_snapshot(name: str, snapshot: str) -> None:
    assert models.resolved(name) == snapshot
    assert models.resolved(snapshot) == snapshot


@pytest.mark.parametrize(
    ("names", "expected", "top_p", "retention", "has_phase"),
    [
        ("gpt-4o gpt-4.1-nano gpt-4o-mini-2024-07-18 gpt-3.5-turbo", NO_REASONING, 1.0, "in_memory", False),
        ("my-deployment gpt- gpt-x o orion o3x ft:gpt-4o-mini:me::1", NO_REASONING, 1.0, "in_memory", False),
        ("gpt-5 gpt-5-mini gpt-5-nano-2025-08-07", reasoning("current_turn", "medium"), 1.0, "in_memory", False),
        ("o1 o3 o3-mini o4-mini-2025-04-16", reasoning("current_turn", "medium"), 1.0, "in_memory", False),
        ("gpt-5.1 gpt-5.1-2025-11-13", reasoning("current_turn", "none"), 1.0, "in_memory", False),
        ("gpt-5.2 gpt-5.2-2025-12-11", reasoning("current_turn", "none"), 0.98, "24h", False),
        ("gpt-5.3-codex", reasoning("current_turn", "none"), 0.98, "24h", True),
        ("gpt-5.4 gpt-5.4-mini", reasoning("current_turn", "none"), 0.98, "24h", True),
        ("gpt-5.5", reasoning("current_turn", "medium"), 0.98, "24h", True),
        ("gpt-5.6 gpt-5.6-luna gpt-6-luna", reasoning("all_turns", "medium"), 0.98, "24h", True),
    ],
)
def test_defaults_follow_from_the_name(
    names: str, expected: dict[str, Any], top_p: float, retention: str, has_phase: bool
) -> None:
    for name in names.split():
        assert models.defaults(name) == (expected, top_p, retention, has_phase), name
        assert models.can_reason(name) == (expected["effort"] is not None)


@pytest.mark.parametrize(
    ("name", "requested", "shown"),
    [
        ("gpt-4o", None, NO_REASONING),
        ("gpt-5", {"effort": "low"}, reasoning("current_turn", "low")),
        ("gpt-5", {"effort": None, "summary": None}, reasoning("current_turn", "medium")),
        ("gpt-5", {"summary": "auto"}, reasoning("current_turn", "medium", summary="detailed")),
        ("gpt-5", {"generate_summary": "concise"}, reasoning("current_turn", "medium", summary="concise")),
        ("gpt-5.6", {"context": "auto", "mode": "pro"}, reasoning("all_turns", "medium", mode="pro")),
        ("gpt-5.4", {"context": "all_turns", "effort": "high"}, reasoning("all_turns", "high")),
    ],
)
def test_reasoning_is_shown_with_its_defaults(name: str, requested: Any, shown: dict[str, Any]) -> None:
    found = models.reasoning(name, requested)
    assert found == shown
    assert list(found) == sorted(found)
