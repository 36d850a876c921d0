"""Conversations and their items, as objects: what requests make, list, change and delete; and those of a scenario."""

from __future__ import annotations

import re
import tracemalloc
from typing import Any

import pytest

from emulator.apis.responses.wire import escaped
from emulator.base.problems import ScenarioError
from tests.apis.endpoints.words import error, missing, too_many, too_many_keys, unknown
from tests.apis.responses.driving import Body, made, respond, text, user
from tests.support import InProcess, Reply

CONVERSATIONS = "/v1/conversations"
IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,aGk="}
SEARCHED: Body = {
    "type": "file_search_call",
    "id": "fs_1",
    "status": "completed",
    "queries": ["soup"],
    "results": [{"file_id": "file-1", "filename": "menu.md", "score": 0.5, "text": "Leek."}],
}


@pytest.fixture
def api() -> InProcess:
    return InProcess({"turns": [{"steps": [{"say": "Yes."}]}]})


def conversation(api: InProcess, *said: str, **body: Any) -> str:
    """The id of a new conversation with these messages of the user."""
    items = {"items": [user(one) for one in said]} if said else {}
    reply = api.post(CONVERSATIONS, {**items, **body})
    assert reply.status == 200, reply.body
    id: str = reply.json["id"]
    return id


def listed(api: InProcess, id: str, query: str = "") -> Body:
    reply = api.get(f"{CONVERSATIONS}/{id}/items{query}")
    assert reply.status == 200, reply.body
    page: Body = reply.json
    return page


def said(page: Body) -> list[str]:
    """The texts of a page's messages."""
    return [item["content"][0]["text"] for item in page["data"]]


def no_conversation(id: str) -> Any:
    return error(f"Conversation with id '{id}' not found.", status=404)


# ---- Conversations ----


@pytest.mark.parametrize("body", [None, {}, {"metadata": None, "items": None}, {"items": []}])
def test_an_empty_conversation_can_be_made(api: InProcess, body: Body | None) -> None:
    reply = api.post(CONVERSATIONS, body)

    assert list(reply.json) == ["id", "object", "created_at", "metadata"]
    assert reply.json | {"id": "", "created_at": 0} == {
        "id": "",
        "object": "conversation",
        "created_at": 0,
        "metadata": {},
    }
    assert re.fullmatch(r"conv_[0-9a-f]{48}", reply.json["id"])
    assert listed(api, reply.json["id"])["data"] == []


def test_a_conversation_has_metadata_and_does_not_show_its_items(api: InProcess) -> None:
    body = {"metadata": {"thread_id": "thread_7"}, "items": [user("hi")]}
    created = api.post(CONVERSATIONS, body).json

    assert created["metadata"] == {"thread_id": "thread_7"}
    assert "items" not in created
    assert api.get(f"{CONVERSATIONS}/{created['id']}").json == created


@pytest.mark.parametrize(("sent", "shown"), [({"b": "2"}, {"b": "2"}), ({}, {}), (None, {})])
def test_an_update_replaces_the_metadata(api: InProcess, sent: Any, shown: Body) -> None:
    id = conversation(api, "hi", metadata={"a": "1"})
    updated = api.post(f"{CONVERSATIONS}/{id}", {"metadata": sent}).json

    assert (updated["id"], updated["metadata"]) == (id, shown)
    assert api.get(f"{CONVERSATIONS}/{id}").json == updated
    assert said(listed(api, id)) == ["hi"]


def test_a_conversation_can_be_deleted_once(api: InProcess) -> None:
    id = conversation(api, "hi")

    assert api.delete(f"{CONVERSATIONS}/{id}").json == {"id": id, "object": "conversation.deleted", "deleted": True}
    assert api.delete(f"{CONVERSATIONS}/{id}").error == no_conversation(id)


def test_non_ascii_text_is_escaped(api: InProcess) -> None:
    assert b'"Gr\\u00fc\\u00dfe"' in api.post(CONVERSATIONS, {"metadata": {"k": "Grüße"}}).body


