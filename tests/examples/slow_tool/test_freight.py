import freight
import pytest

pytestmark = pytest.mark.assistants_emulator("freight.yaml")


@pytest.fixture
def ask(assistants_emulator, assistants_client, monkeypatch):
    """Asks for a price with carriers that answer after so many seconds of the world's time."""

    def asking(seconds):
        def carriers(route):
            assistants_emulator.advance(seconds)
            return {"seagull": 120}

        monkeypatch.setattr(freight, "ask_carriers", carriers)
        return freight.quote(assistants_client, "asst_freight", "From Rotterdam to Oslo, please.")

    return asking


def test_nine_minutes_are_in_time(ask):
    assert ask(seconds=540) == "The cheapest is 120 euros."


def test_after_ten_minutes_the_run_has_expired(ask, assistants_emulator):
    assert ask(seconds=600) == freight.TOO_LATE
    assert [run.status for run in assistants_emulator.runs()] == ["expired"]
    (submitted,) = assistants_emulator.requests("submit_tool_outputs_to_run")
    assert submitted.answer["error"]["message"] == 'Runs in status "expired" do not accept tool outputs.'
