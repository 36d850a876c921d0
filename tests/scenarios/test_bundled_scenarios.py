"""The bundled scenarios, each driven by the real SDK over a real socket, polled and streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from openai import OpenAI
from openai.types.beta import AssistantToolParam, FunctionToolParam
from openai.types.beta.threads import Message, Run
from openai.types.beta.threads.runs import CodeInterpreterToolCall, FileSearchToolCall, RunStep, ToolCall

from emulator import Emulator
from emulator.scenarios.loading import load_scenario
from tests.conftest import Emulate
from tests.support import SCENARIOS

FILES = sorted(path.name for path in SCENARIOS.glob("*.yaml"))


class Driver:
    """A client with one assistant and one thread, which answers tool calls from a table.

    ``user``: whose thread it is. ``having``: tools of an assistant of the client's own.
    """

    def __init__(
        self,
        emulator: Emulator,
        message: str,
        *,
        assistant: str = "",
        tools: dict[str, Any] | None = None,
        user: str = "",
        having: Sequence[AssistantToolParam] = (),
    ) -> None:
        self.emulator = emulator
        self.outputs = tools or {}
        self.client = OpenAI(base_url=emulator.base_url, api_key=emulator.api_key, max_retries=0)
        self.assistant = assistant or self.client.beta.assistants.create(model="gpt-4o", tools=having).id
        self.thread = self.client.beta.threads.create(
            messages=[{"role": "user", "content": message}], metadata={"user_id": user} if user else {}
        ).id
        self.seen: list[str] = []
        self.events: list[str] = []

    def poll(self) -> Run:
        """Creates a run and polls it to its end with the SDK's helpers."""
        run = self.client.beta.threads.runs.create_and_poll(thread_id=self.thread, assistant_id=self.assistant)
        self.seen.append(run.status)
        while run.status == "requires_action":
            run = self.client.beta.threads.runs.submit_tool_outputs_and_poll(
                run_id=run.id, thread_id=self.thread, tool_outputs=self._answers(run)
            )
            self.seen.append(run.status)
        return run

    def stream(self) -> Run:
        """The same, streamed leg by leg."""
        with self.client.beta.threads.runs.stream(thread_id=self.thread, assistant_id=self.assistant) as stream:
            self.events += [event.event for event in stream]
            run = stream.current_run
        assert run is not None
        self.seen.append(run.status)
        while run.status == "requires_action":
            with self.client.beta.threads.runs.submit_tool_outputs_stream(
                run_id=run.id, thread_id=self.thread, tool_outputs=self._answers(run)
            ) as stream:
                self.events += [event.event for event in stream]
                run = stream.current_run
            assert run is not None
            self.seen.append(run.status)
        return run

    def _answers(self, run: Run) -> Any:
        assert run.required_action is not None
        calls = run.required_action.submit_tool_outputs.tool_calls
        return [{"tool_call_id": call.id, "output": self._output(call.function)} for call in reversed(calls)]

    def _output(self, function: Any) -> str:
        found = self.outputs[function.name]
        return found if isinstance(found, str) else str(found[function.arguments])

    def messages(self) -> list[Message]:
        """Oldest first."""
        return list(self.client.beta.threads.messages.list(self.thread, order="asc"))

    def said(self) -> list[str]:
        """What the assistant said, oldest first."""
        return [_text(message) for message in self.messages() if message.role == "assistant"]

    def steps(self, run: Run) -> list[RunStep]:
        """Oldest first, searches with what they found."""
        return list(
            self.client.beta.threads.runs.steps.list(
                run.id,
                thread_id=self.thread,
                order="asc",
                include=["step_details.tool_calls[*].file_search.results[*].content"],
            )
        )

    def searched(self, run: Run) -> list[tuple[str | None, str | None]]:
        """The files that a run's search found, and the text it found there."""
        call = _only_call(self.steps(run)[0])
        assert isinstance(call, FileSearchToolCall)
        return [(one.file_name, one.content[0].text if one.content else None) for one in call.file_search.results or []]

    def annotations(self) -> list[tuple[str, str]]:
        """What the newest message annotates, and the names of the files that this stands for."""
        found: list[tuple[str, str]] = []
        for part in self.messages()[-1].content:
            for note in part.text.annotations if part.type == "text" else []:
                source = note.file_citation if note.type == "file_citation" else note.file_path
                found.append((note.text, self.client.files.retrieve(source.file_id).filename))
        return found


def _text(message: Message) -> str:
    (part,) = message.content
    assert part.type == "text"
    return part.text.value