@pytest.mark.parametrize("text", ["hi", "Grüße"])
def test_json_takes_hardly_more_memory_than_its_bytes(text: str) -> None:
    tracemalloc.start()
    body = escaped({"text": text})
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < len(body) + 500


# ---- Items ----


def test_items_are_stored_in_full_and_answered_as_a_list(api: InProcess) -> None:
    id = conversation(api)
    sent = [user("hi"), {"role": "assistant", "content": "hello"}, {"role": "system", "content": [IMAGE]}]
    added = api.post(f"{CONVERSATIONS}/{id}/items", {"items": sent}).json
    question, answer, image = added["data"]

    assert list(added) == ["object", "data", "first_id", "has_more", "last_id"]
    assert (added["object"], added["first_id"], added["last_id"], added["has_more"]) == (
        "list",
        question["id"],
        image["id"],
        False,
    )
    assert list(question) == ["id", "type", "status", "content", "role"]
    assert (question["type"], question["status"], question["role"]) == ("message", "completed", "user")
    assert question["content"] == [{"type": "input_text", "text": "hi"}]
    assert answer["content"] == [{"type": "output_text", "annotations": [], "logprobs": [], "text": "hello"}]
    assert image["content"] == [{"type": "input_image", "detail": "auto", "file_id": None, "image_url": None}]
    assert listed(api, id)["data"] == [image, answer, question]


def test_the_ids_of_items_end_with_the_key_of_their_conversation(api: InProcess) -> None:
    id = conversation(api, "a", "b")
    api.post(f"{CONVERSATIONS}/{id}/items", {"items": [{"type": "reasoning", "summary": []}, user("c")]})
    ids = [item["id"] for item in listed(api, id)["data"]]

    assert [one.partition("_")[0] for one in ids] == ["msg", "rs", "msg", "msg"]
    assert all(re.fullmatch(r"[0-9a-f]{48}", one.partition("_")[2]) for one in ids)
    assert {one[-16:] for one in ids} == {id[-16:]}
    assert len(set(ids)) == 4


def test_an_id_that_an_item_brings_is_kept(api: InProcess) -> None:
    id = conversation(api, items=[{**user("hi"), "type": "message", "id": "msg_mine"}])

    assert api.get(f"{CONVERSATIONS}/{id}/items/msg_mine").json["content"][0]["text"] == "hi"


@pytest.mark.parametrize("count", [20, 21])
def test_a_request_adds_at_most_20_items(api: InProcess, count: int) -> None:
    sent = {"items": [user(str(number)) for number in range(count)]}
    id = conversation(api)
    replies = api.post(CONVERSATIONS, sent), api.post(f"{CONVERSATIONS}/{id}/items", sent)

    if count == 20:
        assert [reply.status for reply in replies] == [200, 200]
        assert len(replies[1].json["data"]) == 20
    else:
        assert [reply.error for reply in replies] == [too_many("items", 20, 21)] * 2
        assert listed(api, id)["data"] == []


def test_items_are_listed_newest_first_from_page_to_page(api: InProcess) -> None:
    id = conversation(api, *map(str, range(20)))
    api.post(f"{CONVERSATIONS}/{id}/items", {"items": [user(str(number)) for number in range(20, 25)]})
    first = listed(api, id)
    rest = listed(api, id, f"?after={first['last_id']}")

    assert said(first) + said(rest) == [str(number) for number in reversed(range(25))]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert said(listed(api, id, "?order=asc&limit=2")) == ["0", "1"]
    assert said(listed(api, id, f"?limit=2&before={rest['first_id']}")) == ["6", "5"]
    assert listed(api, id, "?limit=1")["first_id"] == listed(api, id, "?limit=1")["last_id"]


def test_a_cursor_may_be_an_item_that_is_deleted(api: InProcess) -> None:
    id = conversation(api, "a", "b", "c")
    cursor = listed(api, id)["data"][1]["id"]
    api.delete(f"{CONVERSATIONS}/{id}/items/{cursor}")

    assert said(listed(api, id, f"?after={cursor}")) == ["a"]


