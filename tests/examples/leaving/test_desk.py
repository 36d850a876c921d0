import pytest
from assistants import AssistantsDesk
from desk import DeskError
from responses import ResponsesDesk

pytestmark = pytest.mark.assistants_emulator("scenario.yaml")
DESKS = {"assistants": AssistantsDesk, "responses": ResponsesDesk}


@pytest.fixture
def desk(assistants_api, assistants_client):
    return DESKS[assistants_api](assistants_client)


@pytest.fixture
def ask(desk):
    chat = desk.open()
    return lambda question: desk.ask(chat, question, lambda piece: None)


def test_days_are_booked(desk):
    pieces = []

    answer = desk.ask(desk.open(), "Please book five days for Ann.", pieces.append)

    assert answer.text == "Booked, Ann has 7 days left and Bob has 3."
    assert "".join(pieces) == answer.text
    assert answer.tokens == 100


def test_an_answer_names_its_source(ask):
    answer = ask("How many holidays do I have?")

    assert (answer.text, answer.sources) == ("You have thirty days a year.", ["handbook.md"])


def test_a_chart_comes_with_its_data(ask):
    assert ask("Draw a chart.").files == {"days.csv": b"Ann,12\n"}


def test_the_user_can_stop_and_go_on(desk):
    chat = desk.open()

    stopped = desk.ask(chat, "Tell me the rules.", lambda piece: desk.stop())

    assert stopped.stopped
    assert desk.ask(chat, "No, thanks.", lambda piece: None).text == "You are welcome."


def test_a_chat_goes_on_from_earlier_messages(desk):
    earlier = [(("user", "assistant")[n % 2], f"message {n}") for n in range(21)]
    chat = desk.open(earlier)

    desk.ask(chat, "So thanks!", lambda piece: None)

    assert desk.history(chat) == [*earlier, ("user", "So thanks!"), ("assistant", "You are welcome.")]


def test_a_model_that_fails_is_an_error_of_the_desk(ask):
    with pytest.raises(DeskError, match="The model is not available"):
        ask("There is trouble.")
