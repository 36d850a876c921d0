"""What a search costs in a store of many documents, beside one of a few."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from tests.bench.load import exchange, request
from tests.bench.plan import Measurement, Scale
from tests.bench.report import MeasurementFailed, Row
from tests.bench.rounds import Cost, cost_of, cost_row, paired
from tests.bench.scenes import encoded, serving
from tests.bench.servers import Process

FEW = 10

#: Files that one request may bring into a store.
_BATCH = 500

#: Words in a document: about two chunks of the size by default.
_LENGTH = 700
#: The n-th word is said 1/n as often as the first, about as in a language.
_WORDS = [f"word{n}" for n in range(1, 5001)]
_OFTEN = list(accumulate(1 / n for n in range(1, len(_WORDS) + 1)))
#: A word of most documents, one of some and one of a few.
_ASKED = "What is said of word10, word200 and word3000?"
_UNIT = "ms of server CPU a search"


def measurements(scale: Scale) -> Iterator[Measurement]:
    many = scale.documents
    names = (f"search in {many:,} documents", f"first search in {many:,} documents after a change")
    yield Measurement(names, lambda: _measure(names, scale.page_rounds, scale.searches, many))


def _measure(names: tuple[str, str], rounds: int, searches: int, many: int) -> Iterator[Row]:
    """``searches``: in a round, of a store that does not change; ``many``: documents."""
    with serving({"given": _given(many)}) as server:
        for store, documents in (("vs_few", FEW), ("vs_many", many)):
            _fill(server.port, store, documents)
        warm = paired(
            lambda: cost_of(server, [_search("vs_many")] * searches),
            lambda: cost_of(server, [_search("vs_few")] * searches),
            rounds,
        )
        changed = paired(
            lambda: _first_after_change(server, "vs_many"), lambda: _first_after_change(server, "vs_few"), rounds
        )
    against = f"in {FEW}, cost by cost"
    yield cost_row(names[0], against, _UNIT, warm)
    yield cost_row(names[1], against, _UNIT, changed)


def _given(many: int) -> dict[str, Any]:
    words = random.Random(1)
    files = [
        {
            "id": _id(n),
            "filename": f"document-{n}.txt",
            "content": " ".join(words.choices(_WORDS, cum_weights=_OFTEN, k=_LENGTH)),
        }
        for n in range(many)
    ]
    return {"files": files, "vector_stores": [{"id": "vs_few"}, {"id": "vs_many"}]}


def _id(number: int) -> str:
    return f"file-bench{number:018}"


def _search(store: str) -> bytes:
    return request("POST", f"/v1/vector_stores/{store}/search", encoded({"query": _ASKED}))


def _fill(port: int, store: str, documents: int) -> None:
    """The first documents come into a store, which is searched for the first time."""
    ids = [_id(n) for n in range(documents)]
    for start in range(0, documents, _BATCH):
        batch = encoded({"file_ids": ids[start : start + _BATCH]})
        exchange(port, request("POST", f"/v1/vector_stores/{store}/file_batches", batch))
    found = json.loads(exchange(port, _search(store)))
    counts = json.loads(exchange(port, request("GET", f"/v1/vector_stores/{store}")))["file_counts"]
    if counts["completed"] != documents or not found["data"]:
        raise MeasurementFailed(f"{store} is not indexed, or has nothing to find: {counts}")


def _first_after_change(server: Process, store: str) -> Cost:
    """A file that comes into the store once more is indexed anew."""
    exchange(server.port, request("POST", f"/v1/vector_stores/{store}/files", encoded({"file_id": _id(0)})))
    return cost_of(server, [_search(store)])
