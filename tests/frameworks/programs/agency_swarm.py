"""Agency Swarm: two agents that talk to each other, polled and streamed, with functions and a folder of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agency_swarm import Agency, AgencyEventHandler, Agent
from agency_swarm.tools import BaseTool, FileSearch
from pydantic import Field

from .shared import CITIES, SOUP, degrees, menu, tell


class GetWeather(BaseTool):
    """How warm it is in a city."""

    city: str = Field(..., description="The city's name")

    def run(self) -> str:
        return degrees(self.city)


class Listener(AgencyEventHandler):
    heard: list[str] = []

    def on_text_delta(self, delta: Any, snapshot: Any) -> None:
        self.heard.append(delta.value)

    @classmethod
    def on_all_streams_end(cls) -> None:
        cls.heard.append("(end)")


def make_agency(*tools: Any, **more: Any) -> Agency:
    guide = Agent(name="Guide", description="Knows the town.", instructions="Be brief.", tools=list(tools), **more)
    return Agency([guide], shared_instructions="Be kind.")


def polled_then_streamed() -> dict[str, Any]:
    """Two questions on one thread."""
    agency = make_agency(GetWeather)
    return {"polled": agency.get_completion(CITIES), **streamed(agency, "Hello")}


def functions_streamed() -> dict[str, Any]:
    return streamed(make_agency(GetWeather), CITIES)


def streamed(agency: Agency, question: str) -> dict[str, Any]:
    Listener.heard = []
    return {"streamed": agency.get_completion_stream(question, event_handler=Listener), "heard": Listener.heard}


def delegation() -> list[list[str]]:
    """The first agent asks the second by a function that the framework adds."""
    guide = Agent(name="Guide", description="Knows the town.", instructions="Be brief.")
    cook = Agent(name="Cook", description="Knows the menu.", instructions="Be proud.")
    agency = Agency([guide, [guide, cook]])
    messages = agency.get_completion("Ask the cook what is for dinner", yield_messages=True)
    return [[one.msg_type, one.sender_name, one.receiver_name or ""] for one in messages]


def file_search() -> str:
    folder = Path("files")
    folder.mkdir()
    Path(menu()).rename(folder / "menu.md")
    return str(make_agency(FileSearch, files_folder=str(folder.resolve())).get_completion(SOUP))


if __name__ == "__main__":
    tell(
        {
            "polled, then streamed": polled_then_streamed(),
            "functions streamed": functions_streamed(),
            "delegation": delegation(),
            "file search": file_search(),
        }
    )
