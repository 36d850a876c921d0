import pytest
from order_desk import answer

pytestmark = pytest.mark.assistants_emulator("orders.yaml")


@pytest.fixture
def ask(assistants_client):
    return lambda question: answer(assistants_client, "asst_desk", question)


def test_outputs_of_one_round_lead_to_the_next(ask, assistants_emulator):
    assert ask("Where are both orders?") == "A-1 is in Lyon, A-2 is packed."

    first, second = assistants_emulator.requests("submit_tool_outputs_to_run")
    assert len(first.json["tool_outputs"]) == 2
    assert [one["output"] for one in second.json["tool_outputs"]] == ['{"place": "Lyon", "arrives": "tomorrow"}']


def test_broken_arguments_are_answered_and_not_raised(ask):
    assert ask("This is garbled").startswith("I could not look: JSONDecodeError: Unterminated string")


def test_an_unknown_order_is_answered(ask, assistants_emulator):
    assert ask("Where is A-3?") == "There is no such order."
    (submitted,) = assistants_emulator.requests("submit_tool_outputs_to_run")
    assert submitted.json["tool_outputs"][0]["output"] == """{"error": "KeyError: 'A-3'"}"""
