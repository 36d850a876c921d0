"""Responses on Azure: its own v1 without a version, deployments for models, and content filters."""

from __future__ import annotations

import pytest

from tests.apis.responses.driving import Body, outputs
from tests.support import InProcess, Reply

KEY = {"Authorization": "", "api-key": "azure-key", "OpenAI-Beta": ""}
PATHS = [
    "/openai/v1/responses",
    "/openai/v1/responses?api-version=preview",
    "/openai/v1/responses?api-version=v1",
    "/openai/responses?api-version=2025-04-01-preview",
]


@pytest.fixture
def api() -> InProcess:
    return InProcess({"turns": [{"steps": [{"say": "Hello."}]}]}, key="azure-key")


def respond(api: InProcess, path: str = PATHS[0], **more: object) -> Reply:
    return api.post(path, {"model": "gpt-4o", "input": "hi", **more}, headers=KEY)


@pytest.mark.parametrize("path", PATHS)
def test_a_response_names_its_deployment_and_is_not_billed(api: InProcess, path: str) -> None:
    reply = respond(api, path)
    response = reply.json

    assert (response["model"], response["status"], response["content_filters"]) == ("gpt-4o", "completed", None)
    assert "billing" not in response
    keys = list(response)
    assert keys[keys.index("completed_at") + 1] == "content_filters"
    assert reply.headers["x-ms-region"] == "Emulator"
    assert "apim-request-id" in reply.headers
    assert not [name for name in reply.headers if name.startswith("openai-") and name != "openai-poll-after-ms"]
    base, _, query = path.partition("?")
    again = api.get(f"{base}/{response['id']}?{query}", headers=KEY)
    assert again.body == reply.body


def test_the_events_are_the_same_with_content_filters(api: InProcess) -> None:
    reply = respond(api, stream=True)

    responses = [event.json()["response"] for event in reply.events if "response" in event.json()]
    assert [one["status"] for one in responses] == ["in_progress", "in_progress", "completed"]
    for one in responses:
        assert (one["model"], one["content_filters"], "billing" in one) == ("gpt-4o", None, False)


def test_every_operation_is_there(api: InProcess) -> None:
    base = PATHS[0]
    id = respond(api).json["id"]
    chained = respond(api, previous_response_id=id).json
    queued = respond(api, background=True).json

    assert chained["previous_response_id"] == id
    assert api.get(f"{base}/{id}/input_items", headers=KEY).json["data"][0]["type"] == "message"
    counted = api.post(f"{base}/input_tokens", {"model": "gpt-4o", "input": "hi"}, headers=KEY).json
    assert counted["object"] == "response.input_tokens"
    assert api.post(f"{base}/{queued['id']}/cancel", headers=KEY).json["status"] == "cancelled"
    assert api.delete(f"{base}/{id}", headers=KEY).json["deleted"] is True
    assert api.get(f"{base}/{id}", headers=KEY).status == 404


def test_a_key_of_openai_is_taken_as_well(api: InProcess) -> None:
    reply = api.post(PATHS[0], {"model": "gpt-4o", "input": "hi"})

    assert reply.json["content_filters"] is None


def test_a_path_below_openai_needs_a_version_unless_it_is_v1(api: InProcess) -> None:
    for path in ("/openai/responses", "/openai/v2/responses", "/openai/v1/responses?api-version=yesterday"):
        assert respond(api, path).status == 404
    assert api.post("/v1/responses", {"model": "gpt-4o", "input": "hi"}).json["model"] == "gpt-4o-2024-08-06"


def test_assistants_are_under_the_same_path(api: InProcess) -> None:
    reply = api.post("/openai/v1/assistants", {"model": "gpt-4o"}, headers=KEY)

    assert (reply.status, reply.json["object"]) == (200, "assistant")


def test_function_calls_go_on(api: InProcess) -> None:
    steps: list[Body] = [{"call": {"find": {}}}, {"say": "{{ find }}"}]
    api = InProcess({"turns": [{"steps": steps}]}, key="azure-key")
    asked = respond(api, tools=[{"type": "function", "name": "find", "parameters": {"type": "object"}}]).json
    told = respond(api, input=outputs(asked, "found"), previous_response_id=asked["id"]).json

    assert (told["output"][0]["content"][0]["text"], told["model"]) == ("found", "gpt-4o")
