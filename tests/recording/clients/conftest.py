"""A tape by each recorder, made once."""

from __future__ import annotations

import pytest

from tests.recording.clients.recorders import RECORDERS, NotInstalled, Tape, record


@pytest.fixture(scope="session", params=RECORDERS)
def tape(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tape:
    """What a recorder wrote. Skipped where it is not installed."""
    try:
        return record(request.param, tmp_path_factory.mktemp("recorded"))
    except NotInstalled as missing:
        pytest.skip(str(missing))
