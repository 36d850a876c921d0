import pytest
from reports import write_report

pytestmark = pytest.mark.assistants_emulator("reports.yaml")


@pytest.fixture(autouse=True)
def no_sleep(assistants_emulator, monkeypatch):
    """The application's sleeps move the emulator's clock, and take no time."""
    monkeypatch.setattr("time.sleep", assistants_emulator.advance)


def test_a_report_is_waited_for(assistants_emulator):
    assert write_report("About sales") == "Sales are up."
    under_way, done = assistants_emulator.requests("get_run")
    assert (under_way.answer["status"], under_way.repeats) == ("in_progress", 3)  # and three more like it
    assert done.answer["status"] == "completed"


def test_a_report_that_takes_too_long_is_cancelled(assistants_emulator):
    assert write_report("About everything") is None
    assert [run.status for run in assistants_emulator.runs()] == ["cancelling"]
    assistants_emulator.advance(1)
    assert [run.status for run in assistants_emulator.runs()] == ["cancelled"]
