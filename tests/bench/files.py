"""What files cost: uploads against a bare endpoint that reads the same form, and lists of many files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.bench.bare import PATH
from tests.bench.endpoints import bare_spec
from tests.bench.load import drive, exchange, request
from tests.bench.plan import Measurement, Scale
from tests.bench.report import Aim, MeasurementFailed, Row, Spread
from tests.bench.rounds import Cost, cost, cost_of, cost_row, paired, speed_row
from tests.bench.scenes import serving
from tests.bench.servers import Process, bare, emulator

MIB = 2**20
FEW = 100

_UNIT = "us of server CPU a request"

_FORM = "multipart/form-data; boundary=bench"
_FIELDS = (
    b'--bench\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n'
    b'--bench\r\nContent-Disposition: form-data; name="file"; filename="bench.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n"
)


def measurements(scale: Scale) -> Iterator[Measurement]:
    rounds, many, mebibytes = scale.page_rounds, scale.files, scale.mebibytes
    yield Measurement((_page_name(many), _whole_name(many)), lambda: _lists(rounds, many))
    uploads = (_upload_name(mebibytes), _wall_name(mebibytes))
    yield Measurement(uploads, lambda: _upload(rounds, scale.uploads, mebibytes))


# ---- Lists ----


def _page_name(many: int) -> str:
    return f"page of 20 at {many:,} files"


def _whole_name(many: int) -> str:
    return f"list of all {many:,} files"


def _lists(rounds: int, many: int) -> Iterator[Row]:
    with serving({"given": _files(FEW)}) as small, serving({"given": _files(many)}) as large:
        yield _page(small, large, many, rounds)
        yield _whole(large, many, rounds)


def _files(many: int) -> dict[str, Any]:
    return {"files": [{"id": _id(n), "filename": f"note-{n:05}.txt", "content": f"Note {n}."} for n in range(many)]}


def _id(number: int) -> str:
    return f"file-bench{number:018}"


def _page(small: Process, large: Process, many: int, rounds: int) -> Row:
    """The newest page and one from the middle."""
    of_few, of_many = _page_requests(small.port, FEW), _page_requests(large.port, many)
    pairs = paired(lambda: cost_of(large, of_many), lambda: cost_of(small, of_few), rounds)
    return cost_row(_page_name(many), f"at {FEW}", _UNIT, pairs, Aim("<=", 1.1))


def _whole(large: Process, many: int, rounds: int) -> Row:
    """All files at once, as the list is by default."""
    whole = exchange(large.port, request("GET", "/v1/files"))
    if len(json.loads(whole)["data"]) != many:
        raise MeasurementFailed("the list of files is not whole")
    asked, asked_bare = [request("GET", "/v1/files")] * 5, [request("GET", PATH)] * 5
    with bare(bare_spec("get", whole)) as theirs:
        pairs = paired(lambda: cost_of(large, asked), lambda: cost_of(theirs, asked_bare), rounds)
    return speed_row(_whole_name(many), "bare JSONResponse, same size", _UNIT, pairs)


def _page_requests(port: int, files: int) -> list[bytes]:
    newest = "/v1/files?limit=20"
    requests = [request("GET", path) for path in (newest, f"{newest}&after={_id(files // 2)}")]
    if any(len(json.loads(exchange(port, one))["data"]) != 20 for one in requests):
        raise MeasurementFailed("a page of files does not have 20")
    return requests * 500


# ---- Uploads ----


def _upload_name(mebibytes: int) -> str:
    return f"upload of {mebibytes} MiB"


def _wall_name(mebibytes: int) -> str:
    return f"{_upload_name(mebibytes)}, by the wall"


def _request(path: str, mebibytes: int) -> bytes:
    """A request that uploads a file of all byte values."""
    content = bytes(range(256)) * (mebibytes * MIB // 256)
    return request("POST", path, b"%b%b\r\n--bench--\r\n" % (_FIELDS, content), _FORM)


def _upload(rounds: int, uploads: int, mebibytes: int) -> Iterator[Row]:
    """``uploads``: in a round, each of so many mebibytes."""
    sent, sent_bare = _request("/v1/files", mebibytes), _request(PATH, mebibytes)
    with emulator() as ours, bare(bare_spec("form", exchange(ours.port, sent))) as theirs:
        _delete_uploads(ours.port)
        pairs = paired(
            lambda: _upload_and_delete(ours, [sent] * uploads),
            lambda: cost_of(theirs, [sent_bare] * uploads),
            rounds,
        )
    yield _throughput(_upload_name(mebibytes), "server CPU", [(a.used, b.used) for a, b in pairs], mebibytes)
    yield _throughput(_wall_name(mebibytes), "time", [(a.wall, b.wall) for a, b in pairs], mebibytes)


def _upload_and_delete(server: Process, requests: list[bytes]) -> Cost:
    """The bare endpoint drops each file, which has its cost; so the emulator has to drop its own in the same time."""

    def work() -> None:
        drive(server.port, requests)
        if _delete_uploads(server.port) != len(requests):
            raise MeasurementFailed("not every upload made a file")

    return cost(server.cpu, work, len(requests))


def _delete_uploads(port: int) -> int:
    files = json.loads(exchange(port, request("GET", "/v1/files?purpose=user_data")))["data"]
    drive(port, [request("DELETE", f"/v1/files/{file['id']}") for file in files])
    return len(files)


def _throughput(name: str, of: str, seconds: list[tuple[float, float]], mebibytes: int) -> Row:
    return Row(
        name,
        "bare request.form(), file dropped",
        f"MiB a second of {of}",
        Spread.of([mebibytes / a for a, _ in seconds]).median,
        Spread.of([mebibytes / b for _, b in seconds]).median,
        Spread.of([b / a for a, b in seconds]),
    )
