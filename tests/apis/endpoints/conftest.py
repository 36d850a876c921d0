"""A world with files."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tests.apis.endpoints.given import SCENARIO
from tests.support import InProcess, hide_from_collector

FILES = {
    "files": [{"id": "file-1", "filename": "menu.md", "purpose": "assistants", "content": "Soup."}],
    "vector_stores": [{"id": "vs_1"}],
}


@pytest.fixture(scope="module")
def _quick_collections() -> None:
    hide_from_collector()


@pytest.fixture
def stocked(_quick_collections: None) -> Iterator[InProcess]:
    """The given world, with a file and a vector store in it; whatever it leaves open is this test's fault."""
    worlds = [InProcess({**SCENARIO, "given": {**SCENARIO["given"], **FILES}})]
    yield worlds[0]
    worlds.pop().worlds.end()
    gc.collect()
