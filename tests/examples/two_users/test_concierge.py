from concurrent.futures import ThreadPoolExecutor

import pytest
from concierge import Concierge

pytestmark = pytest.mark.assistants_emulator("hotel.yaml")


@pytest.fixture
def asked():
    """Questions that are under way while the test goes on."""
    with ThreadPoolExecutor() as guests:
        yield guests.submit


def test_nobody_waits_for_another_guest(assistants_emulator, asked):
    concierge = Concierge("asst_concierge")

    ada = asked(concierge.ask, "Ada", "A table, please.")
    assistants_emulator.wait_held("calling the restaurant")  # Ada's run is half way
    assert concierge.ask("Bob", "More towels!") == "Towels are on their way to Bob."
    assert not ada.done()

    assistants_emulator.release("calling the restaurant")
    assert ada.result() == "A table for Ada at eight."


def test_a_guest_who_asks_twice_is_put_off(assistants_emulator, asked):
    concierge = Concierge("asst_concierge")

    first = asked(concierge.ask, "Ada", "A table, please.")
    assistants_emulator.wait_held("calling the restaurant")
    assert concierge.ask("Ada", "And towels!") == "One moment, I am still thinking about your last question."

    assistants_emulator.release("calling the restaurant")
    assert first.result() == "A table for Ada at eight."
