"""The targets read what is valid, and what was found with them stays repaired."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutate import mutated
from tests.fuzz.seeds import FOUND, found, seeds
from tests.fuzz.targets import TARGETS

every_target = pytest.mark.parametrize("name", TARGETS)


@every_target
def test_every_seed_is_read_or_refused_as_documented(name: str) -> None:
    read = [TARGETS[name].try_(one) for one in seeds(name)]

    assert any(read)


@every_target
@given(st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_seed_may_be_hurt(name: str, data: st.DataObject) -> None:
    """As a campaign does it, for a moment and without a guide."""
    raw = data.draw(st.sampled_from(SEEDS[name]))
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(raw)))
        raw = raw[:at] + data.draw(st.binary(max_size=8)) + raw[at + data.draw(st.integers(0, 40)) :]
    else:
        raw = mutated(raw, Random(data.draw(st.integers(0, 2**32)))) or raw

    TARGETS[name].try_(raw)


SEEDS = {name: seeds(name) for name in TARGETS}


@pytest.mark.parametrize("name", sorted(path.name for path in FOUND.glob("*")))
def test_what_was_found_stays_repaired(name: str) -> None:
    for one in found(name):
        TARGETS[name].try_(one)


def test_a_target_lets_out_what_is_not_documented() -> None:
    target = TARGETS["bodies"]

    assert target.try_(b"create_thread\n{}")
    assert not target.try_(b"create_thread\n[")
    with pytest.raises(TypeError):
        target.try_("text")  # type: ignore[arg-type]


# ---- Changing JSON as JSON ----


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        (b'{"a": [1, 2, {"b": "x"}]}', b""),
        (b'POST /v1/threads\n{"a": 1}', b"POST /v1/threads\n"),
        (b'event: x\ndata: {"a": 1}\n\n', b"event: x\n"),
    ],
)
@pytest.mark.parametrize("seed", range(20))
def test_a_change_leaves_json_and_what_is_around_it(before: bytes, kept: bytes, seed: int) -> None:
    after = mutated(before, Random(seed))

    assert after is not None
    assert after.startswith(kept)
    assert after == mutated(before, Random(seed))


@pytest.mark.parametrize("raw", [b"", b"no JSON", b"7", b"{}", b"{", b"[" * 100_000])
def test_where_there_is_nothing_to_change_nothing_is(raw: bytes) -> None:
    assert mutated(raw, Random(1)) is None
