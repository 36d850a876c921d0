"""Rounds: worlds full of clients for a while; then all is quiet, the books are audited, and every world is reset."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from tests.load.wire import BrokenOff, Malformed
from tests.soak import more_actions, responses_actions, visitors
from tests.soak.actions import ACTS, SCENARIO
from tests.soak.client import Client, Kind, Scene, SdkFailed, Unexpected
from tests.soak.subject import Holding, Subject
from tests.soak.watching import Watcher

#: What registers acts of its own.
_REGISTERED: Final = (more_actions, responses_actions, visitors)

#: Worlds by kind, and clients in each.
WORLDS: Final[tuple[tuple[Kind, int], ...]] = (("calm", 4), ("faulty", 2), ("stormy", 3))
CLIENTS: Final = 5
#: What ``check()`` may report of a world of each kind: only what the acts provoke.
PROVOKED: Final[dict[Kind, frozenset[str]]] = {
    "calm": frozenset({"hold", "unknown_operation"}),
    "faulty": frozenset({"hold", "unknown_operation", "times"}),
    "stormy": frozenset({"hold", "unknown_operation", "unmatched"}),
}
#: What ends an act where faults and resets are about, and is nobody's mistake.
INTERRUPTIONS: Final = (Unexpected, BrokenOff, Malformed, SdkFailed, TimeoutError, OSError)
#: Seconds in which all has to be quiet when the clients have left.
_QUIET: Final = 15.0


@dataclass(slots=True)
class Soaked:
    """What came of it so far."""

    requests: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    interrupted: int = 0
    unanswered: int = 0
    repeats: int = 0
    dropped: int = 0
    #: Worlds of visitors, and news of changes with the rows that they led to.
    worlds: int = 0
    news: int = 0
    rows: int = 0
    violations: list[str] = field(default_factory=list)
    holdings: list[Holding] = field(default_factory=list)
    seconds: float = 0.0


async def play_round(subject: Subject, seed: str, seconds: float, soaked: Soaked, scenes: list[Scene]) -> None:
    """One round: load, audit, reset, and what the server still holds."""
    clients = [
        Client(scene, random.Random(f"{seed}/{scene.key}/{number}")) for scene in scenes for number in range(CLIENTS)
    ]
    for scene in scenes:
        await clients[scenes.index(scene) * CLIENTS].admin("POST", "/scenarios", SCENARIO)
    if not soaked.holdings:
        await _warm_up(clients[::CLIENTS], subject)
    watchers = [Watcher(scene) for scene in {scene.kind: scene for scene in scenes}.values()]
    begun = time.monotonic()
    await asyncio.gather(*(_live(client, begun + seconds) for client in clients))
    soaked.seconds += time.monotonic() - begun
    for client in clients:
        await client.close()
    await asyncio.to_thread(_until_quiet, subject, 2 * len(watchers))
    for watcher in watchers:
        await watcher.leave()
        soaked.news, soaked.rows = soaked.news + watcher.news, soaked.rows + watcher.rows
    await asyncio.to_thread(_until_quiet, subject)
    for scene in scenes:
        await _audit(scene, soaked)
        await _audit_crowd(scene, soaked)
    await asyncio.to_thread(_until_quiet, subject)
    soaked.holdings.append(subject.holding())


def new_scenes(port: int) -> list[Scene]:
    return [Scene(port, f"sk-{kind}-{number}", kind) for kind, many in WORLDS for number in range(many)]


async def _warm_up(clients: list[Client], subject: Subject) -> None:
    """Each act once, for the imports that the server makes when something is used for the first time."""
    for name in ACTS:
        await asyncio.gather(*(_do(client, name) for client in clients))
    await asyncio.to_thread(subject.ask, "round")


async def _live(client: Client, until: float) -> None:
    names = list(ACTS)
    weights = [ACTS[name][1] for name in names]
    while time.monotonic() < until:
        await _do(client, *client.random.choices(names, weights))


async def _do(client: Client, name: str) -> None:
    scene = client.scene
    scene.acts[name] += 1
    try:
        await ACTS[name][0](client)
    except INTERRUPTIONS as error:
        if scene.kind == "calm" or (isinstance(error, Malformed) and scene.kind == "stormy"):
            scene.violations.append(f"{scene.key}, {name}: {type(error).__name__}: {error}")
        scene.interrupted += 1
    except Exception as error:
        scene.violations.append(f"{scene.key}, {name}: {error!r}")


def _until_quiet(subject: Subject, watching: int = 0) -> None:
    """Until nobody else is connected any more; what is left then is what the report shows."""
    deadline = time.monotonic() + _QUIET
    while subject.ask()["connections"] > watching and time.monotonic() < deadline:
        time.sleep(0.05)


async def _audit_crowd(scene: Scene, soaked: Soaked) -> None:
    """The worlds that visitors have left behind come to their end."""
    soaked.worlds += len(scene.crowd) + scene.ended
    for visited in scene.crowd:
        await _audit(visited, soaked)
        client = Client(visited, random.Random(0))
        await client.admin("DELETE", "/world")
        await client.close()
    scene.crowd, scene.ended = [], 0


async def _audit(scene: Scene, soaked: Soaked) -> None:
    client = Client(scene, random.Random(0))
    state = await client.admin("GET", "/state")
    journal = await client.admin("GET", "/requests")
    problems = (await client.admin("GET", "/check"))["problems"]
    soaked.requests += Counter(sent.operation for sent in scene.books.sent.values())
    soaked.answers += Counter(sent.saw for sent in scene.books.sent.values() if sent.saw)
    soaked.unanswered += sum(not sent.saw for sent in scene.books.sent.values())
    soaked.repeats += sum(entry["repeats"] for entry in journal["requests"])
    soaked.dropped += journal["dropped"]
    soaked.problems += Counter(problem["kind"] for problem in problems)
    soaked.acts += scene.acts
    soaked.faults += scene.faults
    soaked.interrupted += scene.interrupted
    unprovoked: list[dict[str, Any]] = [one for one in problems if one["kind"] not in PROVOKED[scene.kind]]
    soaked.violations += [f"{scene.key}: check() reports {one['kind']}: {one['message']}" for one in unprovoked]
    soaked.violations += [f"{scene.key}: {line}" for line in scene.books.audit(state["asked"], journal)]
    soaked.violations += scene.violations
    scene.acts, scene.faults, scene.interrupted, scene.violations = Counter(), Counter(), 0, []
    await client.admin("POST", "/reset", {})
    await client.close()
