"""Keys that come for a moment: each has a world of its own, which it leaves behind, comes back to, or ends."""

from __future__ import annotations

from itertools import count
from typing import Final

from tests.soak.actions import ACTS, SCENARIO, act
from tests.soak.client import Client, Scene, Unexpected

#: What a visitor does, of which all has to go well.
VISITS: Final = ("polled_run", "streamed_run", "objects", "response", "streamed_response", "conversation")
_numbers = count(1)


@act(8)
async def visitor(client: Client) -> None:
    """A key that nobody had, or one that has left a world; the world is as it was left."""
    crowd = client.scene.crowd
    if client.scene.kind != "calm":
        return
    is_back = bool(crowd) and client.random.random() < 0.3
    scene = crowd.pop(client.random.randrange(len(crowd))) if is_back else _newcomer(client.scene)
    visiting = Client(scene, client.random)
    try:
        if not is_back:
            await visiting.admin("POST", "/scenarios", SCENARIO)
        name = client.random.choice(VISITS)
        scene.acts[name] += 1
        await ACTS[name][0](visiting)
        asked = (await visiting.admin("GET", "/state"))["asked"]
        if sum(asked.values()) != len(scene.books.sent):
            raise Unexpected(f"{scene.key} sent {len(scene.books.sent)} requests, and its world had {asked}")
        if client.random.random() < 0.2:
            await visiting.admin("DELETE", "/world")
            client.scene.ended += 1
        else:
            crowd.append(scene)
    finally:
        await visiting.close()


def _newcomer(near: Scene) -> Scene:
    return Scene(near.port, f"{near.key}-visitor-{next(_numbers)}", "calm")
