"""One emulator for each worker of xdist, or a server that somebody else has started."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from emulator import Control, Emulator
from tests import golden
from tests.plugin.inner import LIGHT, run, sections
from tests.support import GOLDEN

Emulate = Callable[..., Emulator]

CONFTEST = (
    LIGHT
    + """
assistant = send("/assistants", {"model": "gpt-4o", "name": "made at import time"})
"""
)
WHERE = """
from pathlib import Path

@pytest.mark.parametrize("n", range(8))
def test_where(assistants_emulator, n):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    Path(f"where-{worker}-{n}.txt").write_text(f"{assistants_emulator.url} {assistants_emulator.api_key}")
    assert [one["name"] for one in send("/assistants")["data"]] == BEFORE
    assert app() == "completed"
    assert len(assistants_emulator.runs()) == 1
"""
BEFORE = 'BEFORE = ["made at import time"]'
FAILING = """
GREET = {"name": "greet", "when": {"message": "hi"}, "times": 2, "steps": [{"say": "Hello!"}]}

@pytest.mark.assistants_emulator({"name": "greeting", "turns": [GREET]})
class TestFailing:
    def test_passes_but_a_turn_was_not_played(self):
        app()

    def test_fails_because_no_turn_fits(self):
        assert app("Good morning") == "completed"

    def test_fails_with_a_404(self):
        send("/threads/thread_none")

@pytest.fixture(scope="module")
def assistant(assistants_emulator_server):
    return send("/assistants", {"model": "gpt-4o"})["id"]

def test_fails_with_a_wide_fixture(assistant, assistants_emulator):
    send(f"/assistants/{assistant}")
    send(f"/assistants/{assistant}", method="DELETE")
    send(f"/assistants/{assistant}")

def test_nothing_of_it():
    assert True
"""


def where(folder: Path) -> dict[str, set[tuple[str, ...]]]:
    """Addresses and keys that each worker has seen."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for file in folder.glob("where-*.txt"):
        found.setdefault(file.name.split("-")[1], set()).add(tuple(file.read_text().split()))
    return found


def test_workers_have_an_emulator_each_and_report_as_one_would(pytester: pytest.Pytester) -> None:
    test = "BEFORE = []\n" + WHERE + FAILING

    result = run(pytester, test, "-n2", "--tb=short", "--assistants-sunset=report", head=LIGHT)

    result.assert_outcomes(passed=9, failed=4)
    found = where(pytester.path)
    assert all(len(seen) == 1 for seen in found.values())
    assert len({seen for one in found.values() for seen in one}) == len(found) > 1
    by_name = sorted(zip(_headings(result), sections(result), strict=True))
    told = "\n".join(f"{name}\n{text}\n" for name, text in by_name)
    told += result.stdout.str().partition("assistants emulator summary -")[2].partition("-\n")[2].partition("\n===")[0]
    golden.expect(GOLDEN / "failed_tests_of_workers.txt", (told + "\n").encode())


def _headings(result: pytest.RunResult) -> list[str]:
    return [line.strip("_ ") for line in result.stdout.lines if line.startswith("___")]


def test_a_running_server_gives_each_worker_a_world_of_its_own(pytester: pytest.Pytester, emulate: Emulate) -> None:
    running = emulate(worlds="key")
    pytester.makeini("[pytest]\nassistants_emulator = true")
    pytester.makeconftest(CONFTEST)

    result = run(pytester, BEFORE + WHERE, "-n2", f"--assistants-emulator-url={running.url}", head=LIGHT)

    result.assert_outcomes(passed=8)
    keys = {worker: f"sk-assistants-emulator-{worker}" for worker in where(pytester.path)}
    assert where(pytester.path) == {worker: {(running.url, key)} for worker, key in keys.items()}
    assert len(keys) == 2
    for key in keys.values():
        assert Control(running.url, key).state()["objects"]["assistants"] == 0


def test_clients_of_a_running_server_may_outlive_their_loops(pytester: pytest.Pytester, emulate: Emulate) -> None:
    running = emulate(worlds="key")
    pytester.makeini("[pytest]\nassistants_emulator = true")
    tests = """
import asyncio
from openai import AsyncOpenAI

early = AsyncOpenAI(max_retries=0)

async def use():
    return (await early.models.retrieve("gpt-4o")).id

@pytest.mark.parametrize("number", range(3))
def test_app(assistants_emulator, number):
    assert asyncio.run(use()) == "gpt-4o"
"""
    run(pytester, tests, f"--assistants-emulator-url={running.url}").assert_outcomes(passed=3)


def test_without_workers_the_key_is_the_one_that_is_said(pytester: pytest.Pytester, emulate: Emulate) -> None:
    running = emulate(worlds="key")
    pytester.makeini("[pytest]\nassistants_emulator = true")
    pytester.makeconftest(CONFTEST)
    url = f"--assistants-emulator-url={running.url}/v1"

    run(pytester, BEFORE + WHERE, url, "--assistants-emulator-key=sk-mine", head=LIGHT).assert_outcomes(passed=8)
    assert where(pytester.path) == {"main": {(running.url, "sk-mine")}}
    run(pytester, BEFORE + WHERE, url, head=LIGHT).assert_outcomes(passed=8)
    assert where(pytester.path) == {"main": {(running.url, "sk-assistants-emulator")}}


def test_what_a_crashed_session_left_on_a_server_is_gone(pytester: pytest.Pytester, emulate: Emulate) -> None:
    running = emulate(worlds="key")
    control = Control(running.url, "sk-assistants-emulator")
    control.load({"name": "left", "turns": [{"steps": [{"say": "left"}]}]})
    control.keep_baseline()
    control.keep_baseline()
    test = """
def test_app(assistants_emulator, assistants_client):
    assert assistants_emulator.state()["clock"] == "real"
    assert ask(assistants_client)[1] != "left"
"""

    arguments = [f"--assistants-emulator-url={running.url}", "--assistants-emulator-clock=real"]
    run(pytester, test, *arguments).assert_outcomes(passed=1)

    assert control.state()["clock"] == "skip"
    assert control.state()["objects"]["runs"] == 0


def test_a_server_that_is_not_there_ends_a_session_that_needs_it_from_the_start(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nassistants_emulator = true")

    result = run(pytester, "def test_app(): assert True", "--assistants-emulator-url=http://127.0.0.1:1")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: no emulator responds at http://127.0.0.1:1: *"])


@pytest.mark.parametrize("scope", ["function", "session"])
def test_a_server_that_goes_away_is_a_line(pytester: pytest.Pytester, emulate: Emulate, scope: str) -> None:
    running = emulate(worlds="key")
    fixture = "assistants_emulator" if scope == "function" else "assistants_emulator_server"
    test = f"""
@pytest.mark.parametrize("n", range(2))
def test_app({fixture}, stop, n):
    stop()
    assert n
"""

    result = run(pytester, test, f"--assistants-emulator-url={running.url}", plugins=[_Stopper(running)])

    shown = result.stdout.str()
    assert f"no emulator responds at {running.url}: " in shown
    assert "INTERNALERROR" not in shown
    assert "Traceback" not in shown


class _Stopper:
    """A plugin of the inner session, with a fixture that stops the server of the outer one."""

    def __init__(self, running: Emulator) -> None:
        self._running = running

    @pytest.fixture
    def stop(self) -> Callable[[], None]:
        return self._running.stop
