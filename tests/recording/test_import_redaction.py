"""What is imported, replayed or exported has no secrets, and its conditions fit the messages that had them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emulator import Emulator
from emulator.base.secrets.kinds import KINDS
from emulator.cli.main import main
from emulator.cli.request_log import as_json
from emulator.recordings import own_format
from emulator.recordings.distil.distil import Distilled, distil
from emulator.recordings.redaction.redactor import Redactor
from tests.recording.handmade import Book, Played, file, listed, message, proof_of, requires, run
from tests.recording.secret_samples import sample
from tests.support import InProcess

KEY, TOKEN = sample("OpenAI key").text, sample("GitHub token").text


def _imported(book: Book) -> Distilled:
    return distil(Redactor().recordings([book.recording()]))


def _asked(*questions: str) -> Book:
    book = Book()
    for number, question in enumerate(questions, 1):
        book.talk(question, f"Answer {number}.", number)
    return book


@pytest.mark.parametrize(
    ("questions", "conditions"),
    [
        ([f"deploy with key {KEY} and token {TOKEN}"], ["deploy with key"]),
        ([f"{KEY} is what I use to deploy the application"], ["is what I use to deploy the application"]),
        ([f"{KEY}\nWhat is this?"], ["What is this"]),
        ([KEY], [None]),
        ([f"Use {KEY} now", f"Use {KEY} now and then"],
         [{"matches": r"(?s)\AUse\ .+\ now\Z"}, "now and then"]),
        ([f"{KEY}?", "Anything else?"], ["Anything else?", None]),
        (["Is [FILTERED] my name, <API_KEY_REDACTED>?"], ["my name"]),
    ],
)  # fmt: skip
def test_a_condition_has_no_placeholder_and_fits_the_real_message(
    questions: list[str], conditions: list[object]
) -> None:
    distilled = _imported(_asked(*questions))

    assert [turn.get("when", {}).get("message") for turn in distilled.document["turns"]] == conditions
    played = Played(distilled)
    assert [played.ask_for("asst_1", question)[1] for question in questions] == [
        f"Answer {number}." for number in range(1, len(questions) + 1)
    ]
    assert proof_of(distilled).differences == []


def _everywhere(secret: str) -> Book:
    """A recording with a secret in a message, an argument, an output, a file, a URL and a streamed text."""
    tools = [{"type": "function", "function": {"name": "f"}}]
    book = Book().assistant(tools=tools).upload("file-1", "a.txt", f"line\n{secret}\n".encode())
    book.thread(f"Please note {secret} for later").run("in_progress", tools=tools)
    arguments = json.dumps({"note": secret})
    book.ask("GET /v1/threads/thread_1/runs/run_1", None, requires(("call_1", "f", arguments), tools=tools))
    sent = {"tool_outputs": [{"tool_call_id": "call_1", "output": json.dumps({"kept": [secret]})}]}
    book.ask("POST /v1/threads/thread_1/runs/run_1/submit_tool_outputs", sent, run("queued", tools=tools))
    book.ask("GET /v1/threads/thread_1/runs/run_1", None, run("completed", tools=tools))
    book.says(f"Noted {secret}.", f"Please note {secret} for later")
    book.ask("GET /v1/files/file-9/content", None, f"kept: {secret}")
    return book.ask(f"POST /v1/hooks?note={secret.replace(chr(10), '%0A').replace(' ', '%20')}", {}, {"said": secret})


@pytest.mark.parametrize("title", sorted(KINDS))
def test_no_secret_is_in_a_scenario(title: str) -> None:
    text, secret = sample(title, "import")
    redactor = Redactor()
    distilled = distil(redactor.recordings([_everywhere(text).recording()]))

    written = distilled.text().encode() + b"".join(distilled.files.values()) + repr(distilled.document).encode()
    lines = [line for line in secret.splitlines() if len(line) > 12]
    assert [line for line in lines if line.encode() in written] == []
    assert proof_of(distilled).played > 5
    assert redactor.count > 5


def _write(book: Book, folder: Path) -> str:
    path = folder / "tape.jsonl"
    path.write_bytes(b"".join([own_format.header_line(None), *map(own_format.line, book.exchanges)]))
    return str(path)


def test_import_prints_how_many_secrets_stood_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _write(_asked(f"deploy with key {KEY} and ACME-47"), tmp_path)

    assert main(["import", path, "--out", "-", "--redact", "ACME-[0-9]+"]) == 0
    out, err = capsys.readouterr()
    assert KEY not in out + err
    assert "ACME" not in out + err
    assert "redacted: 4 secrets; --no-redact keeps them\n" in err
    assert f"  {path} #1 POST /v1/threads: OpenAI key in its request\n" in err
    assert f"  {path} #1 POST /v1/threads: --redact in its request\n" in err

    assert main(["import", path, "--out", "-", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["redacted"]
    assert told[0] == {"exchange": f"{path} #1 POST /v1/threads", "part": "request", "kind": "OpenAI key", "count": 1}

    assert main(["import", path, "--out", "-", "--no-redact"]) == 0
    out, err = capsys.readouterr()
    assert KEY in out
    assert "redacted" not in err


def test_redact_and_no_redact_contradict_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _write(_asked("Hello"), tmp_path)

    assert main(["import", path, "--out", "-", "--redact", "x", "--no-redact"]) == 2
    assert "--redact names what to redact, and --no-redact forbids it" in capsys.readouterr().err


def test_credentials_of_one_request_are_secrets_in_all() -> None:
    headers = (("authorization", "Bearer opaque/credential+7f3a9"),)
    book = Book().ask("GET /v1/files/file-1", None, file("file-1", "a.txt"), request_headers=headers)
    book.talk("What is opaque/credential+7f3a9 for?", "For opaque/credential+7f3a9.")

    assert "credential+7f3a9" not in _imported(book).text()


@pytest.mark.parametrize("placeholder", ["**REDACTED**", "Bearer [FILTERED]", "<placeholder>", "[redacted]"])
def test_a_placeholder_of_another_recorder_is_no_credential(placeholder: str) -> None:
    headers = (("authorization", placeholder),)
    book = Book().ask("GET /v1/files/file-1", None, file("file-1", f"{placeholder}.txt"), request_headers=headers)
    redactor = Redactor()

    (recording,) = redactor.recordings([book.recording()])
    assert placeholder.encode() in (recording.exchanges[0].response_body or b"")
    assert redactor.count == 0


def test_an_export_is_redacted() -> None:
    with Emulator() as emulator:
        emulator.load({"version": 1, "given": {"assistants": [{"id": "asst_1", "model": "gpt-4o", "name": KEY}],
            "files": [{"id": "file-1", "filename": "a.txt", "content": f"key {KEY} ACME-1"}]}})  # fmt: skip

        scenario = emulator.export("scenario", redact=["ACME-[0-9]"])
        assert KEY not in scenario
        assert "content: 'key [redacted] [redacted]'" in scenario
        assert "* 3 secrets: redacted" in scenario
        assert KEY in emulator.export("scenario", redact=None)


def test_listed_messages_are_redacted_in_given_threads() -> None:
    book = Book().ask("GET /v1/threads/thread_1/messages", None, listed(message(f"It is {KEY}", "msg_1")))

    assert _imported(book).document["given"]["threads"][0]["messages"][0]["content"] == "It is [redacted]"


def test_the_request_log_of_a_replay_is_redacted() -> None:
    api = InProcess({"version": 1, "turns": [{"when": {"message": "never"}, "steps": []}]})
    api.get(f"/v1/files/{KEY}?note={TOKEN}")
    thread = api.thread(f"Use {KEY}")
    api.run(thread, api.assistant(), stream=True)

    told = json.dumps([as_json(api.world, entry, api.world.problems) for entry in api.world.journal.requests()])
    assert "no turn fits" in told
    assert KEY not in told
    assert TOKEN not in told
