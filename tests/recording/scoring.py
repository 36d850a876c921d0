"""The shared scorer, with our scenarios in place of those that it derives by itself.

It replays the recorded requests against a server, with ids translated, and compares every answer with the recorded one.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from emulator.cli.commands.exits import FOUND_PROBLEMS, OK
from emulator.cli.main import main
from emulator.scenarios.document import parse
from tests.support import SHARED

RECORDINGS = SHARED / "recordings"


def scorer() -> Any:
    """The scorer as a module. It is no part of the project, and is not copied into it."""
    name = "shared_fidelity"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, SHARED / "tools" / "fidelity.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def groups_with_runs() -> Iterator[Any]:
    """Recordings that belong together and hold a run."""
    for group in scorer().load([str(RECORDINGS)]):
        if any(ex.method == "POST" and ex.status == 200 and "/runs" in ex.route for ex in group.exchanges):
            yield group


def files_of(group: Any) -> list[str]:
    return [str(RECORDINGS / f"{name}.json") for name in dict.fromkeys(ex.recording for ex in group.exchanges)]


def imported(group: Any, folder: Path) -> Path:
    """The scenario that the command line makes of a group."""
    out = folder / "imported.yaml"
    assert main(["import", *files_of(group), "--out", str(out)]) in (OK, FOUND_PROBLEMS)
    return out


def score(group: Any, url: str, scenario: Path) -> Any:
    """Replays a group against a server, with this scenario; answers the scorer's own record of it."""
    text = scenario.read_text(encoding="utf-8")
    beside = {
        str(path.relative_to(scenario.parent)): base64.b64encode(path.read_bytes()).decode()
        for path in scenario.parent.rglob("*")
        if path.is_file() and path != scenario
    }
    replay = scorer().Replay(group, url, f"sk-scored-{group.name}")
    replay.demand("/_emulator/scenarios", json.dumps({"document": text, "contents": beside}).encode())
    for items in parse(text, "").data.get("given", {}).values():
        for one in items:
            replay.ids.agree(one["id"], one["id"])
    items = {item[0]: item for item in replay.items}
    for exchange in group.exchanges:
        if exchange in items:
            replay.play(items[exchange])
        elif "of the service" in exchange.skip:  # the scorer leaves these out; the scenario has them as faults
            answer = replay.send(exchange.method, *replay.request(exchange), exchange.headers.get("openai-beta"))
            assert answer.status == exchange.status
    return replay