def _only_call(step: RunStep) -> ToolCall:
    assert step.step_details.type == "tool_calls"
    (call,) = step.step_details.tool_calls
    return call


@pytest.fixture(params=["polled", "streamed"])
def how(request: pytest.FixtureRequest) -> str:
    return str(request.param)


MakeDriver = Callable[..., Driver]
Drive = Callable[..., tuple[Driver, Run]]


@pytest.fixture
def driver_of(emulate: Emulate) -> Iterator[MakeDriver]:
    """Drivers of bundled scenarios, each with an emulator of its own; in the end ``check()`` finds nothing."""
    with ExitStack() as ends:

        def make(file: str, message: str, *, seed: int = 0, **more: Any) -> Driver:
            driver = Driver(emulate(SCENARIOS / file, seed=seed), message, **more)
            ends.callback(driver.client.close)
            made.append(driver)
            return driver

        made: list[Driver] = []
        yield make
        for driver in made:
            driver.emulator.check()


@pytest.fixture
def drive(driver_of: MakeDriver, how: str) -> Drive:
    """Plays one turn of a bundled scenario, polled or streamed."""

    def play(file: str, message: str, **more: Any) -> tuple[Driver, Run]:
        driver = driver_of(file, message, **more)
        return driver, driver.poll() if how == "polled" else driver.stream()

    return play


WEATHER: dict[str, Any] = {"assistant": "asst_weather", "tools": {"get_weather": '{"celsius": 21}'}}
CLIMATE: dict[str, Any] = {
    "assistant": "asst_climate",
    "tools": {"get_temperature": {'{"city":"Paris"}': 14, '{"city":"Oslo"}': 6}},
}
CONCIERGE: dict[str, Any] = {
    "assistant": "asst_concierge",
    "tools": {"find_restaurant": '{"id": 7, "name": "Banyan"}', "book_table": '{"reference": "B-12"}'},
}
WAITER: dict[str, Any] = {"assistant": "asst_waiter"}
ANALYST: dict[str, Any] = {"having": [{"type": "code_interpreter"}]}


def test_plain_answer(drive: Drive) -> None:
    driver, run = drive("plain_answer.yaml", "What is the capital of France?")
    assert run.status == "completed"
    assert driver.said() == ["The capital of France is Paris."]
    assert [step.type for step in driver.steps(run)] == ["message_creation"]


def test_streaming_in_chosen_pieces(drive: Drive, how: str) -> None:
    driver, run = drive("streaming.yaml", "Tell me a proverb.")
    assert run.status == "completed"
    assert driver.said() == ["Slow and steady wins the race."]
    assert driver.events.count("thread.message.delta") == (4 if how == "streamed" else 0)


def test_streaming_shows_what_the_file_says_it_streams(driver_of: MakeDriver) -> None:
    driver = driver_of("streaming.yaml", "Tell me a proverb.")
    with driver.client.beta.threads.runs.stream(thread_id=driver.thread, assistant_id=driver.assistant) as stream:
        assert list(stream.text_deltas) == ["Slow and ", "steady ", "wins ", "the race."]


def test_a_countdown_takes_world_time(drive: Drive) -> None:
    driver, run = drive("streaming.yaml", "Count down, please.")
    assert driver.said() == ["Three", "Liftoff!"]
    first, second = driver.steps(run)
    assert second.created_at - first.created_at == 5


def test_function_call(drive: Drive) -> None:
    driver, run = drive("function_call.yaml", "How is the weather?", **WEATHER)
    assert driver.seen == ["requires_action", "completed"]
    assert driver.said() == ["It is 21 degrees in Paris."]
    assert run.usage is not None
    assert (run.usage.prompt_tokens, run.usage.completion_tokens) == (31, 12)


def test_function_call_with_an_assistant_of_the_clients_own(driver_of: MakeDriver) -> None:
    tool: FunctionToolParam = {"type": "function", "function": {"name": "get_weather"}}
    driver = driver_of("function_call.yaml", "How is the weather?", tools={"get_weather": '{"celsius": 21}'})
    driver.client.beta.assistants.update(driver.assistant, tools=[tool])
    assert driver.poll().status == "completed"


def test_parallel_calls(drive: Drive) -> None:
    driver, run = drive("parallel_calls.yaml", "Is it warmer in Paris or in Oslo?", **CLIMATE)
    assert run.status == "completed"
    assert driver.said() == ["Paris: 14 °C. Oslo: 6 °C. "]
    details = driver.steps(run)[0].step_details
    assert details.type == "tool_calls"
    assert [(call.type, call.function.output) for call in details.tool_calls if call.type == "function"] == [
        ("function", "14"),
        ("function", "6"),
    ]


