"""The cluster of ``deploy/``: a key has one world, at one emulator, until that one is lost."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import openai
import orjson
import pytest

from tests.deploy.cluster import Cluster, running
from tests.deploy.driving import drive
from tests.load.wire import Wire, form_bytes

pytestmark = pytest.mark.clients

KEYS = [f"sk-cluster-{number}" for number in range(100)]
SCENARIO = {
    "name": "cluster",
    "turns": [
        {"when": {"message": "wait"}, "steps": [{"say": "Before."}, {"hold": "gate"}, {"say": "After."}]},
        {"steps": [{"say": "You said: {{ message }}"}]},
    ],
}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with running(tmp_path) as found:
        yield found


async def _ask(port: int, key: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """One request on a connection of its own."""
    wire = await Wire.open(port, key)
    answer = await wire.ask(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    await wire.close()
    return answer.status, answer.json


async def _live(port: int, key: str) -> list[str]:
    """Makes a world of one's own; the names of the assistants that are there."""
    await _ask(port, key, "POST", "/_emulator/scenarios", SCENARIO)
    await _ask(port, key, "POST", "/v1/assistants", {"model": "gpt-4o", "name": key})
    run = {"assistant_id": (await _assistants(port, key))[0]["id"], "stream": True}
    wire = await Wire.open(port, key)
    thread = {"messages": [{"role": "user", "content": f"I am {key}"}]}
    events = (await wire.ask("POST", "/v1/threads/runs", {**run, "thread": thread})).events
    await wire.close()
    text = next(event for event in events if event.name == "thread.message.completed").data
    assert text["content"][0]["text"]["value"] == f"You said: I am {key}"
    assert events[-1].name == "done"
    return [one["name"] for one in await _assistants(port, key)]


async def _assistants(port: int, key: str, **headers: str) -> list[Any]:
    _, page = await _ask(port, key, "GET", "/v1/assistants", **headers)
    found: list[Any] = page["data"]
    return found


async def _homes(cluster: Cluster) -> dict[str, int]:
    """Where each key's world is: the one emulator that was asked anything in its name."""
    homes = {}
    for key in KEYS:
        states = [await _ask(port, key, "GET", "/_emulator/state") for port in cluster.ports]
        (homes[key],) = [number for number, (_, state) in enumerate(states) if state["asked"]]
    return homes


async def _settle(cluster: Cluster) -> dict[str, int]:
    """Everybody has a world; and where."""
    names = await asyncio.gather(*(_live(cluster.port, key) for key in KEYS))
    assert names == [[key] for key in KEYS]
    return await _homes(cluster)


def test_every_key_always_meets_the_same_emulator_and_its_own_world(cluster: Cluster) -> None:
    async def scene() -> None:
        homes = await _settle(cluster)
        assert set(homes.values()) == {0, 1, 2}
        for key in KEYS:  # in the manner of Azure's clients too, and from other connections
            assert [one["name"] for one in await _assistants(cluster.port, key)] == [key]
            as_azure = {"Authorization": "", "api_key": key}
            assert [one["name"] for one in await _assistants(cluster.port, key, **as_azure)] == [key]
        assert await _homes(cluster) == homes

    asyncio.run(scene())


def test_the_sdk_polls_and_streams_through_it(cluster: Cluster) -> None:
    for key in KEYS[:10]:
        with openai.OpenAI(base_url=f"http://127.0.0.1:{cluster.port}/v1", api_key=key) as client:
            assistant = client.beta.assistants.create(model="gpt-4o", name=key)
            thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
            run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
            assert run.status == "completed"
            with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
                assert [event.event for event in stream][-1] == "thread.run.completed"
            assert [one.name for one in client.beta.assistants.list()] == [key]


def test_streams_are_not_buffered_large_bodies_pass_and_names_are_checked(cluster: Cluster) -> None:
    async def scene() -> None:
        key, port = KEYS[0], cluster.port
        await _live(port, key)
        body = {"assistant_id": (await _assistants(port, key))[0]["id"], "stream": True}
        wire = await Wire.open(port, key)
        thread = {"messages": [{"role": "user", "content": "wait"}]}
        await wire.send("POST", "/v1/threads/runs", {**body, "thread": thread})
        events = wire.frames(await wire.head())
        while (await anext(events)).name != "thread.message.delta":
            continue  # it is here before the gate is opened
        await _ask(port, key, "POST", "/_emulator/holds/gate/release")
        assert [event.name async for event in events][-1] == "done"

        form, headers = form_bytes({"purpose": "user_data"}, "file", "large.bin", bytes(8 << 20))
        assert (await wire.ask("POST", "/v1/files", form, headers)).json["bytes"] == 8 << 20
        refused = await wire.ask("GET", "/v1/models", headers={"Host": "evil.example"})
        assert refused.status == 403
        await wire.close()

    asyncio.run(scene())


