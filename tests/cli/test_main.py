"""The command line: words, exit codes, options and the environment. What it serves and runs is in its sisters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from emulator import Emulator
from emulator.base.version import __version__
from emulator.cli.commands.output import bullet_lines
from emulator.cli.main import COMMANDS, main, parsers
from tests.conftest import Emulate
from tests.support import ROOT, SCENARIOS, Api

COMMAND = [sys.executable, "-W", "error", "-m", "emulator"]


def ended(arguments: list[str]) -> int:
    """The exit code, also where argparse ends."""
    try:
        return main(arguments)
    except SystemExit as exit:
        return int(exit.code or 0)


# ---- Words and exit codes ----


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A directory with good and bad files, where the commands are run."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "scenarios" / "bad.yaml").write_text("turn: []")
    (tmp_path / "scenarios" / "good.yaml").write_text("turns: []")
    (tmp_path / "good.yaml").write_text("turns: []")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["serve", "nowhere.yaml"], 2, "assistants-emulator: nowhere.yaml: No such file or directory"),
        (["serve", "scenarioz"], 2, "scenarioz: No such file or directory; did you mean 'scenarios'?"),
        (["serve", "nowhere/nothing.yaml"], 2, "nowhere/nothing.yaml: No such file or directory"),
        (["serve", "empty"], 1, "empty: expected scenario files"),
        (
            ["serve", "good.yaml", "scenarios/good.yaml"],
            1,
            "its name 'good' is that of good.yaml too; give it a `name:`",
        ),
        (["serve", "good.yaml", "good.yaml"], 1, "good.yaml: it is given twice"),
        (["serve", "binary.yaml"], 1, "binary.yaml:1:1: expected UTF-8 text"),
        (["serve", "--prot", "0"], 2, "there is no option '--prot'; did you mean '--port'? (see "),
        (["serve", "--port", "70000"], 2, "argument --port: expected a port from 0 to 65535, got '70000'"),
        (["serve", "--port"], 2, "argument --port: expected one argument"),
        (["serve", "--start", "yesterday"], 2, "start"),
        (["serve", "--allow-host", "http://a"], 2, "argument --allow-host: expected a host name such as emulator.test"),
        (["check", "scenarios/bad.yaml"], 1, "bad.yaml:1:1: turn: unknown key; did you mean 'turns'?"),
        (["import", "good.yaml", "--out", "-"], 2, "good.yaml: this is a scenario, not a recording"),
        (["import", "good.yaml"], 2, "the following arguments are required: --out"),
        (["exec"], 2, "exec: expected a command after --"),
        (["exec", "good.yaml", "npm", "test"], 2, "did you forget it before 'npm'?"),
        (["exec", "--", "no-such-command"], 127, "there is no command 'no-such-command'"),
        (["srve"], 2, "there is no command 'srve'; did you mean 'serve'?"),
        (["schema", "more"], 2, "unexpected argument 'more'"),
        (["--version"], 0, __version__),
        ([], 2, "COMMAND"),
        (["--help"], 0, "assistants-emulator exec weather.yaml -- npm test"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_commands_end_with_a_word_and_an_exit_code(
    capsys: pytest.CaptureFixture[str], files: Path, arguments: list[str], code: int, words: str
) -> None:
    found = ended(arguments)

    printed = capsys.readouterr()
    assert (found, words in printed.out + printed.err) == (code, True), printed
    if code and arguments:
        assert printed.err.count("\n") == (0 if "check" in arguments else 1), "one line says it"


@pytest.mark.parametrize("arguments", [["schema"], ["check", str(SCENARIOS), "--play"], ["--help"]], ids=lambda a: a[0])
def test_a_reader_that_has_left_hears_nothing(arguments: list[str]) -> None:
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()

    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=10) in (0, 141)


def test_what_a_terminal_cannot_show_is_replaced() -> None:
    environ = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*COMMAND, "check", str(SCENARIOS), "--play"], capture_output=True, env=environ, cwd=ROOT)

    assert (done.returncode, done.stderr) == (0, b"")


# ---- Help ----


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_teaches_by_example_and_names_its_variables(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert ended([command, "--help"]) == 0

    told = capsys.readouterr().out
    assert f"  assistants-emulator {command} " in told.partition("examples:")[2]
    assert all(variable in told for variable in parsers()[1][command].variables())
    assert max(map(len, told.splitlines())) <= 120
    assert all(action.help for action in parsers()[1][command].variables().values())


def test_the_help_of_all_is_short(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert ended(["--help"]) == 0

    told = capsys.readouterr().out
    assert len(told.splitlines()) < 30
    assert all(f"\n    {command} " in told for command in COMMANDS)


# ---- The environment ----


def options_of(arguments: list[str]) -> dict[str, object]:
    _, commands = parsers()
    options, unknown = commands[arguments[0]].parse_known_args(arguments[1:])
    assert unknown == []
    return vars(options)


@pytest.mark.parametrize(
    ("name", "text", "option", "value"),
    [
        ("PORT", "0", "port", 0),
        ("PORT", " 99 ", "port", 99),
        ("PORT", "", "port", 8787),
        ("SEED", "7", "seed", 7),
        ("SEED", "seven", "seed", "seven"),
        ("CLOCK", "real", "clock", "real"),
        ("WATCH", "1", "watch", True),
        ("WATCH", "Yes", "watch", True),
        ("WATCH", "0", "watch", False),
        ("LOG", "true", "log", True),
        ("LOG", "off", "log", False),
        ("LOG", "", "log", None),
        ("ALLOW_HOST", "one.test  other.test", "allow_host", ["one.test", "other.test"]),
        ("TLS_CERT", "cert.pem", "tls_cert", Path("cert.pem")),
    ],
)
def test_a_variable_says_what_the_option_does(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, option: str, value: object
) -> None:
    monkeypatch.setenv(f"ASSISTANTS_EMULATOR_{name}", text)

    assert options_of(["serve"])[option] == value


@pytest.mark.parametrize(
    ("variable", "text", "arguments", "option", "value"),
    [
        ("PORT", "1", ["--port", "8787"], "port", 8787),
        ("ALLOW_HOST", "one.test", ["--allow-host", "other.test"], "allow_host", ["other.test"]),
        ("LOG", "1", ["--no-log"], "log", False),
        ("WATCH", "0", ["--watch"], "watch", True),
    ],
)
def test_the_command_line_wins(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str, arguments: list[str], option: str, value: object
) -> None:
    monkeypatch.setenv(f"ASSISTANTS_EMULATOR_{variable}", text)

    assert options_of(["serve", *arguments])[option] == value


def test_a_parser_can_be_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = parsers()[1]["import"]
    monkeypatch.setenv("ASSISTANTS_EMULATOR_OUT", "x.yaml")
    assert parser.parse_known_args(["a.har"])[0].out == "x.yaml"
    monkeypatch.delenv("ASSISTANTS_EMULATOR_OUT")

    with pytest.raises(SystemExit):
        parser.parse_known_args(["a.har"])


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("PORT", "many", "ASSISTANTS_EMULATOR_PORT: expected a port from 0 to 65535, got 'many'"),
        ("CLOCK", "slow", "ASSISTANTS_EMULATOR_CLOCK: expected skip or real, got 'slow'"),
        ("WATCH", "2", "ASSISTANTS_EMULATOR_WATCH: expected 1 or 0, got '2'"),
        ("ALLOW_HOST", "a.test http://b", "ASSISTANTS_EMULATOR_ALLOW_HOST: expected a host name such as emulator.test"),
    ],
)
def test_a_bad_value_names_its_variable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str, text: str, words: str
) -> None:
    monkeypatch.setenv(f"ASSISTANTS_EMULATOR_{name}", text)

    assert ended(["serve"]) == 2
    assert words in capsys.readouterr().err


def test_a_value_that_another_type_refuses_names_its_variable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSISTANTS_EMULATOR_TIMEOUT", "soon")

    assert ended(["record", "--upstream", "http://127.0.0.1", "--out", "x"]) == 2
    assert "ASSISTANTS_EMULATOR_TIMEOUT: expected a value for --timeout, got 'soon'" in capsys.readouterr().err


# ---- import ----


@pytest.fixture
def tape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recording of a run, in a directory where the commands are run."""
    with Emulator({"turns": [{"steps": [{"say": "Hi"}]}]}) as emulator:
        api = Api(emulator.url)
        thread = api.thread("Hello")
        api.run(thread, api.assistant(), stream=True)
        api.get(f"/v1/threads/{thread}/messages")
        api.close()
        (tmp_path / "tape.jsonl").write_text(emulator.export())
    (tmp_path / "notes.txt").write_text("nothing")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "tape.jsonl"


