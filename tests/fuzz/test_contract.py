"""The emulator answers every operation as its OpenAPI document says, whatever is sent; schemathesis asks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emulator.admin.openapi import document
from emulator.base.operations import BY_NAME
from tests.conftest import Emulate
from tests.fuzz.contract import ask
from tests.fuzz.install import SCHEMATHESIS
from tests.fuzz.talking import WORLD
from tests.sdk.install import is_installed

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(not is_installed(SCHEMATHESIS), reason="`make test-clients` installs schemathesis"),
]


def test_every_operation_answers_as_the_document_says(emulate: Emulate, tmp_path: Path) -> None:
    """Statuses, types and schemas of answers; what does not fit is refused, and nothing is a 500."""
    emulator = emulate(WORLD)

    outcome = ask(f"{emulator.url}/_emulator/openapi.json", tmp_path, phases="fuzzing,stateful", examples=6)

    assert outcome.failures == [], outcome.output
    assert outcome.operations == len(BY_NAME)
    assert outcome.requests > 5 * len(BY_NAME)
    assert [one for one in emulator.problems() if one.kind == "internal"] == []
    assert set(BY_NAME) <= emulator.state()["asked"].keys()


@pytest.mark.parametrize(
    ("claim", "failure"),
    [
        ({"200": {"description": "Nothing.", "content": {"text/plain": {}}}}, "Undocumented Content-Type"),
        ({"204": {"description": "Nothing."}}, "Undocumented status code"),
    ],
)
def test_an_answer_that_is_not_as_a_document_says_is_found(
    emulate: Emulate, tmp_path: Path, claim: object, failure: str
) -> None:
    emulator = emulate()
    claimed = json.loads(json.dumps(document()))
    claimed["paths"]["/models"]["get"]["responses"] = claim
    (tmp_path / "openapi.json").write_text(json.dumps(claimed))

    outcome = ask(
        "openapi.json", tmp_path, phases="fuzzing", examples=1,
        more=(f"--url={emulator.url}/v1", "--include-operation-id=list_models"),
    )  # fmt: skip

    assert [one.partition(":")[0] for one in outcome.failures] == [failure]