def test_a_lost_emulator_takes_its_own_worlds_along_and_no_other(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scene() -> None:
        homes = await _settle(cluster)
        lost = {key for key, home in homes.items() if home == 1}
        cluster.kill(1)

        for key in KEYS:
            status, answer = await _ask(cluster.port, key, "GET", "/v1/assistants")
            if key in lost:
                assert (status, answer["error"]["code"]) == (502, "emulator_lost")
            else:
                assert [one["name"] for one in answer["data"]] == [key]
        _refuses_the_sdk_at_once(cluster.port, min(lost))

        cluster.restart(1)
        assert await _names(cluster.port) == {key: [] if key in lost else [key] for key in KEYS}
        told = f"{len(lost)} of {len(KEYS)} worlds were lost with one of three emulators, {len(KEYS) - len(lost)} not"
        with capsys.disabled():
            print(f"\ncluster: {told}")

    asyncio.run(scene())


async def _names(port: int) -> dict[str, list[str]]:
    return {key: [one["name"] for one in await _assistants(port, key)] for key in KEYS}


def _refuses_the_sdk_at_once(port: int, key: str) -> None:
    with (
        openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=key, max_retries=2) as client,
        pytest.raises(openai.InternalServerError, match="The emulator of this key does not answer") as refused,
    ):
        client.beta.assistants.create(model="gpt-4o")
    assert refused.value.response.headers["x-should-retry"] == "false"


def test_keys_of_one_that_is_marked_as_down_move_and_all_others_stay(cluster: Cluster) -> None:
    async def scene() -> None:
        homes = await _settle(cluster)
        lost = {key for key, home in homes.items() if home == 2}
        cluster.kill(2)
        cluster.nginx.configure(down=[cluster.ports[2]])
        cluster.nginx.reload()
        await _until_moved(cluster.port, min(lost))

        assert await _names(cluster.port) == {key: [] if key in lost else [key] for key in KEYS}

    asyncio.run(scene())


async def _until_moved(port: int, key: str) -> None:
    """Until nginx's new workers answer."""
    for _ in range(1000):
        if (await _ask(port, key, "GET", "/v1/assistants"))[0] == 200:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nginx was not reloaded")


# ---- Figures ----


def _rate(pool: ProcessPoolExecutor, port: int) -> float:
    """Requests a second, by two processes, in the names of all keys."""
    requests = KEYS * 20
    begun = time.monotonic()
    for done in [pool.submit(drive, port, requests[half::2]) for half in range(2)]:
        done.result()
    return len(requests) / (time.monotonic() - begun)


def test_what_it_costs_and_brings_is_printed(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        _rate(pool, cluster.port)  # processes and worlds are there
        three, directly = _rate(pool, cluster.port), _rate(pool, cluster.ports[0])
        cluster.kill(1)
        cluster.kill(2)
        cluster.nginx.configure(down=cluster.ports[1:])
        cluster.nginx.reload()
        for key in KEYS:
            asyncio.run(_until_moved(cluster.port, key))
        one = _rate(pool, cluster.port)
    with capsys.disabled():
        print("\nGET models, 100 keys, 8 connections, requests a second:", end=" ")
        print(f"one emulator {directly:,.0f}; one behind nginx {one:,.0f}; three behind nginx {three:,.0f}")
    assert min(directly, one, three) > 0


BEARER, AZURE = b"Authorization: Bearer sk-1\r\n", b"api-key: sk-1\r\n"
LONG = b"x-long: %b\r\n"


def _raw(port: int, request: bytes) -> tuple[int, bytes]:
    """Status and body of the response to these bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        pieces = []
        while piece := connection.recv(65536):
            pieces.append(piece)
    head, _, body = b"".join(pieces).partition(b"\r\n\r\n")
    return int(head.split()[1]), body


@pytest.mark.parametrize(
    ("request_", "status"),
    [(b"nonsense\r\n\r\n", 400), (b"GET /v1/models HTTP/9.9\r\nHost: x\r\n\r\n", 505),
     (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400), (b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
     (b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
     (b"GET / HTTP/1.1\r\nHost: x\r\n" + LONG % (b"a" * 300_000) + b"\r\n", 431)],
    ids=["nonsense", "version", "two hosts", "trace", "long address", "long header"],
)  # fmt: skip
def test_what_nginx_refuses_is_json(request_: bytes, status: int, cluster: Cluster) -> None:
    found, body = _raw(cluster.port, request_)
    assert found == status
    assert set(orjson.loads(body)["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("size", [9_000, 40_000, 60_000])
def test_a_head_is_as_long_as_at_an_emulator(size: int, cluster: Cluster) -> None:
    request = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%b%b\r\n"
    request %= (BEARER, LONG % (b"a" * size))
    assert _raw(cluster.port, request)[0] == _raw(cluster.ports[0], request)[0] == 200


@pytest.mark.parametrize(
    "head",
    [BEARER, AZURE, AZURE.replace(b"api-key", b"API-Key"), BEARER.replace(b"Bearer ", b"bEARER   "), BEARER + AZURE,
     AZURE.replace(b"sk-1", b"sk-2") + BEARER, BEARER + AZURE.replace(b"sk-1", b"sk-2"),
     b"Authorization: Bearer \r\n" + AZURE, b"Authorization: Digest x\r\n" + AZURE, AZURE + AZURE.replace(b"1", b"3")],
    ids=ascii,
)  # fmt: skip
def test_the_key_is_the_emulator_s(head: bytes, cluster: Cluster) -> None:
    made = asyncio.run(_ask(cluster.port, "sk-1", "POST", "/v1/threads", {}))[1]["id"]
    request = (
        b"GET /v1/threads/%b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nOpenAI-Beta: assistants=v2\r\n%b\r\n"
    )
    assert _raw(cluster.port, request % (made.encode(), head))[0] == 200
