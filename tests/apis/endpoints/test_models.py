"""Models. Outside the Assistants endpoints JSON ends with a newline."""

from __future__ import annotations

import json

import pytest

from tests.support import InProcess


def test_the_list_of_models() -> None:
    reply = InProcess().get("/v1/models")
    assert reply.body == json.dumps(reply.json, indent=2, ensure_ascii=False).encode() + b"\n"
    assert list(reply.json) == ["object", "data"]
    assert reply.json["object"] == "list"
    for model in reply.json["data"]:
        assert list(model) == ["id", "object", "created", "owned_by"]
        assert model["object"] == "model"
    assert "gpt-4o" in [model["id"] for model in reply.json["data"]]


def test_each_listed_model_can_be_retrieved() -> None:
    api = InProcess()
    for model in api.get("/v1/models").json["data"]:
        assert api.get(f"/v1/models/{model['id']}").json == model


FINE_TUNED = "/v1/models/ft:gpt-4o-mini:acme::abc123"


def test_a_fine_tuned_model_is_there_until_it_is_deleted() -> None:
    api = InProcess()
    assert api.get(FINE_TUNED).json["owned_by"] == "organization-owner"
    assert api.delete(FINE_TUNED).json == {"id": "ft:gpt-4o-mini:acme::abc123", "object": "model", "deleted": True}
    assert api.get(FINE_TUNED).status == api.delete(FINE_TUNED).status == 404


def test_a_deleted_model_stays_deleted_in_a_copy_of_the_world() -> None:
    api = InProcess()
    api.delete(FINE_TUNED)
    assert api.world.store.copy().deleted_models == {"ft:gpt-4o-mini:acme::abc123"}


@pytest.mark.parametrize(
    ("model", "status", "message"),
    [
        (
            "gpt-4o",
            403,
            "You have insufficient permissions for this operation. The model 'gpt-4o' cannot be deleted.",
        ),
        ("gpt-9", 404, "The model 'gpt-9' does not exist"),
    ],
)
def test_other_models_are_not_deleted(model: str, status: int, message: str) -> None:
    code = "model_not_found" if status == 404 else None
    refused = InProcess().delete(f"/v1/models/{model}")
    assert refused.error == (status, message, "invalid_request_error", "model", code)