def test_results_of_a_search_are_shown_to_those_who_include_them(api: InProcess) -> None:
    id, include = conversation(api), "include[]=file_search_call.results"
    path = f"{CONVERSATIONS}/{id}/items"
    added = api.post(f"{path}?{include}", {"items": [SEARCHED]}).json["data"][0]

    assert added["results"] == SEARCHED["results"]
    assert listed(api, id)["data"][0]["results"] is None
    assert listed(api, id, f"?{include}&include[]=reasoning.encrypted_content")["data"] == [added]
    assert api.get(f"{path}/fs_1").json["results"] is None
    assert api.get(f"{path}/fs_1?{include}").json == added


def test_a_deleted_item_is_answered_with_the_conversation(api: InProcess) -> None:
    id = conversation(api, "a", "b", metadata={"k": "v"})
    item = listed(api, id)["data"][0]["id"]
    path = f"{CONVERSATIONS}/{id}/items/{item}"

    assert api.delete(path).json == api.get(f"{CONVERSATIONS}/{id}").json
    assert said(listed(api, id)) == ["a"]
    assert api.get(path).error == api.delete(path).error == error(f"Item with id '{item}' not found.", status=404)


# ---- What is refused ----


def test_nothing_can_be_done_with_a_conversation_that_is_not_there(api: InProcess) -> None:
    gone = conversation(api, "hi")
    item = listed(api, gone)["data"][0]["id"]
    api.delete(f"{CONVERSATIONS}/{gone}")
    for id in ("conv_nowhere", gone):
        path = f"{CONVERSATIONS}/{id}"
        replies: list[Reply] = [
            api.get(path),
            api.post(path, {"metadata": {}}),
            api.delete(path),
            api.get(f"{path}/items"),
            api.post(f"{path}/items", {"items": [user("hi")]}),
            api.get(f"{path}/items/{item}"),
            api.delete(f"{path}/items/{item}"),
            respond(api, conversation=id),
            respond(api, conversation={"id": id}),
            api.post("/v1/responses/input_tokens", {"model": "gpt-4o", "input": "hi", "conversation": id}),
        ]
        assert [reply.error for reply in replies] == [no_conversation(id)] * len(replies)


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("", {"messages": []}, unknown("messages")),
        ("", {"metadata": {str(n): "v" for n in range(17)}}, too_many_keys("metadata", 16, 17)),
        ("", {"items": [{"role": "user"}]}, missing("items[0].content")),
        ("/{id}", {}, missing("metadata")),
        ("/{id}/items", {}, missing("items")),
        ("/{id}/items", {"items": [user("a"), {"role": "user"}]}, missing("items[1].content")),
    ],
)
def test_bodies_that_do_not_fit_are_refused(api: InProcess, path: str, body: Body, expected: Any) -> None:
    id = conversation(api, "hi")

    assert api.post(CONVERSATIONS + path.format(id=id), body).error == expected
    assert said(listed(api, id)) == ["hi"]


def test_an_item_cannot_be_added_twice(api: InProcess) -> None:
    item = {**user("hi"), "type": "message", "id": "msg_1"}
    id = conversation(api, items=[item])
    message = "Duplicate item found with id msg_1. Remove duplicate items from your input and try again."

    for sent in ([item], [user("x"), {**user("y"), "id": "msg_2"}, {"type": "item_reference", "id": "msg_1"}]):
        reply = api.post(f"{CONVERSATIONS}/{id}/items", {"items": sent})
        assert reply.error == error(message, "input")
    assert said(listed(api, id)) == ["hi"]


def test_an_item_can_be_taken_over_from_another_conversation(api: InProcess) -> None:
    old = conversation(api, "hi")
    item = listed(api, old)["data"][0]
    new = conversation(api, items=[{"type": "item_reference", "id": item["id"]}])

    assert listed(api, new)["data"] == [item]
    unknown_item = api.post(CONVERSATIONS, {"items": [{"type": "item_reference", "id": "msg_nowhere"}]})
    assert unknown_item.status == 404
    assert unknown_item.json["error"]["message"].startswith("Item with id 'msg_nowhere' not found.")


# ---- Given ones ----


def given(*conversations: Body) -> Body:
    return {"given": {"conversations": list(conversations)}, "turns": [{"steps": [{"say": "Yes."}]}]}