def test_an_import_tells_what_has_come_of_it(capsys: pytest.CaptureFixture[str], tape: Path) -> None:
    assert main(["import", ".", "--out", "old.yaml"]) == 0

    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "wrote old.yaml",
        "4 requests: 1 turn",
        "proof: 4 of 4 responses are the same",
        "ignored, as they are no recordings:",
        "  notes.txt",
        "next: assistants-emulator check --play old.yaml",
    ]
    assert main(["check", "--play", "old.yaml"]) == 0
    assert main(["import", str(tape), "--out", "old.yaml"]) == 2
    assert "old.yaml already exists. Use another --out, or --force to overwrite it." in capsys.readouterr().err


@pytest.mark.parametrize("out", ["old.yaml", "-"])
def test_a_machine_gets_the_summary_of_an_import(capsys: pytest.CaptureFixture[str], tape: Path, out: str) -> None:
    assert main(["import", str(tape), "--out", out, "--json"]) == 0

    printed = capsys.readouterr()
    told = json.loads(printed.out)
    text = told.pop("scenario", None) or Path(out).read_text()
    assert printed.err == ""
    assert "say: Hi" in text
    assert told == {
        "written": [] if out == "-" else [out],
        "requests": 4,
        "sessions": 1,
        "turns": 1,
        "given_objects": 0,
        "faults": 0,
        "stubs": 0,
        "proof": {"played": 4, "alike": 4, "holds": True, "differences": [], "unplayed": []},
        "redacted": [],
        "not_carried_over": [],
        "left_alone": [],
    }