def test_several_rounds(drive: Drive) -> None:
    driver, run = drive("several_rounds.yaml", "I need a table for two.", **CONCIERGE)
    assert driver.seen == ["requires_action", "requires_action", "completed"]
    assert driver.said() == ["Banyan expects you, reference B-12."]
    details = driver.steps(run)[1].step_details
    assert details.type == "tool_calls"
    (call,) = details.tool_calls
    assert call.type == "function"
    assert call.function.arguments == '{"restaurant":7,"people":2}'


def test_a_failed_run_has_its_error(drive: Drive, how: str) -> None:
    driver, run = drive("failure.yaml", "Please break down.")
    assert run.status == "failed"
    assert run.last_error is not None
    assert (run.last_error.code, run.last_error.message) == ("server_error", "Sorry, something went wrong.")
    assert driver.said() == ["Let me think about"]
    assert [step.status for step in driver.steps(run)] == ["failed"]
    if how == "streamed":
        assert driver.events[-3:] == ["thread.message.incomplete", "thread.run.step.failed", "thread.run.failed"]


def test_a_rate_limited_run_and_one_more_try(drive: Drive, how: str) -> None:
    driver, run = drive("rate_limited.yaml", "My horoscope, please.")
    assert run.status == "failed"
    assert run.last_error is not None
    assert run.last_error.code == "rate_limit_exceeded"
    again = driver.poll() if how == "polled" else driver.stream()
    assert again.status == "completed"
    assert driver.said() == ["The stars advise patience."]


def test_an_incomplete_run_has_its_reason(drive: Drive, how: str) -> None:
    driver, run = drive("incomplete.yaml", "Tell me a story.")
    assert run.status == "incomplete"
    assert run.incomplete_details is not None
    assert run.incomplete_details.reason == "max_completion_tokens"
    assert driver.said() == ["Once upon a time there was a"]
    if how == "streamed":
        assert driver.events[-1] == "thread.run.incomplete"


def test_expiry_of_a_run_that_works_too_long(drive: Drive) -> None:
    driver, run = drive("expiry.yaml", "Tell me all digits of pi.")
    assert run.status == "expired"
    assert driver.said() == ["3.14159"]


def test_expiry_while_a_tool_is_slow(driver_of: MakeDriver, how: str) -> None:
    driver = driver_of("expiry.yaml", "Look into the archive.", assistant="asst_archive")
    runs = driver.client.beta.threads.runs
    if how == "polled":
        run = runs.create_and_poll(thread_id=driver.thread, assistant_id=driver.assistant)
    else:
        with runs.stream(thread_id=driver.thread, assistant_id=driver.assistant) as stream:
            stream.until_done()
            assert stream.current_run is not None
            run = stream.current_run
    assert run.status == "requires_action"
    assert runs.retrieve(run.id, thread_id=driver.thread).status == "expired"
    assert [step.status for step in driver.steps(run)] == ["expired"]


def test_cancel_half_way(driver_of: MakeDriver) -> None:
    driver = driver_of("cancel.yaml", "Write a long report.")
    runs = driver.client.beta.threads.runs
    created = runs.create(driver.thread, assistant_id=driver.assistant)
    for _ in range(2):  # in_progress, then as far as the gate
        runs.retrieve(created.id, thread_id=driver.thread)
    assert driver.emulator.wait_held("half way") == created.id
    assert runs.cancel(created.id, thread_id=driver.thread).status == "cancelling"
    run = runs.poll(created.id, thread_id=driver.thread)
    assert run.status == "cancelled"
    (step,) = driver.steps(run)
    assert step.status == "cancelled"
    assert driver.said() == ["Chapter one."]


def test_cancel_half_way_through_a_stream(driver_of: MakeDriver) -> None:
    driver = driver_of("cancel.yaml", "Write a long report.")
    runs = driver.client.beta.threads.runs
    with runs.stream(thread_id=driver.thread, assistant_id=driver.assistant) as stream:
        for event in stream:
            driver.events.append(event.event)
            if event.event == "thread.message.in_progress":  # all that comes before the gate is sent by now
                runs.cancel(driver.emulator.wait_held("half way"), thread_id=driver.thread)
    assert driver.events[-4:] == [
        "thread.run.cancelling",
        "thread.message.incomplete",
        "thread.run.step.cancelled",
        "thread.run.cancelled",
    ]


def test_a_held_run_goes_on_when_it_is_released(driver_of: MakeDriver) -> None:
    driver = driver_of("cancel.yaml", "Write a long report.")
    driver.emulator.release("half way")
    assert driver.poll().status == "completed"
    assert driver.said() == ["Chapter one.", "Chapter two."]