def test_a_scenario_gives_conversations_of_any_length() -> None:
    items = [user(str(number)) for number in range(30)]
    api = InProcess(given({"id": "conv_ada", "metadata": {"user": "ada"}, "items": items}, {"items": [user("x")]}))

    assert api.get(f"{CONVERSATIONS}/conv_ada").json["metadata"] == {"user": "ada"}
    page = listed(api, "conv_ada", "?limit=100&order=asc")
    assert said(page) == [str(number) for number in range(30)]
    assert all(re.fullmatch(r"msg_[0-9a-f]{48}", item["id"]) for item in page["data"])
    assert text(made(api, "and now?", conversation="conv_ada")) == "Yes."
    assert said(listed(api, "conv_ada", "?limit=3")) == ["Yes.", "and now?", "29"]


def test_a_given_id_in_the_services_form_has_the_key_of_its_conversation() -> None:
    id = f"conv_{'0' * 32}0123456789abcdef"
    api = InProcess(given({"id": id}, {"id": "conv_ada"}))
    for name, key in ((id, "0123456789abcdef"), ("conv_ada", "[0-9a-f]{16}")):
        assert re.fullmatch(rf"resp_{key}00[0-9a-f]{{32}}", made(api, conversation=name)["id"])


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ({"role": "user"}, "items[21].content: Missing required parameter: 'items[21].content'."),
        ({"role": "tool", "content": "x"}, "items[21]: Invalid value: 'tool'."),
        ({"role": "user", "content": [{"type": "text", "text": "x"}]}, "items[21].content[0].type: Invalid value"),
        ({"id": "msg_nowhere"}, "Item with id 'msg_nowhere' not found."),
        ({**user("x"), "id": "msg_0"}, "Duplicate item found with id msg_0."),
    ],
)
def test_a_bad_item_is_refused_with_its_place(item: Body, why: str) -> None:
    items = [{**user("hi"), "id": "msg_0"}, *[user("hi")] * 20, item]
    with pytest.raises(ScenarioError) as refused:
        InProcess(given({}, {"id": "conv_ada", "items": items})).world  # noqa: B018
    assert "given.conversations[1]: " + why in str(refused.value)


@pytest.mark.parametrize(
    "conversation",
    [
        {"id": "conv_ada", "item": []},
        {"items": ["hi"]},
        {"metadata": {"n": 1}},
        {"metadata": {str(n): "v" for n in range(17)}},
    ],
    ids=str,
)
def test_a_given_conversation_that_does_not_fit_is_refused(conversation: Body) -> None:
    with pytest.raises(ScenarioError, match=r"given\.conversations\[0\]"):
        InProcess(given(conversation))


def test_two_given_objects_have_two_ids() -> None:
    with pytest.raises(ScenarioError, match="conv_ada"):
        InProcess(given({"id": "conv_ada"}, {"id": "conv_ada"}))


def test_worlds_of_one_scenario_share_no_changes() -> None:
    api = InProcess(given({"id": "conv_ada", "items": [user("hi")]}))
    api.worlds.mode = "key"
    made(api, "and now?", conversation="conv_ada")
    api.post(f"{CONVERSATIONS}/conv_ada", {"metadata": {"k": "v"}})

    api.key = "sk-other"
    assert said(listed(api, "conv_ada")) == ["hi"]
    assert api.get(f"{CONVERSATIONS}/conv_ada").json["metadata"] == {}


def test_a_reset_returns_to_the_baseline(api: InProcess) -> None:
    kept = conversation(api, "hi")
    assert api.post("/_emulator/baseline").status == 200
    for _ in range(2):
        made(api, "and now?", conversation=kept)
        assert said(listed(api, kept)) == ["Yes.", "and now?", "hi"]
        api.delete(f"{CONVERSATIONS}/{kept}/items/{listed(api, kept)['last_id']}")
        api.post(f"{CONVERSATIONS}/{kept}", {"metadata": {"k": "v"}})
        api.post("/_emulator/reset")
        assert said(listed(api, kept)) == ["hi"]
        assert api.get(f"{CONVERSATIONS}/{kept}").json["metadata"] == {}
