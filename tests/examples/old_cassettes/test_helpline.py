import pytest
from helpline import ask


@pytest.fixture(autouse=True)
def no_sleep(assistants_emulator, monkeypatch):
    monkeypatch.setattr("time.sleep", assistants_emulator.advance)


@pytest.mark.assistants_emulator("cassettes/returns.yaml")
def test_the_cassette_answers_as_it_is():
    assert ask("Can I return my shoes?") == "Yes, within 30 days."


@pytest.mark.assistants_emulator("scenarios/returns.yaml")
def test_the_scenario_that_was_made_of_it_does_too():
    assert ask("Can I return my shoes?") == "Yes, within 30 days."


@pytest.mark.assistants_emulator("scenarios/returns.yaml")
def test_it_takes_what_no_tape_does(assistants_emulator):
    """Two conversations, of which one gets a 429 first: other ids, other requests, another order."""
    assistants_emulator.inject(
        {"operation": "create_run", "kind": "error", "status": 429, "times": 1, "headers": {"retry-after-ms": "1"}}
    )

    assert [ask("I have a question: can I return my shoes?") for _ in range(2)] == ["Yes, within 30 days."] * 2
