import openai
import pytest
from tickets import summarize

pytestmark = pytest.mark.assistants_emulator("tickets.yaml")

BUSY = {"operation": "create_run", "kind": "error", "status": 429, "headers": {"retry-after-ms": "1"}}


def test_the_sdk_tries_a_refused_request_again(assistants_emulator):
    assistants_emulator.inject({**BUSY, "times": 2})

    assert summarize("My screen is on fire.") == "Something is on fire. The customer is calm."
    assert [request.status for request in assistants_emulator.requests("create_run")] == [429, 429, 200]


def test_it_gives_up_in_the_end(assistants_emulator):
    assistants_emulator.inject(BUSY)

    assert summarize("My screen is on fire.") == "Too busy to summarize this ticket."
    assert len(assistants_emulator.requests("create_run")) == 4


def test_a_run_that_failed_is_run_once_more(assistants_emulator):
    assert summarize("My printer is on fire.") == "Something is on fire. The customer is calm."
    assert [run.status for run in assistants_emulator.runs()] == ["failed", "completed"]


def test_a_lost_answer_does_not_start_a_second_run(assistants_emulator, monkeypatch):
    """The run was made, only its answer got lost; the SDK's retry is refused, as a run is under way."""
    monkeypatch.setattr("time.sleep", assistants_emulator.advance)  # the SDK's own, before it tries again
    assistants_emulator.inject({"operation": "create_run", "kind": "disconnect", "times": 1})

    with pytest.raises(openai.BadRequestError, match="already has an active run"):
        summarize("My screen is on fire.")
    assert [request.status for request in assistants_emulator.requests("create_run")] == [200, 400]