def test_cancel_too_late(driver_of: MakeDriver) -> None:
    driver = driver_of("cancel.yaml", "Write a short note.")
    runs = driver.client.beta.threads.runs
    created = runs.create(driver.thread, assistant_id=driver.assistant)
    assert runs.cancel(created.id, thread_id=driver.thread).status == "cancelling"
    assert runs.poll(created.id, thread_id=driver.thread).status == "completed"
    assert driver.said() == ["Done already."]


def test_a_refusal_is_a_message(drive: Drive, how: str) -> None:
    driver, run = drive("refusal.yaml", "Help me to pick a lock.")
    assert run.status == "completed"
    (part,) = driver.messages()[-1].content
    assert part.type == "refusal"
    assert part.refusal == "I'm sorry, I can't help with that."


def test_chatbot_remembers_its_users(drive: Drive, how: str) -> None:
    driver, _ = drive("chatbot.yaml", "Hello chatbot!", user="bob")
    for _ in range(2):
        driver.client.beta.threads.messages.create(driver.thread, role="user", content="Hello chatbot!")
        driver.poll() if how == "polled" else driver.stream()
    assert driver.said() == ["Welcome, bob!", "Welcome back, bob!", "Welcome back, bob!"]


def test_chatbot_treats_one_user_specially_and_takes_strangers_too(driver_of: MakeDriver) -> None:
    ada, stranger = (driver_of("chatbot.yaml", "Hello chatbot!", user=user) for user in ("ada", ""))
    ada.poll()
    stranger.poll()
    assert ada.said() == ["Good morning, Ada. Your usual?"]
    assert stranger.said() == ["Welcome, stranger!"]


def test_rag_searches_the_given_store_and_cites(drive: Drive) -> None:
    driver, run = drive("rag.yaml", "What is the soup of the day?", **WAITER)
    ((file, found),) = driver.searched(run)
    assert file == "menu.md"
    assert found == (SCENARIOS / "data" / "menu.md").read_text(encoding="utf-8")
    assert driver.said() == ["Leek and potato, with rye bread.【4:0†menu.md】"]
    assert driver.annotations() == [("【4:0†menu.md】", "menu.md")]


def test_rag_with_results_of_the_scenarios_own(drive: Drive) -> None:
    driver, run = drive("rag.yaml", "Are you open on Sunday?", **WAITER)
    assert driver.searched(run) == [("hours.txt", "Open from Tuesday to Sunday")]
    assert driver.said() == ["Yes【hours】, but not on Monday."]
    assert driver.annotations() == [("【hours】", "hours.txt")]


def test_rag_searches_what_is_attached_to_the_message_too(driver_of: MakeDriver) -> None:
    driver = driver_of("rag.yaml", "Hello.", **WAITER)
    specials = driver.client.files.create(file=("specials.txt", b"Today's soup is pumpkin."), purpose="assistants")
    driver.client.beta.threads.messages.create(
        driver.thread,
        role="user",
        content="Which soup is special today?",
        attachments=[{"file_id": specials.id, "tools": [{"type": "file_search"}]}],
    )
    assert [file for file, _ in driver.searched(driver.poll())] == ["specials.txt", "menu.md"]


def test_rag_streams_its_citation_as_one_delta(driver_of: MakeDriver) -> None:
    driver = driver_of("rag.yaml", "What is the soup of the day?", **WAITER)
    with driver.client.beta.threads.runs.stream(thread_id=driver.thread, assistant_id=driver.assistant) as stream:
        assert list(stream.text_deltas)[-2:] == [".", "【4:0†menu.md】"]


def test_data_analysis_prints_draws_and_writes(drive: Drive) -> None:
    driver, run = drive("data_analysis.yaml", "Please analyze this data.", **ANALYST)
    call = _only_call(driver.steps(run)[0])
    assert isinstance(call, CodeInterpreterToolCall)
    logs, drawn = call.code_interpreter.outputs
    assert logs.type == "logs"
    assert logs.logs == "480\n"
    assert drawn.type == "image"
    shown, text = driver.messages()[-1].content
    assert shown.type == "image_file"
    assert shown.image_file.file_id == drawn.image.file_id
    assert driver.client.files.content(shown.image_file.file_id).content.startswith(b"\x89PNG")
    assert text.type == "text"
    assert driver.annotations() == [("sandbox:/mnt/data/summary.csv", "summary.csv")]
    (link,) = text.text.annotations
    assert link.type == "file_path"
    assert text.text.value[link.start_index : link.end_index] == link.text
    assert driver.client.files.content(link.file_path.file_id).text == "months,revenue\n3,480\n"


