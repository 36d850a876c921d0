import openai
import pytest
from handbook import ask_handbook


@pytest.fixture
def handbook(tmp_path):
    file = tmp_path / "handbook.md"
    file.write_text("# Holidays\n\nEverybody has thirty days of holidays a year.\n")
    return file


@pytest.mark.assistants_emulator("handbook.yaml")
def test_the_answer_quotes_the_handbook(assistants_emulator, handbook):
    answer, files = ask_handbook(handbook, "How many holidays do I have?")

    assert answer.startswith("Thirty days a year.")
    assert files == ["handbook.md"]
    uploaded = assistants_emulator.requests("create_file")[0]
    assert uploaded.path.startswith("/openai/files")
    assert uploaded.answer["id"].startswith("assistant-")


def test_the_gateway_is_busy(assistants_emulator, handbook):
    assistants_emulator.inject(
        {"operation": "create_assistant", "kind": "error", "status": 429, "headers": {"retry-after-ms": "1"}}
    )

    with pytest.raises(openai.RateLimitError, match="Requests to the Create_Assistant Operation under Azure OpenAI"):
        ask_handbook(handbook, "How many holidays do I have?")
    assert len(assistants_emulator.requests("create_assistant")) == 3
