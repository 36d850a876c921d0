"""Clocks that never go back, and the words for an instant."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.base.clock import DEFAULT_START, RealClock, SkipClock, http_date, make_clock, monotonic, parse_instant
from emulator.scenarios.loading import load_scenario
from tests.support import InProcess

JANUARY = 1767225600.0  # 2026-01-01T00:00:00Z


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-01T00:00:00Z", JANUARY),
        ("2026-01-01T00:00:00", JANUARY),
        ("2026-01-01 00:00:00", JANUARY),
        ("2026-01-01T00:00:00+00:00", JANUARY),
        ("2026-01-01T01:00:00+01:00", JANUARY),
        ("2025-12-31T19:00:00-05:00", JANUARY),
        ("2026-01-01T00:00:00.250Z", JANUARY + 0.25),
        ("2026-01-01", JANUARY),
        ("1970-01-01T00:00:00Z", 0.0),
        ("2024-02-29T12:00:00Z", 1709208000.0),
    ],
)
def test_an_instant_is_an_iso_date_and_time_in_utc_unless_it_says_otherwise(text: str, instant: float) -> None:
    assert parse_instant(text) == instant


@pytest.mark.parametrize(
    "text",
    ["", "today", "NOW", "now ", "tomorrow", "12:00", "1767225600", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z",
     "2026-01-01T24:01:00Z", "01/02/2026", "2026-01-01T00:00:00 Paris"],
)  # fmt: skip
def test_anything_else_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the message is Python's own
        parse_instant(text)


def test_now_is_the_machines_time_in_whole_seconds() -> None:
    before = int(time.time())
    instant = parse_instant("now")
    assert before <= instant <= time.time()
    assert instant.is_integer()


@given(st.lists(st.floats(min_value=0, max_value=4e9), max_size=20))
def test_the_skip_clock_never_goes_back(instants: list[float]) -> None:
    clock = SkipClock()
    for instant in instants:
        before = clock.now()
        clock.move_to(instant)
        assert clock.now() == max(before, instant)
    assert clock.now() == max([DEFAULT_START, *instants])


def test_the_skip_clock_stands_still_until_it_is_moved() -> None:
    clock = SkipClock()
    assert [clock.now() for _ in range(3)] == [JANUARY] * 3


def test_the_real_clock_cannot_be_moved() -> None:
    clock = RealClock()
    clock.move_to(time.time() + 1e6)
    assert abs(clock.now() - time.time()) < 60


@pytest.mark.parametrize(
    ("name", "start", "kind", "seconds"),
    [("skip", None, SkipClock, 1.0), ("skip", 5.0, SkipClock, 1.0), ("real", None, RealClock, 0.0)],
)
def test_a_clock_is_made_by_its_name(name: str, start: float | None, kind: type, seconds: float) -> None:
    clock = make_clock(name, start)  # type: ignore[arg-type]
    assert (type(clock), clock.name, clock.status_seconds) == (kind, name, seconds)
    if name == "skip":
        assert clock.now() == (JANUARY if start is None else start)


def test_a_start_at_the_epoch_is_a_start() -> None:
    assert make_clock("skip", 0.0).now() == 0.0


def test_the_monotonic_clock_does_not_go_back() -> None:
    assert monotonic() <= monotonic()


@pytest.mark.parametrize(
    ("second", "header"),
    [
        (0, b"Thu, 01 Jan 1970 00:00:00 GMT"),
        (int(JANUARY), b"Thu, 01 Jan 2026 00:00:00 GMT"),
        (253402300799, b"Fri, 31 Dec 9999 23:59:59 GMT"),
    ],
)
def test_the_date_header_has_http_s_form(second: int, header: bytes) -> None:
    assert http_date(second) == header


def test_waits_that_no_calendar_can_hold_break_nothing() -> None:
    """``1e999`` is a number that a float cannot hold: it must not come to be an infinite instant."""
    source = load_scenario({"turns": [{"steps": [{"wait": 1e15}, {"say": "late"}]}]})
    api = InProcess()
    api.world.load(source)
    thread = api.thread("hello")
    run = api.run(thread, api.assistant()).json["id"]
    assert api.poll(thread, run)[-1] == "expired"
    assert api.get(f"/v1/threads/{thread}").status == 200
