"""Files of tools that are not read: what they are, and how their contents become a recording."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from emulator.recordings.exchange import RecordingError


class WayOut(NamedTuple):
    """A format by its first bytes, and what to do with it."""

    name: str
    begins: re.Pattern[bytes]
    advice: str


WAYS_OUT: Final = (
    WayOut(
        "flows of mitmproxy",
        re.compile(rb"\d{1,9}:(?=[\s\S]{0,4000}\d:(?:version|request|response|type)[;,])"),
        "convert them with `mitmdump -nr FILE --set hardump=session.har`",
    ),
    WayOut(
        "a response as `curl -i` prints it",
        re.compile(rb"HTTP/\d(?:\.\d)? \d{3}"),
        "it has no request: write both as JSON, "
        '{"exchanges": [{"method": "GET", "path": "/v1/…", "status": 200, "response_body": {…}}]}',
    ),
    WayOut(
        "a capture of packets",
        re.compile(rb"\xd4\xc3\xb2\xa1|\xa1\xb2\xc3\xd4|\x0a\x0d\x0d\x0a|\x4d\x3c\xb2\xa1"),
        "its traffic is encrypted: record with `assistants-emulator record`, or export HAR from a proxy",
    ),
    WayOut("a database of SQLite", re.compile(rb"SQLite format 3\x00"), "export the session as HAR from its tool"),
)


def refuse_unread(raw: bytes, file: str) -> None:
    """Raises RecordingError for a file of a known tool that is not read."""
    for one in WAYS_OUT:
        if one.begins.match(raw):
            raise RecordingError(f"{file}: these are {one.name}, which are not read; {one.advice}"
                                 if one.name.startswith("flows") else
                                 f"{file}: this is {one.name}, which is not read; {one.advice}")  # fmt: skip