def test_long_lists_are_counted_and_at_a_terminal_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["same"] * 3 + [f"line {number}" for number in range(20)]
    assert bullet_lines(lines) == ["  same ×3", *(f"  line {number}" for number in range(20))]
    monkeypatch.setattr("emulator.cli.commands.output.is_interactive", lambda stream: True)

    assert bullet_lines(lines)[-2:] == ["  line 10", "  … 9 more; redirect stderr (2> FILE) for all of them"]
    assert bullet_lines(lines[:15]) == ["  same ×3", *(f"  line {number}" for number in range(12))]


# ---- record ----


def test_a_machine_gets_what_was_recorded(emulate: Emulate, tmp_path: Path) -> None:
    upstream = emulate()
    arguments = ["record", "--upstream", upstream.url, "--out", "tape.jsonl", "--port", "0", "--json"]
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    api = Api(json.loads(process.stdout.readline())["listening"].removesuffix("/v1"))
    api.assistant()
    api.close()
    process.terminate()
    told = json.loads(process.communicate(timeout=10)[0])["recorded"]

    assert told.pop("file_bytes") > 0
    assert told.pop("redactions") > 0
    assert told == {"file": "tape.jsonl", "requests": 1, "runs": 0, "streams": 0, "failures": 0, "not_recorded": 0}
