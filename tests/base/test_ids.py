"""Ids have the service's form, are the same for the same calls, and differ with the seed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.base.ids import FORMS, TIMED, Ids

seeds = st.one_of(st.integers(), st.text(st.characters(codec="utf-8"), max_size=100))


def some(ids: Ids) -> list[str]:
    """A few ids of every kind."""
    made = [ids.make(kind, parent) for kind in FORMS for parent in ("", "thread_x") for _ in range(2)]
    timed = [ids.make_timed(kind, 5, parent) for kind in TIMED for parent in ("", "vs_x") for _ in range(2)]
    return [*made, *timed, ids.request_id(), ids.request_id(), str(ids.stream("fake", "run_1"))]


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("assistant", r"asst_[A-Za-z0-9]{24}"),
        ("thread", r"thread_[A-Za-z0-9]{24}"),
        ("thread.message", r"msg_[A-Za-z0-9]{24}"),
        ("thread.run", r"run_[A-Za-z0-9]{24}"),
        ("thread.run.step", r"step_[A-Za-z0-9]{24}"),
        ("tool_call", r"call_[A-Za-z0-9]{24}"),
        ("file", r"file-[A-Za-z0-9]{22}"),
        ("azure file", r"assistant-[A-Za-z0-9]{22}"),
        ("vector_store", r"vs_68c9edb9[0-9a-f]{24}"),
        ("vector_store.file_batch", r"vsfb_ibj_68c9edb9[0-9a-f]{24}"),
        ("upload", r"upload_68c9edb9[0-9a-f]{24}"),
        ("upload.part", r"part_68c9edb9[0-9a-f]{24}"),
    ],
)
def test_ids_have_the_form_that_was_recorded(kind: str, form: str) -> None:
    """Ids of some kinds begin with the second they were made in (recorded: 68c9edb9 = 1758064057)."""
    assert kind in {**FORMS, **TIMED}
    ids = Ids()
    made = [
        ids.make_timed(kind, 1758064057, "parent") if kind in TIMED else ids.make(kind, "parent") for _ in range(200)
    ]
    assert [id for id in made if not re.fullmatch(form, id)] == []
    assert len(set(made)) == 200


def test_an_id_that_tells_its_time_differs_by_more_than_that() -> None:
    ids = Ids()
    made = [ids.make_timed("vector_store", at) for at in (5, 5, 6)]
    assert len({id.removeprefix("vs_")[8:] for id in made}) == 3


def test_request_ids_have_the_form_that_was_recorded() -> None:
    ids = Ids()
    made = [ids.request_id() for _ in range(100)]
    assert [id for id in made if not re.fullmatch(r"req_[0-9a-f]{32}", id)] == []
    assert len(set(made)) == 100


@given(seeds)
@settings(deadline=None)
def test_the_same_seed_and_calls_make_the_same_ids(seed: int | str) -> None:
    assert some(Ids(seed)) == some(Ids(seed))


@given(seeds, seeds)
@settings(deadline=None)
def test_another_seed_makes_other_ids(one: int | str, other: int | str) -> None:
    if str(one) != str(other):
        assert not set(some(Ids(one))) & set(some(Ids(other)))


def test_long_seeds_that_begin_alike_differ() -> None:
    assert Ids("x" * 64 + "a").make("thread") != Ids("x" * 64 + "b").make("thread")


def test_the_ids_of_seed_0_are_always_these() -> None:
    """They stand in other people's golden files: a change of theirs is a breaking change."""
    ids = Ids(0)
    thread = ids.make("thread")
    assert (ids.make("assistant"), thread, ids.make("thread.message", thread)) == (
        "asst_oz8KVtoqlziZ4CkbrT5MTiMe", "thread_FzCy2VDGo6V1Ydbl7fYs8EA4", "msg_g1vBvAvqkjAzEJ9A0f1hDaxb",
    )  # fmt: skip


def test_what_happens_under_one_parent_shifts_no_id_under_another() -> None:
    calm, busy = Ids(7), Ids(7)
    for _ in range(10):
        busy.make("thread.message", "thread_other")
        busy.make("thread.run", "thread_mine")
        busy.request_id()
        busy.stream("fake", "run_1")
    assert calm.make("thread.message", "thread_mine") == busy.make("thread.message", "thread_mine")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("thread.message", "thread_1"), ("thread.message", "thread_2")),
        (("thread.run", "x"), ("thread.message", "x")),
        (("thread.message", "t"), ("thread.message", "t 1")),
        (("thread.message", "t 1"), ("thread.message", "t 11")),
    ],
)
def test_kinds_and_parents_do_not_mix(one: tuple[str, str], other: tuple[str, str]) -> None:
    ids = Ids()
    first = {ids.make(*one).partition("_")[2] for _ in range(20)}
    second = {ids.make(*other).partition("_")[2] for _ in range(20)}
    assert not first & second


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("fake", "run_1"), ("fake", "run_1"), True),
        (("fake", "run_1"), ("fake", "run_2"), False),
        (("fake", "run_1"), ("usage", "run_1"), False),
    ],
)
def test_each_purpose_of_each_owner_has_its_own_stream(
    one: tuple[str, str], other: tuple[str, str], same: bool
) -> None:
    ids = Ids()
    assert (ids.stream(*one) == ids.stream(*other)) is same


def test_a_copy_goes_on_from_here_independently() -> None:
    ids = Ids(3)
    ids.make("thread")
    copy = ids.copy(3)
    following = [ids.make("thread"), ids.request_id()]
    assert [copy.make("thread"), copy.request_id()] == following
    copy.make("thread")
    assert ids.make("thread") != following[0]
    assert Ids(3).make("thread") != following[0]


def test_a_copy_can_take_another_seed() -> None:
    ids = Ids(3)
    assert ids.copy(4).make("thread") == Ids(4).make("thread")


def test_any_text_can_be_a_parent() -> None:
    assert Ids().make("thread.message", "a parent\ud800\n").startswith("msg_")
