"""Stubs: their order and number, the named parts of their paths, and templates that see the request."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.base.problems import ScenarioError
from emulator.scenarios.loading import load_scenario
from tests.support import Api, InProcess

EMPTY: dict[str, Any] = {"turns": []}


def api(*stubs: dict[str, Any], **more: Any) -> InProcess:
    return InProcess({"stubs": list(stubs), **more})


def problems(api: Api) -> list[str]:
    return [one["message"] for one in api.get("/_emulator/check").json["problems"]]


def test_the_next_stub_of_a_request_responds_when_one_is_used_up() -> None:
    served = api(
        {"request": "POST /v1/moderations", "body": {"n": 1}, "times": 2},
        {"request": "POST /v1/moderations", "body": {"n": 2}, "times": 1},
        {"request": "GET /v1/moderations", "body": {"n": "other"}},
        {"request": "POST /v1/*", "body": {"n": "any"}},
    )

    asked = [served.post("/v1/moderations").json["n"] for _ in range(5)]
    assert (asked, problems(served)) == ([1, 1, 2, "any", "any"], [])


def test_a_used_up_stub_is_a_404_and_a_problem_that_says_so() -> None:
    served = api({"request": "POST /v1/x", "times": 1})
    statuses = [served.post(path).status for path in ("/v1/x", "/v1/x", "/openai/deployments/d/x?api-version=v1")]

    assert statuses == [200, 404, 404]
    first, second = problems(served)
    assert first == "POST /v1/x is no operation of the API, and its stubs are used up: /v1/x (times: 1)"
    assert second.startswith("POST /openai/deployments/d/x is no operation")


def test_a_reset_and_a_baseline_know_how_often_a_stub_responded() -> None:
    served = api({"request": "POST /v1/x", "body": {"n": 1}, "times": 2}, {"request": "POST /v1/x", "body": {"n": 2}})

    def asked(number: int) -> list[int]:
        return [served.post("/v1/x").json["n"] for _ in range(number)]

    first = asked(1)
    served.post("/_emulator/baseline")
    assert (first, asked(2)) == ([1], [1, 2])
    served.post("/_emulator/reset")
    assert asked(2) == [1, 2], "as at the baseline"
    served.request("DELETE", "/_emulator/baseline")
    served.post("/_emulator/reset")
    assert asked(3) == [1, 1, 2]


@pytest.mark.parametrize(
    ("path", "requested", "parameters"),
    [
        ("/v1/users/{id}", "/v1/users/u-1", {"id": "u-1"}),
        ("/v1/users/{id}/pets/{pet}", "/v1/users/u/pets/a%20cat", {"id": "u", "pet": "a cat"}),
        ("/v1/{name}.json", "/v1/menu.json", {"name": "menu"}),
        ("/v1/users/{id}", "/v1/users/u/pets", None),
        ("/v1/users/{id}", "/v1/users/", None),
        ("/v1/*/{id}", "/v1/a/b/c", {"id": "c"}),
        ("/v1/a[*]b", "/v1/a*b", {}),
        ("/v1/a[*]b", "/v1/axb", None),
        ("/v1/a[{]id}", "/v1/a{id}", {}),
        ("/v1/a.b", "/v1/axb", None),
    ],
)
def test_a_path_has_named_parts(path: str, requested: str, parameters: dict[str, str] | None) -> None:
    served = api({"request": f"GET {path}", "body": "{{ request.params }}"})
    reply = served.get(requested)

    assert (reply.json if parameters is not None else reply.status) == (404 if parameters is None else parameters)


REQUEST = {"input": ["a", {"deep": 7}], "flag": True}


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        ({"id": "{{ id }}"}, "application/json", {"id": "u-1"}),
        ({"of": "{{ request.params.id }} by {{ request.method }}"}, "application/json", {"of": "u-1 by POST"}),
        ({"n": "{{ request.json.input[1].deep }}"}, "application/json", {"n": 7}),
        ({"flag": "{{ request.json.flag }}", "plain": 1.5}, "application/json", {"flag": True, "plain": 1.5}),
        ({"all": "{{ request.json }}"}, "application/json", {"all": REQUEST}),
        ("{{ request.json.input }}", "application/json", REQUEST["input"]),
        ("{{ request.json.input[0] }}", "text/plain; charset=utf-8", "a"),
        ("Hello {{ request.query.name }}, {{ request.path }}", "text/plain; charset=utf-8", "Hello Jo, /v1/users/u-1"),
        ({"h": "{{ request.headers['x-tenant'] }}"}, "application/json", {"h": "acme"}),
        (["{{ request.body | length }}"], "application/json", [38]),
        ({"{{ key }}": "{% if request.json.flag %}on{% endif %}"}, "application/json", {"{{ key }}": "on"}),
    ],
)
def test_templates_see_the_request_and_keep_types(body: Any, kind: str, expected: Any) -> None:
    served = api({"request": "POST /v1/users/{id}", "status": 201, "body": body})
    reply = served.post("/v1/users/u-1?name=Jo", REQUEST, headers={"X-Tenant": "acme"})

    assert (reply.status, reply.headers["content-type"]) == (201, kind)
    assert (reply.json if kind == "application/json" else reply.body.decode()) == expected


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_every_method_with_a_body_shows_it(method: str) -> None:
    served = api({"request": f"{method} /v1/x", "body": {"got": "{{ request.json.a }}"}})

    assert served.request(method, "/v1/x", {"a": 1}).json == {"got": 1}
    (entry,) = served.get("/_emulator/requests").json["requests"]
    assert entry["json"] == {"a": 1}


def test_a_stub_responds_to_a_method_that_no_operation_of_the_path_has() -> None:
    served = api({"request": "PUT /v1/threads/{id}", "body": {"id": "{{ id }}"}})

    assert served.request("PUT", "/v1/threads/t").json == {"id": "t"}
    assert served.request("PATCH", "/v1/threads/t").status == 405


def test_fake_words_are_the_same_for_a_seed() -> None:
    words = []
    for seed in (1, 1, 2):
        served = api({"request": "GET /v1/x", "body": "{{ fake.name() }}"}, settings={"seed": seed})
        words.append([served.get("/v1/x").body for _ in range(2)])

    assert words[0] == words[1] != words[2]
    assert words[0][0] != words[0][1]


@pytest.mark.parametrize(
    "body", ["{{ nothing }}", "{{ request.json.a }}", {"a": "{{ request.__class__ }}"}, "{{ 'x' * 10**9 }}"]
)
def test_a_template_that_fails_is_a_500_in_our_words_and_a_problem(body: Any) -> None:
    served = api({"request": "GET /v1/x", "body": body})
    reply = served.get("/v1/x")

    (problem,) = served.get("/_emulator/check").json["problems"]
    assert (reply.status, reply.json["error"]["code"], problem["kind"]) == (500, "stub_template", "template")
    assert reply.json["error"]["message"] == problem["message"]
    assert problem["message"].startswith("stub GET /v1/x: the template")


@pytest.mark.parametrize(
    ("stub", "words"),
    [
        ({"request": "GET /x/{}"}, "stubs[0].request: expected a name of letters, digits and _ between braces, got ''"),
        ({"request": "GET /x/{a b}"}, "expected a name of letters, digits and _ between braces, got 'a b'"),
        ({"request": "GET /x/{id}/{id}"}, "stubs[0].request: {id} is there twice"),
        ({"request": "GET /x/{request}"}, "{request}: 'request' means something else in templates"),
        ({"request": "GET /x", "body": {"a": ["{{ 1"]}}, "stubs[0].body.a[0]: the template '{{ 1' cannot be read"),
        ({"request": "GET /x", "times": 0}, "stubs[0].times"),
        ({"request": "GET /x", "time": 1}, "stubs[0].time: unknown key; did you mean 'times'?"),
    ],
)
def test_what_no_stub_can_be_is_refused(stub: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        load_scenario({"stubs": [stub]})

    assert words in str(refused.value)
