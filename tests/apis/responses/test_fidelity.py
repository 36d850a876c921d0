"""The recorded traffic of the Responses API, replayed: every applicable exchange comes out exactly."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support import SHARED, needs_shared

#: Recordings, and how many of their exchanges are not exact, by the operations that they need and that are not there.
MISSING = {
    "containers": {
        "dotnet__ContainerTests__CanCreateContainer": 2,
        "dotnet__ContainerTests__CanDeleteContainerFileWithCancellation": 2,
        "dotnet__ContainerTests__CanEnumerateContainerFiles": 1,
        "dotnet__ContainerTests__CanEnumerateContainerFilesWithCancellation": 1,
        "dotnet__ContainerTests__CanEnumerateContainerFilesWithDefaultOptions": 1,
        "dotnet__ContainerTests__CanGetContainerFileWithCancellation": 4,
        "dotnet__ContainerTests__CanUploadAndDeleteContainerFile": 2,
        "dotnet__ContainerTests__CanUploadGetAndDeleteContainerFile": 4,
        "dotnet__ResponsesToolTests__CodeInterpreterToolWithContainerIdFromContainerApi": 3,
    },
    "conversations": {
        "dotnet__ConversationTests__CanCreateGetUpdateAndDeleteConversation": 4,
        "dotnet__ConversationTests__ConversationItemEndpointsAcceptIncludeQuery": 5,
        "dotnet__ResponsesTests__ResponseUsingConversations": 4,
        "rubyopenai__conversations_create": 1,
        "rubyopenai__conversations_delete": 1,
        "rubyopenai__conversations_modify": 1,
        "rubyopenai__conversations_retrieve": 1,
    },
}
APPLICABLE = 610


@needs_shared
def test_every_applicable_exchange_is_exact(tmp_path: Path) -> None:
    """The scorer skips what has no usable request, and says why (its README)."""
    out = tmp_path / "score.json"
    serve = f"{sys.executable} -m emulator serve --port 0"
    scorer, recordings = SHARED / "tools" / "fidelity_responses.py", SHARED / "recordings-responses"
    done = subprocess.run(
        [sys.executable, scorer, "--command", serve, "--json", out, recordings],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert out.exists(), done.stdout + done.stderr
    score: dict[str, Any] = json.loads(out.read_text())
    missing = {name: count for names in MISSING.values() for name, count in names.items()}
    assert [one for one in score["failures"] if one["recording"] not in missing] == []
    assert [one for one in score["problems"] if one.partition(":")[0] not in missing] == []
    assert (score["exact"], score["applicable"]) == (APPLICABLE - sum(missing.values()), APPLICABLE)
