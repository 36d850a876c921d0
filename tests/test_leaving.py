"""Mistakes of real migrations, put one by one into an example that is right: each is red, and the message names it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import pytest

from tests.support import ROOT
from tests.walkthrough import EXAMPLES, PLAIN_PYTEST

LEAVING: Final = EXAMPLES / "leaving"


@dataclass(frozen=True)
class Mutant:
    """``changes``: texts of ``responses.py`` and what replaces them. ``red``: a test, and the words of its failure."""

    mistake: str
    changes: dict[str, str]
    test: str
    words: str

    @property
    def name(self) -> str:
        return re.sub(r"\W+", "_", self.mistake)

    def of(self, text: str) -> str:
        for old, new in self.changes.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return text


MUTANTS: Final = [
    Mutant(
        "instructions not carried",
        {"                instructions=INSTRUCTIONS,\n": ""},
        "test_days_are_booked",
        "'booking': assistant: expected 'Help desk', got 'a request that lacks instructions'",
    ),
    Mutant(
        "tools only in the first request",
        {"tools=TOOLS,": 'tools=TOOLS if "role" in input[0] else [],'},
        "test_days_are_booked",
        "the request cannot call 'book_days': it has no function",
    ),
    Mutant(
        "only the last of parallel calls answered",
        {"for one in calls\n": "for one in calls[-1:]\n"},
        "test_days_are_booked",
        "400 - No tool output found for function call call_…",
    ),
    Mutant(
        "outputs sent as a message",
        {
            '{"type": "function_call_output", "call_id": one.call_id, "output": call(one.name, one.arguments)}': (
                '{"role": "user", "content": call(one.name, one.arguments)}'
            )
        },
        "test_days_are_booked",
        "400 - No tool output found for function call call_…",
    ),
    Mutant(
        "history replayed on a conversation",
        {
            "for one in calls\n            ]": "for one in calls\n            ]\n"
            "            input = [*(item.to_dict() for item in response.output), *input] if calls else []"
        },
        "test_days_are_booked",
        "400 - Duplicate item found with id fc_…. Remove duplicate items from your input and try again.",
    ),
    Mutant(
        "history replayed beside a previous id",
        {
            "input = [{": 'parent = {"conversation": chat}\n        input = [{',
            "conversation=chat,": "**parent,",
            "for one in calls\n            ]": "for one in calls\n            ]\n"
            '            parent = {"previous_response_id": response.id}\n'
            "            input = [*(item.to_dict() for item in response.output), *input] if calls else []",
        },
        "test_days_are_booked",
        "400 - Duplicate item found with id fc_…. Remove duplicate items from your input and try again.",
    ),
    Mutant(
        "sources parsed from markers",
        {
            '"""The help desk': 'import re\n\n"""The help desk',
            "answer.text += part.text\n": "answer.text += part.text\n"
            '            answer.sources += re.findall("【.*?†(.*?)】", part.text)\n',
            "answer.sources.append(mark.filename)": "pass",
        },
        "test_an_answer_names_its_source",
        "AssertionError: assert ('You have th… a year.', []) == ('You have th…handbook.md'])",
    ),
    Mutant(
        "first output item taken for the message",
        {'[item for item in response.output if item.type == "message"]': "response.output[:1]"},
        "test_an_answer_names_its_source",
        "AssertionError: assert ('', []) == ('You have th…",
    ),
    Mutant(
        "files of a container fetched at /files",
        {
            "self.client.containers.files.content\n": "self.client.files\n",
            "content.retrieve(mark.file_id, container_id=mark.container_id)": "content.content(mark.file_id)",
        },
        "test_a_chart_comes_with_its_data",
        "404 - No such File object: cfile_…",
    ),
    Mutant(
        "prompt_tokens read",
        {"response.usage.input_tokens": "response.usage.prompt_tokens"},
        "test_days_are_booked",
        "'ResponseUsage' object has no attribute 'prompt_tokens'",
    ),
    Mutant(
        "id of a cancelled response reused",
        {
            "self.stopping = client, False": "self.stopping, self.last = client, False, None",
            "conversation=chat,": '**({"previous_response_id": self.last} if self.last else {"conversation": chat}),',
            "        for event in stream:\n": "        for event in stream:\n"
            '            if event.type == "response.created":\n                self.last = event.response.id\n',
        },
        "test_the_user_can_stop_and_go_on",
        "400 - Previous response with id 'resp_…' not found.",
    ),
    Mutant(
        "vector store not named",
        {', "vector_store_ids": [HANDBOOK]}': "}"},
        "test_an_answer_names_its_source",
        "400 - Missing required parameter: 'tools[2].vector_store_ids'.",
    ),
    Mutant(
        "vector store left empty",
        {"[HANDBOOK]": "[]"},
        "test_an_answer_names_its_source",
        "'holidays': assistant: expected 'Help desk', got 'a request that lacks vector store vs_handbook'",
    ),
    Mutant(
        "21 items at once",
        {"AT_ONCE = 20": "AT_ONCE = 100"},
        "test_a_chat_goes_on_from_earlier_messages",
        "400 - Invalid 'items': array too long. Expected an array with maximum length 20, "
        "but got an array with length 21 instead.",
    ),
]


def run_tests(directory: Path, *options: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    environment = os.environ | PLAIN_PYTEST | {"PYTHONPATH": str(ROOT)} | environ
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=300)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    return Path(shutil.copytree(LEAVING, tmp_path / "leaving", ignore=shutil.ignore_patterns("__pycache__")))


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The failures of each mutant: its name, the test, the text. One session runs them all, beside the original."""
    directory = tmp_path_factory.mktemp("leaving")
    shutil.copytree(LEAVING, directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    right, tests = (directory / "responses.py").read_text(), (directory / "test_desk.py").read_text()
    for mutant in MUTANTS:
        (directory / f"with_{mutant.name}.py").write_text(mutant.of(right))
        (directory / f"test_{mutant.name}.py").write_text(
            tests.replace("from responses import", f"from with_{mutant.name} import")
        )
    run = run_tests(directory, "--junit-xml=report.xml", ASSISTANTS_API="responses")
    assert run.returncode == 1, run.stdout + run.stderr

    failures: dict[str, dict[str, str]] = defaultdict(dict)
    for case in ElementTree.parse(directory / "report.xml").iter("testcase"):
        for failure in [*case.iter("failure"), *case.iter("error")]:
            name, test = case.attrib["classname"].removeprefix("test_"), case.attrib["name"]
            failures[name][test] = f"{failure.attrib['message']}\n{failure.text}"
    return failures


@pytest.mark.clients
def test_the_example_is_green_without_a_mistake(red: dict[str, dict[str, str]]) -> None:
    assert "desk" not in red
    assert set(red) == {mutant.name for mutant in MUTANTS}


@pytest.mark.clients
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mistake_is_red_and_named(mutant: Mutant, red: dict[str, dict[str, str]]) -> None:
    pattern = ".*".join(map(re.escape, mutant.words.split("…")))

    assert re.search(pattern, red[mutant.name][mutant.test])


def test_the_page_says_what_finds_each_mistake() -> None:
    page = (ROOT / "docs" / "leaving.md").read_text(encoding="utf-8")
    rows = page.partition("| mistake | message |\n|---|---|\n")[2].partition("\n\n")[0]

    assert rows.splitlines() == [f"| {mutant.mistake} | `{mutant.words}` |" for mutant in MUTANTS]


def test_the_example_does_the_same_on_both_apis(example: Path) -> None:
    run = run_tests(example, "--assistants-parity")

    assert run.returncode == 0, run.stdout + run.stderr
    assert "\nparity: 6 tests on both APIs: 6 the same\n" in run.stdout


def test_parity_finds_what_no_test_asserts(example: Path) -> None:
    """A question that the new implementation changes: the answer is the same, and the page shows the report."""
    responses = example / "responses.py"
    mutant = Mutant("question changed", {'"content": question}': '"content": f"Be brief. {question}"}'}, "", "")
    responses.write_text(mutant.of(responses.read_text()))

    run = run_tests(example, "--assistants-parity", "-k", "booked or source")

    assert run.returncode == 1
    report = run.stdout.partition(" parity ---")[2].partition("\n")[2].partition("\n====")[0]
    page = (ROOT / "docs" / "leaving.md").read_text(encoding="utf-8")
    assert "".join(f"    {line}\n" for line in report.splitlines()) in page, report


MOVES: Final = {
    "right": ({}, "backfill: 1 thread: 1 the same, 0 different"),
    "reversed": ({'order="asc"': 'order="desc"'}, "order        messages 1 2 3 4 arrive as 4 3 2 1 (reversed)"),
    "truncated": ({"item_of(message) for message in messages": "item_of(message) for message in messages.data[:3]"},
                  "count        4 messages, the conversation has 3; missing: "),
    "without images": ({"for part in message.content]": 'for part in message.content if part.type == "text"]'},
                       "images       message 3 ("),
    "without attachments": ({"message.attachments or []": "[]"}, "attachments  message 3 ("),
}  # fmt: skip


@pytest.mark.clients
@pytest.mark.parametrize(("changes", "words"), MOVES.values(), ids=MOVES)
def test_a_rehearsal_names_what_a_script_loses(example: Path, changes: dict[str, str], words: str) -> None:
    script = example / "move.py"
    script.write_text(Mutant("", changes, "", "").of(script.read_text()))
    command = [sys.executable, "-m", "emulator", "parity", "old.yaml", "--threads", "--",
               sys.executable, "-W", "ignore", "move.py", "thread_ann"]  # fmt: skip

    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, cwd=example, env=environment, capture_output=True, text=True, timeout=120)

    assert (run.returncode, words in run.stdout) == (1 if changes else 0, True), run.stdout + run.stderr
