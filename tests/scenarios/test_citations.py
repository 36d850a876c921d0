"""Citations by marker, point and span: the text with markers, and the same text without."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.scenarios.steps import STEP_KINDS
from emulator.scenarios.steps.actions import Annotation, FileRef, PlainText, Said
from emulator.scenarios.steps.context import StepContext, StepFailed
from emulator.scenarios.steps.step import Step
from tests.scenarios.test_steps import CAT, FOODS, MARKER, context, plain, play, point, say, shown

SECOND = MARKER.replace("0", "1")
LINK = "sandbox:/mnt/data/a.csv"
A_CSV, LOST = FileRef("", "a.csv"), FileRef("", "lost.md")
LOST_MARKER = "【4:0†lost.md】"


def cited(start: int, text: str, file: FileRef = FOODS, kind: Any = "citation") -> Annotation:
    return Annotation(start, start + len(text), kind, text, file)


def at(index: int, **cite: Any) -> dict[str, Any]:
    return {"file": "foods.txt", "index": index, **cite}


def span(start: int, end: int, **cite: Any) -> dict[str, Any]:
    return {"file": "foods.txt", "start_index": start, "end_index": end, **cite}


PLACES: dict[str, tuple[dict[str, Any], Said]] = {
    "a point": (
        {"text": "Pizza.", "cite": [at(5)]},
        say("Pizza", MARKER, ".", annotations=[cited(5, MARKER)],
            without=plain("Pizza", ".", annotations=[point(5, FOODS)])),
    ),
    "a point inside a chunk": (
        {"text": "Pizza.", "chunks": ["Pi", "zza."], "cite": [at(5)]},
        say("Pi", "zza", MARKER, ".", annotations=[cited(5, MARKER)],
            without=plain("Pi", "zza.", annotations=[point(5, FOODS)])),
    ),
    "points at both ends and twice at one": (
        {"text": "ab", "chunks": "chars", "cite": [at(2), at(0), at(0)]},
        say("【4:1†foods.txt】", "【4:2†foods.txt】", "a", "b", MARKER,
            annotations=[cited(0, "【4:1†foods.txt】"), cited(15, "【4:2†foods.txt】"), cited(32, MARKER)],
            without=plain("a", "b", annotations=[point(0, FOODS), point(0, FOODS), point(2, FOODS)])),
    ),
    "a point with another name to show": (
        {"text": "a", "cite": [at(1, filename="lost.md")]},
        say("a", LOST_MARKER, annotations=[cited(1, LOST_MARKER, FileRef("file-foods", "lost.md"))],
            without=plain("a", annotations=[point(1, FileRef("file-foods", "lost.md"))])),
    ),
    "a file that is not in the account": (
        {"text": "a", "cite": [{"filename": "lost.md", "index": 1}]},
        say("a", LOST_MARKER, annotations=[cited(1, LOST_MARKER, LOST)],
            without=plain("a", annotations=[point(1, LOST)])),
    ),
    "a marker that a chunk has": (
        {"text": "a[1]b[1]", "chunks": ["a[1", "]b", "[1]"], "cite": [{"file": "foods.txt", "marker": "[1]"}] * 2},
        say("a[1", "]b", "[1]", annotations=[cited(1, "[1]"), cited(5, "[1]")],
            without=plain("a", "b", annotations=[point(1, FOODS), point(2, FOODS)])),
    ),
    "a marker beside a point": (
        {"text": f"a{MARKER}b", "cite": [{"file": "foods.txt"}, at(1), at(16)]},
        say("a", SECOND, MARKER, "【4:2†foods.txt】", "b",
            annotations=[cited(1, SECOND), cited(16, MARKER), cited(31, "【4:2†foods.txt】")],
            without=plain("a", "b", annotations=[point(1, FOODS)] * 3)),
    ),
    "markers that overlap": (
        {"text": "a[1]b", "cite": [{"file": "foods.txt", "marker": "[1]"}, {"file": "cat.png", "marker": "1]b"}]},
        say("a", "[1]", "b", annotations=[cited(1, "[1]"), cited(2, "1]b", CAT)],
            without=plain("a", annotations=[point(1, FOODS), point(1, CAT)])),
    ),
    "a span of words": (
        {"text": "Eat the apple.", "cite": [span(4, 13)]},
        say("Eat", " ", "the apple", ".", annotations=[cited(4, "the apple")],
            without=plain("Eat", " ", "the apple", ".", annotations=[cited(4, "the apple", kind="link")])),
    ),
    "a span that is a link": (
        {"text": f"({LINK})", "cite": [span(1, 24, file="file-gone", filename="a.csv")]},
        say("(", LINK, ")", annotations=[cited(1, LINK, A_CSV, "link")],
            without=plain("(", LINK, ")", annotations=[cited(1, LINK, A_CSV, "link")])),
    ),
    "a marker that is a link": (
        {"text": LINK, "cite": [{"file": "foods.txt", "marker": LINK}]},
        say(LINK, annotations=[cited(0, LINK)], without=plain(LINK, annotations=[cited(0, LINK, kind="link")])),
    ),
    "an empty span shows an image": (
        {"text": "A cat", "images": ["foods.txt"], "cite": [span(0, 0, file="cat.png")]},
        say("A", " cat", images=[FOODS, CAT], without=plain("A", " cat", annotations=[shown(FOODS), shown(CAT)])),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("value", "said"), PLACES.values(), ids=PLACES)
def test_a_citation_stands_where_the_scenario_says(value: dict[str, Any], said: Said) -> None:
    assert play(context(), "say", value) == [said]


def test_a_result_is_cited_by_its_number() -> None:
    later = context()
    play(later, "search", ["auto", {"results": [{"file": "cat.png"}, {"file": "foods.txt"}]}])
    (said,) = play(later, "say", {"text": "", "cite": [{"result": 2, "index": 0}, {"result": 1}]})
    assert [one.file for one in said.annotations] == [FOODS, CAT]


def test_a_file_that_code_made_is_linked_by_a_span() -> None:
    later = context()
    play(later, "code", {"input": "", "images": [{"filename": "plot.png", "content": "1"}]})
    later.files["plot.png"] = FileRef("file-of-1-bytes", "plot.png")
    (said,) = play(later, "say", {"text": "My plot", "cite": [span(3, 7, file="plot.png")]})
    assert [one.kind for one in said.annotations] == ["link"]


def test_a_fixed_text_is_composed_once_and_yet_links_to_what_code_has_made() -> None:
    step = Step("say", {"text": LINK, "chunks": "words"})
    (first,), (again,) = (STEP_KINDS["say"].play(context(), step) for _ in range(2))
    assert first is again
    later = context()
    play(later, "code", {"input": "", "files": [{"filename": "a.csv", "content": "1"}]})
    (linked,) = STEP_KINDS["say"].play(later, step)
    assert isinstance(linked, Said)
    assert [one.kind for one in linked.annotations] == ["link"]
    assert list(STEP_KINDS["say"].play(context(), step)) == [first]


@pytest.mark.parametrize("text", ["{{ message }}", "Hi {# nobody #}"])
def test_a_template_is_composed_in_every_turn(text: str) -> None:
    step = Step("say", text)
    assert list(STEP_KINDS["say"].play(context(), step)) == list(STEP_KINDS["say"].play(context(), step))
    assert step.composed is None


def test_a_link_is_one_annotation_however_often_it_is_said() -> None:
    later = context()
    play(later, "code", {"input": "", "files": [{"filename": "a.csv", "content": "1"}]})
    for cite in (span(0, 23), {"file": "foods.txt", "marker": LINK}):
        (said,) = play(later, "say", {"text": LINK, "cite": [cite]})
        assert said.plain.annotations == [cited(0, LINK, kind="link")]


@pytest.mark.parametrize(
    ("cite", "why"),
    [
        (at(3), "the index 3 of a citation is beyond the text's 2 characters"),
        (span(1, 3), "the end_index 3 of a citation is beyond the text's 2 characters"),
        ({"result": 1}, "there is no result 1: the latest search has 0"),
        ({"file": "none.md"}, "there is no file 'none.md'"),
    ],
    ids=str,
)
def test_a_citation_that_leads_nowhere_is_impossible(cite: dict[str, Any], why: str) -> None:
    with pytest.raises(StepFailed) as failed:
        play(context(), "say", {"text": "ab", "cite": [cite]})
    assert failed.value.kind == "impossible"
    assert str(failed.value).startswith(why)


@pytest.mark.parametrize("cite", [{"file": "foods.txt", "marker": "[1]"}, span(1, 4)], ids=str)
def test_no_marker_stands_inside_a_citation(cite: dict[str, Any]) -> None:
    with pytest.raises(StepFailed, match="the index of a citation lies inside a citation"):
        play(context(), "say", {"text": "a[1]", "cite": [cite, at(2)]})


# ---- Laws ----

_TEXTS = st.text(st.sampled_from("ab .é🍎[]1"), max_size=30)
_HOW = st.one_of(st.sampled_from(["words", "chars"]), st.integers(min_value=1, max_value=5), st.none())


def composed(text: str, how: Any, cuts: list[int], cites: list[dict[str, Any]]) -> Said:
    """``how`` the text is cut; None: at ``cuts``."""
    places = sorted(cut % (len(text) + 1) for cut in cuts)
    exact = [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]
    (said,) = play(context(), "say", {"text": text, "chunks": exact if how is None else how, "cite": cites})
    assert isinstance(said, Said)
    return said


@given(_TEXTS, _HOW, st.lists(st.integers(0, 99), max_size=4), st.lists(st.integers(0, 99), max_size=4))
@settings(deadline=None)
def test_a_plain_text_with_its_markers_is_the_text(text: str, how: Any, cuts: list[int], indices: list[int]) -> None:
    said = composed(text, how, cuts, [at(index % (len(text) + 1)) for index in indices])
    assert said.plain.text == text
    rebuilt = text
    for marked, bare in reversed(list(zip(said.annotations, said.plain.annotations, strict=True))):
        rebuilt = rebuilt[: bare.start] + marked.text + rebuilt[bare.start :]
    assert rebuilt == said.text
    assert all(one.text in said.pieces for one in said.annotations), "a marker is one piece"


@given(_TEXTS, _HOW, st.lists(st.integers(0, 99), max_size=4), st.lists(st.sampled_from("ab1["), max_size=3))
@settings(deadline=None)
def test_pieces_join_to_both_texts(text: str, how: Any, cuts: list[int], markers: list[str]) -> None:
    said = composed(text, how, cuts, [{"file": "foods.txt", "marker": marker} for marker in markers])
    assert "".join(said.pieces) == said.text
    assert "".join(said.plain.pieces) == said.plain.text
    assert all(said.text[one.start : one.end] == one.text for one in said.annotations)
    assert all(0 <= one.start == one.end <= len(said.plain.text) for one in said.plain.annotations)


def test_a_message_without_citations_is_plain() -> None:
    (said,) = play(StepContext("", {}), "say", "Hi there")
    assert said.plain == PlainText(said.text, said.pieces, [])
