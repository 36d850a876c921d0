"""The OpenAPI document is valid, complete, and says what is so."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from starlette.routing import Route

from emulator.admin import openapi
from emulator.admin import routes as admin
from emulator.admin.openapi_of_admin import with_admin
from emulator.apis.files.endpoints.files import PURPOSES
from emulator.base.operations import BY_NAME
from emulator.base.operations import OPERATIONS as ROUTES
from emulator.base.request_schemas import schema
from tests.apis.endpoints import valid
from tests.apis.endpoints.given import given
from tests.apis.responses import valid as valid_for_responses
from tests.support import InProcess

BODIES = {**valid.BODIES, **valid_for_responses.BODIES}
QUERIES = {**valid.QUERIES, **valid_for_responses.QUERIES}
DOCUMENT = openapi.document()
OPERATIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    operation["operationId"]: (method.upper(), f"/v1{path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
WITH_ADMIN = with_admin(DOCUMENT, admin.ROUTES)
BODIES = {**valid.BODIES, **valid_for_responses.BODIES}
QUERIES = {**valid.QUERIES, **valid_for_responses.QUERIES}
every_operation = pytest.mark.parametrize("name", OPERATIONS)


def resolved(reference: Any) -> Any:
    """What a reference in the document leads to; anything else is itself."""
    if not isinstance(reference, dict) or "$ref" not in reference:
        return reference
    found: Any = DOCUMENT
    for key in reference["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    return found


def standalone(part: dict[str, Any]) -> dict[str, Any]:
    """A schema of the document that can be used by itself."""
    return {**part, "components": DOCUMENT["components"]}


def path_of(path: str, **ids: str) -> str:
    """A URL of a thing that is not there, or with these ids."""
    for name in ("thread_id", "run_id", "response_id", "model"):
        path = path.replace(f"{{{name}}}", ids.get(name, f"{{{name}}}"))
    return path.replace("{", "no-").replace("}", "")


def test_the_document_is_served_to_anyone() -> None:
    served = InProcess().get("/_emulator/openapi.json", headers={"Authorization": ""})

    assert served.status == 200
    assert served.headers["content-type"] == "application/json"
    assert served.json == WITH_ADMIN


def test_the_document_is_valid_openapi() -> None:
    validate(json.loads(json.dumps(WITH_ADMIN)), cls=OpenAPIV31SpecValidator)


def test_every_route_of_the_admin_api_is_there() -> None:
    described = {
        (method.upper(), path): operation
        for path, methods in WITH_ADMIN["paths"].items()
        if path.startswith("/_emulator")
        for method, operation in methods.items()
        if method != "servers"
    }
    routes = {
        (method, f"/_emulator{route.path}".replace(":path}", "}"))
        for route in admin.ROUTES
        for method in (route.methods or set()) - {"HEAD"}
    }

    assert set(described) == routes
    assert all(one["summary"] for one in described.values())
    assert WITH_ADMIN["paths"]["/_emulator/state"]["servers"] == [{"url": "/"}]


@pytest.mark.parametrize("route", admin.ROUTES, ids=lambda route: f"{route.path} {min(route.methods)}")
def test_the_admin_api_needs_a_key_and_reads_parameters_where_its_description_says_so(route: Route) -> None:
    path = f"/_emulator{route.path}".replace(":path}", "}")
    for method in (route.methods or set()) - {"HEAD"}:
        operation = WITH_ADMIN["paths"][path][method.lower()]
        address = re.sub(r"\{\w+\}", "1", path)
        reply = InProcess().request(method, address, headers={"Authorization": ""})
        assert (reply.status == 401) is ("security" not in operation)

    source = inspect.getsource(inspect.unwrap(route.endpoint))
    read = set(re.findall(r'query_params\.get(?:list)?\("(\w+)"', source))
    assert read <= {one["name"] for one in operation["parameters"]}


def test_every_operation_is_there_under_its_heading() -> None:
    assert set(OPERATIONS) == set(BY_NAME)
    assert [(method, path) for method, path, _ in OPERATIONS.values()] == sorted(
        [(route.method, f"/v1{route.path}") for route in ROUTES],
        key=lambda pair: list(DOCUMENT["paths"]).index(pair[1].removeprefix("/v1")),
    )
    assert {tag["name"] for tag in DOCUMENT["tags"]} == {tag for *_, one in OPERATIONS.values() for tag in one["tags"]}


def references(value: Any) -> set[str]:
    if isinstance(value, list):
        return {found for one in value for found in references(one)}
    if not isinstance(value, dict):
        return set()
    own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
    return own | references(list(value.values()))


def test_references_lead_to_what_there_is_and_nothing_is_there_for_nobody() -> None:
    for reference in references(DOCUMENT):
        assert resolved({"$ref": reference}) is not None
    used = references(DOCUMENT)
    assert [name for name in DOCUMENT["components"]["schemas"] if f"#/components/schemas/{name}" not in used] == []


@every_operation
def test_schemas_are_those_that_requests_are_held_to(name: str) -> None:
    *_, operation = OPERATIONS[name]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")

    assert (body is None) == (schema("bodies", name) is None)
    if body is not None:
        own = jsonschema_rs.validator_for(standalone(body["schema"]))
        assert own.is_valid(BODIES[name])
        assert not own.is_valid({**BODIES[name], "unknown": 1})
        assert operation["requestBody"]["required"] == (not own.is_valid({}) or schema("forms", name) is not None)
    asked = {one["name"] for one in operation["parameters"] if one["in"] == "query"}
    assert asked == set(QUERIES.get(name, {}))


def test_forms_are_as_the_operations_read_them() -> None:
    form = OPERATIONS["create_file"][2]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["properties"]["purpose"]["enum"] == PURPOSES
    upload = resolved({"$ref": "#/components/schemas/expires_after_created"})["properties"]
    assert {key: form["properties"][f"expires_after[{key}]"] for key in upload} == upload
    sent = b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\nx\r\n--b--\r\n'
    for name in ("create_file", "add_upload_part"):
        method, path, operation = OPERATIONS[name]
        known = operation["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
        api = InProcess()
        upload_id = api.post("/v1/uploads", BODIES["create_upload"]).json["id"]
        for field in (*known, "other"):
            answered = api.request(
                method,
                path.replace("{upload_id}", upload_id),
                content=sent % field.encode(),
                headers={"Content-Type": "multipart/form-data; boundary=b"},
            )
            refused = answered.status == 400 and "Additional properties" in answered.json["error"]["message"]
            assert refused == (field == "other")


@every_operation
@pytest.mark.parametrize("sent", ["no key", "no beta header", "another site"])
def test_the_headers_of_a_request_are_described(name: str, sent: str) -> None:
    method, path, operation = OPERATIONS[name]
    headers = {
        "no key": {"Authorization": ""},
        "no beta header": {"OpenAI-Beta": ""},
        "another site": {"Sec-Fetch-Site": "cross-site"},
    }[sent]
    answered = InProcess().request(method, path_of(path), headers=headers)
    wanted = any(one["name"] == "OpenAI-Beta" and one["required"] for one in operation["parameters"])

    if sent == "no beta header":
        code = answered.json.get("error", {}).get("code")
        assert (answered.status == 400 and code == "invalid_beta") == wanted
    else:
        assert answered.status == {"no key": 401, "another site": 403}[sent]
    if answered.status != 200:
        check_answer(operation, answered.status, answered.json)


def check_answer(operation: dict[str, Any], status: int, value: Any) -> None:
    """An answer is one that the document has."""
    found = resolved(operation["responses"][str(status)])["content"]["application/json"]["schema"]
    assert jsonschema_rs.validator_for(standalone(found)).is_valid(value), value


@every_operation
def test_streams_are_told_where_a_request_can_ask_for_one(name: str) -> None:
    method, path, operation = OPERATIONS[name]
    told = "text/event-stream" in operation["responses"]["200"]["content"]
    api = given()
    thread = api.thread("call")
    run = api.run(thread, "asst_told").json["id"]
    api.poll(thread, run)
    called = api.get(f"/v1/threads/{thread}/runs/{run}").json["required_action"]["submit_tool_outputs"]["tool_calls"]
    response = api.post("/v1/responses", {"model": "gpt-4o", "input": "hi", "background": True, "stream": True})
    bodies: dict[str, Any] = {
        "create_response": {"model": "gpt-4o", "input": "hi"},
        "create_run": {"assistant_id": "asst_told"},
        "create_thread_and_run": {"assistant_id": "asst_told"},
        "submit_tool_outputs_to_run": {"tool_outputs": [{"tool_call_id": called[0]["id"], "output": "o"}]},
    }
    where = {"thread_id": "thread_empty" if name == "create_run" else thread, "run_id": run}
    where["response_id"] = response.events[0].json()["response"]["id"]
    body = {**bodies.get(name, {}), "stream": True} if method == "POST" else None
    query = "" if method == "POST" else "?stream=true"
    answered = api.request(method, path_of(path, **where) + query, body)

    assert answered.headers["content-type"].startswith("text/event-stream") == told


def test_the_document_is_not_made_before_a_request_for_it() -> None:
    """Whoever starts the server does not pay for it."""
    import subprocess
    import sys

    program = "import emulator.server.emulator, sys; sys.exit('emulator.admin.openapi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
