"""Models. Outside the Assistants endpoints JSON ends with a newline."""

from __future__ import annotations

import json

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


def test_one_model() -> None:
    api = InProcess()
    for model in api.get("/v1/models").json["data"]:
        assert api.get(f"/v1/models/{model['id']}").json == model
