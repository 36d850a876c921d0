import pytest
from library import ask_clerk, look_up, put_on_shelf


@pytest.fixture
def shelf(assistants_client):
    return put_on_shelf(assistants_client, "whales", "Call me Ishmael.")


def test_a_book_is_found(assistants_client, shelf):
    assert look_up(assistants_client, shelf, "Ishmael") == ["whales.md"]


@pytest.mark.assistants_emulator({"turns": [{"steps": [{"say": "At ten."}]}]})
def test_the_clerk_answers(assistants_client):
    assert ask_clerk(assistants_client, "When do you open?") == "At ten."


def test_the_catalogue_has_a_title():
    assert put_on_shelf.__doc__
