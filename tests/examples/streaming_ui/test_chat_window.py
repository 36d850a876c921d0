import pytest
from chat_window import ChatWindow

pytestmark = pytest.mark.assistants_emulator("poem.yaml")


def ask(question):
    drawn = []
    ChatWindow("asst_poet", drawn.append).ask(question)
    return drawn


def test_the_answer_grows():
    assert ask("Write a poem") == ["…", "Roses", "Roses are", "Roses are red."]


def test_an_answer_that_is_too_long_is_marked():
    assert ask("Write a novel")[-1] == "It was a dark and stormy night. [broke off]"


@pytest.mark.parametrize("kind", ["disconnect", "error"])
def test_a_lost_connection_keeps_what_is_there(assistants_emulator, kind):
    """Seven events come before the first piece of text, so nine let two pieces pass."""
    assistants_emulator.inject({"operation": "create_run", "kind": kind, "after": 9})

    assert ask("Write a poem") == ["…", "Roses", "Roses are", "Roses are [connection lost]"]


def test_a_stream_that_ends_too_early_is_marked(assistants_emulator):
    """Nothing is raised for it: the application has to see that the run has not come to its end."""
    assistants_emulator.inject({"operation": "create_run", "kind": "truncate", "after": 9})

    assert ask("Write a poem")[-1] == "Roses are [broke off]"
