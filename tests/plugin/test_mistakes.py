"""Typical mistakes of a first day, and what they are told: golden text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emulator import Emulator
from emulator.base.problems import EmulatorError
from emulator.cli.main import main
from tests import golden
from tests.plugin.inner import HEAD, LIGHT, run, sections
from tests.support import GOLDEN

#: Scenario files that `check` looks at.
FILES = {
    "a key that is misspelt": "turns:\n  - whem: {message: weather}\n    steps: [{say: hi}]\n",
    "a tab": "turns:\n\t- when: {message: weather}\n\t  steps: [{say: hi}]\n",
    "a turn that is never played": (
        "turns:\n  - {name: first, when: {message: weather}, steps: [{say: '1'}]}\n"
        "  - {name: second, when: {message: weather in Paris}, steps: [{say: '2'}]}\n"
    ),
    "a step that is misspelt": "turns:\n  - steps: [{sayy: hi}]\n",
}
#: Tests, each with what it begins with.
TESTS = {
    "outputs that nobody submits": (LIGHT, """
CALL = {"turns": [{"steps": [{"call": {"get_weather": {"city": "Paris"}}}, {"say": "20"}]}]}

@pytest.mark.assistants_emulator(CALL)
def test_forgotten():
    tool = {"type": "function", "function": {"name": "get_weather"}}
    assistant = send("/assistants", {"model": "gpt-4o", "tools": [tool]})
    thread = send("/threads", {"messages": [{"role": "user", "content": "Weather?"}]})
    path = f"/threads/{thread['id']}/runs"
    run = send(path, {"assistant_id": assistant["id"]})
    send(f"{path}/{run['id']}")
    assert send(f"{path}/{run['id']}")["status"] == "completed"
"""),
    "a question that no turn fits": (LIGHT, """
@pytest.mark.assistants_emulator({"turns": [{"when": {"message": "weather"}, "steps": [{"say": "20"}]}]})
def test_question():
    app("How is it?")
"""),
    "a name that a template does not know": (LIGHT, """
@pytest.mark.assistants_emulator({"turns": [{"steps": [{"say": "You said {{ mesage }}."}]}]})
def test_template():
    app("Hi")
"""),
    "a path that is misspelt": (LIGHT, """
@pytest.mark.assistants_emulator
def test_path():
    with pytest.raises(OSError):
        send("/thread", {})
"""),
    "a scenario that is not there": (LIGHT, """
@pytest.mark.assistants_emulator("wether.yaml")
def test_file():
    app("Hi")
"""),
    "a client of a module's import, without the setting": (HEAD, """
client = OpenAI()

@pytest.mark.assistants_emulator
def test_import():
    client.models.list()
"""),
}  # fmt: skip


def test_a_mistake_is_told_in_words_that_help(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    pytester.path.joinpath("weather.yaml").write_text("turns: [{steps: [{say: Sunny.}]}]")
    told = {**checked(capsys), **asked()}
    for name, (head, test) in TESTS.items():
        told[name] = reported(run(pytester, test, "--tb=line", head=head))

    text = "\n".join(f"--- {name}\n{what}\n" for name, what in told.items()).replace(str(pytester.path), "…")
    golden.expect(GOLDEN / "mistakes.txt", text.encode())


def checked(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    told = {}
    for name, text in FILES.items():
        Path("scenario.yaml").write_text(text)
        main(["check", "scenario.yaml"])
        told[name] = capsys.readouterr().out.strip()
    return told


def asked() -> dict[str, str]:
    """What the verbs say of words that they do not know."""
    told = {}
    with Emulator({"turns": [{"steps": [{"hold": "typing"}, {"say": "Hi"}]}]}) as emulator:
        with pytest.raises(EmulatorError) as error:
            emulator.release("typin")
        told["a hold that is misspelt"] = str(error.value)
        with pytest.raises(EmulatorError) as error:
            emulator.requests("creat_run")
        told["an operation that is misspelt"] = re.sub(r"operations are: .*;", "operations are: …;", str(error.value))
    return told


def reported(result: pytest.RunResult) -> str:
    """What the report says from the failure on: a line of it, and the plugin's section."""
    lines = [line for line in result.outlines if line.startswith(("the emulator found", "  ", "there is no scenario"))]
    told = "\n".join(sections(result))
    found = re.search(r"^runs:(\n  .*|\n\w.*:$)*", told, re.MULTILINE) or re.search(r".+", told)
    return found[0] if found else "\n".join(lines)
