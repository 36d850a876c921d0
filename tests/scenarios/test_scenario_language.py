"""What only one API shows of a scenario, as the Assistants API tells it: in runs from their creation to their end."""

from __future__ import annotations

from typing import Any

from tests.scenarios.test_tool_steps import CODE, SEARCH, Played, world
from tests.support import InProcess

PNG = "data:image/png;base64,iVBORw0KGgo="
FOODS = "【4:0†foods.txt】"


def played(*steps: dict[str, Any], turn: dict[str, Any] | None = None) -> Played:
    api = world(*steps)
    if turn:
        api = InProcess({"version": 1, "turns": [{"steps": list(steps), **turn}]})
    return Played(api, CODE, SEARCH)


def streamed(*steps: dict[str, Any]) -> str:
    """The stream of a run."""
    api = world(*steps)
    return api.run(api.thread("Hi"), api.assistant(), stream=True).body.decode()


def reasoning_tokens(usage: dict[str, Any]) -> int:
    found: int = usage["completion_tokens_details"]["reasoning_tokens"]
    return found


def test_reasoning_is_in_the_usage_of_the_next_run_step_and_of_the_run() -> None:
    run = played({"reason": "x" * 40}, {"say": "Hi"}, {"reason": {"summary": []}}, {"say": "Bye"})
    first, second = (step["usage"] for step in run.steps())
    assert [step["type"] for step in run.steps()] == ["message_creation"] * 2
    assert (reasoning_tokens(first), first["completion_tokens"]) == (10, 11)
    assert (reasoning_tokens(second), second["completion_tokens"]) == (0, 1)
    assert (reasoning_tokens(run.object["usage"]), run.object["usage"]["completion_tokens"]) == (10, 12)


def test_usage_beside_reasoning_is_added_to_the_next_run_step() -> None:
    stated = {"prompt_tokens": 100, "completion_tokens": 20}
    run = played(
        {"reason": "Hm", "usage": stated}, {"say": "Hi", "usage": {"prompt_tokens": 1, "completion_tokens": 2}}
    )
    (step,) = run.steps()
    assert (step["usage"]["prompt_tokens"], step["usage"]["completion_tokens"]) == (101, 22)
    assert reasoning_tokens(step["usage"]) == 20


def test_reasoning_before_an_end_is_in_the_usage_of_the_run() -> None:
    run = played({"reason": "x" * 40}, {"incomplete": "max_completion_tokens"})
    assert (run.object["status"], run.steps()) == ("incomplete", [])
    assert (reasoning_tokens(run.object["usage"]), run.object["usage"]["completion_tokens"]) == (10, 10)


def test_the_usage_of_a_turn_includes_its_reasoning() -> None:
    usage = {"prompt_tokens": 31, "completion_tokens": 12}
    run = played({"reason": "x" * 40}, {"say": "Hi"}, turn={"usage": usage})
    assert (reasoning_tokens(run.object["usage"]), run.object["usage"]["total_tokens"]) == (10, 43)


def test_reasoning_and_phases_have_no_events() -> None:
    said = {"text": "Hi", "phase": "final_answer"}
    assert streamed({"reason": {"summary": []}}, {"say": said}) == streamed({"say": "Hi"})


def test_a_citation_by_index_has_its_marker_there() -> None:
    (text,) = played({"say": {"text": "Apples.", "cite": [{"file": "foods.txt", "index": 6}]}}).content
    assert text["text"]["value"] == f"Apples{FOODS}."
    (annotation,) = text["text"]["annotations"]
    assert annotation == {"type": "file_citation", "text": FOODS, "start_index": 6, "end_index": 21,
                          "file_citation": {"file_id": "file-foods"}}  # fmt: skip


def test_templates_see_results_and_a_result_is_cited_by_its_number() -> None:
    found = {"results": [{"file": "notes.txt"}, {"file": "foods.txt", "text": "Apples", "score": 0.5}]}
    said = {"text": "{{ results[1].text }} {{ results[1].score }}", "cite": [{"result": 2, "index": 6}]}
    (text,) = played({"search": found}, {"say": said}).content
    assert text["text"]["value"] == f"Apples{FOODS} 0.5"


def test_several_queries_are_searched_for_together() -> None:
    api = world({"search": {"queries": ["plums", "Nina"]}})
    run = Played(api, SEARCH, store="vs_both", message="nothing of that")
    assert {result["file_name"] for result in run.results()} == {"foods.txt", "notes.txt"}


def test_outputs_of_code_are_in_order_and_a_data_url_is_a_file() -> None:
    outputs = [{"image": PNG}, {"logs": "1\n"}, {"image": "cat.png"}, {"image": PNG}]
    run = played({"code": {"input": "plot()", "outputs": outputs}})
    first, logs, cat, second = run.calls()[0]["code_interpreter"]["outputs"]
    assert (logs, cat) == ({"type": "logs", "logs": "1\n"}, {"type": "image", "image": {"file_id": "file-cat"}})
    files = [run.api.get(f"/v1/files/{one['image']['file_id']}").json for one in (first, second)]
    assert [file["filename"] for file in files] == ["image-1.png", "image-2.png"]
    assert run.api.get(f"/v1/files/{files[0]['id']}/content").body == b"\x89PNG\r\n\x1a\n"


def test_a_file_that_is_not_in_the_account_has_an_id_that_leads_nowhere() -> None:
    run = played({"say": {"text": "a", "cite": [{"filename": "lost.md"}, {"filename": "lost.md", "index": 0}]}})
    ids = {one["file_citation"]["file_id"] for one in run.content[0]["text"]["annotations"]}
    assert len(ids) == 1
    assert run.api.get(f"/v1/files/{ids.pop()}").status == 404


def test_a_refusal_is_streamed_in_its_chunks() -> None:
    events = streamed({"refuse": {"text": "I can't.", "chunks": ["I can", "'t."]}})
    assert events.count('"type":"refusal","refusal":"I can"') == 1
