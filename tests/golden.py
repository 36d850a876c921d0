"""Golden files: exact bytes that a test expects. ``UPDATE_GOLDEN=1 make test`` writes them anew; read the diff then."""

from __future__ import annotations

import os
from pathlib import Path


def expect(path: Path, actual: bytes) -> None:
    """Fails if a golden file does not hold exactly these bytes."""
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(actual)
    assert path.is_file(), f"there is no golden file {path.name}; UPDATE_GOLDEN=1 writes it"
    assert actual == path.read_bytes(), f"{path.name} differs; UPDATE_GOLDEN=1 writes it anew"