def test_data_analysis_streams_its_code(driver_of: MakeDriver) -> None:
    """The SDK puts input and outputs together from the deltas, and keeps their indices."""
    driver = driver_of("data_analysis.yaml", "Please analyze this data.", **ANALYST)
    with driver.client.beta.threads.runs.stream(thread_id=driver.thread, assistant_id=driver.assistant) as stream:
        stream.until_done()
        coding, _ = stream.get_final_run_steps()
        run = stream.current_run
    assert run is not None
    streamed, kept = _only_call(coding), _only_call(driver.steps(run)[0])
    assert isinstance(streamed, CodeInterpreterToolCall)
    assert isinstance(kept, CodeInterpreterToolCall)
    assert streamed.code_interpreter.input == kept.code_interpreter.input
    outputs = [output.to_dict() for output in streamed.code_interpreter.outputs]
    assert [output.pop("index") for output in outputs] == [0, 1]
    assert outputs == [output.to_dict() for output in kept.code_interpreter.outputs]


# ---- All of them ----


@dataclass(frozen=True)
class Pattern:
    file: str
    message: str
    more: dict[str, Any]


PATTERNS = [
    Pattern("plain_answer.yaml", "What is the capital of France?", {}),
    Pattern("streaming.yaml", "Tell me a proverb.", {}),
    Pattern("streaming.yaml", "Count down, please.", {}),
    Pattern("function_call.yaml", "How is the weather?", WEATHER),
    Pattern("parallel_calls.yaml", "Is it warmer in Paris or in Oslo?", CLIMATE),
    Pattern("several_rounds.yaml", "I need a table for two.", CONCIERGE),
    Pattern("failure.yaml", "Please break down.", {}),
    Pattern("rate_limited.yaml", "My horoscope, please.", {}),
    Pattern("incomplete.yaml", "Tell me a story.", {}),
    Pattern("expiry.yaml", "Tell me all digits of pi.", {}),
    Pattern("refusal.yaml", "Help me to pick a lock.", {}),
    Pattern("chatbot.yaml", "Hello chatbot!", {"user": "ada"}),
    Pattern("chatbot.yaml", "Hello chatbot!", {"user": "bob"}),
    Pattern("rag.yaml", "What is the soup of the day?", WAITER),
    Pattern("rag.yaml", "Are you open on Sunday?", WAITER),
    Pattern("data_analysis.yaml", "Please analyze this data.", ANALYST),
]


def _objects(driver: Driver, run: Run) -> list[Any]:
    """Everything that a run leaves, as JSON."""
    client, thread = driver.client.beta.threads, driver.thread
    return [
        client.runs.retrieve(run.id, thread_id=thread).to_dict(),
        [step.to_dict() for step in client.runs.steps.list(run.id, thread_id=thread)],
        [message.to_dict() for message in client.messages.list(thread)],
        client.retrieve(thread).to_dict(),
    ]


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.message)
def test_polled_and_streamed_end_in_the_same_objects(driver_of: MakeDriver, pattern: Pattern) -> None:
    polled, streamed = (driver_of(pattern.file, pattern.message, seed=5, **pattern.more) for _ in range(2))
    assert _objects(polled, polled.poll()) == _objects(streamed, streamed.stream())


def test_they_all_load_together_and_do_not_get_in_each_others_way(emulate: Emulate) -> None:
    emulator = emulate(SCENARIOS)
    turns = {turn.name for file in FILES for turn in load_scenario(SCENARIOS / file).turns}
    for pattern in PATTERNS:
        driver = Driver(emulator, pattern.message, **pattern.more)
        driver.poll()
        assert emulator.runs()[-1].turn in {turn.name for turn in load_scenario(SCENARIOS / pattern.file).turns}
        driver.client.close()
    emulator.check()
    assert {run.turn for run in emulator.runs()} == turns - {
        "slow tool",
        "report",
        "too late",
        "second try",
        "welcome back",
    }


@pytest.mark.parametrize("file", FILES)
def test_each_bundled_scenario_describes_itself_and_fits_a_screen(file: str) -> None:
    """Each begins with a comment, describes itself, is called what its file is called, and fits a screen."""
    text = (SCENARIOS / file).read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert f"\nname: {file.removesuffix('.yaml')}\n" in text
    assert "\ndescription: " in text
    assert max(map(len, text.splitlines())) <= 100
    assert len(text.splitlines()) <= 40
