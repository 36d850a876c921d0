"""A reverse proxy that records: traffic passes unaltered and without delay, and each exchange is written as it ends.

    client --> Recorder (ASGI) --> upstream          request and response --Redactor--> one line of the recording

An exchange is written before its last byte goes to the client. So the file has every exchange that a client has read to
its end, whatever happens to the recorder then. Redacting and writing take place in a separate thread, one exchange
after another.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from starlette.types import Receive, Scope, Send

from emulator.recordings.exchange import Exchange
from emulator.recordings.own_format import Details, line
from emulator.recordings.record.proxied_request import ProxiedRequest, Totals, refuse
from emulator.recordings.record.upstream import Upstream
from emulator.recordings.recording_file import RecordingFile
from emulator.recordings.redaction.redactor import Redactor

#: Seconds that a stop waits for open exchanges to be written.
_STOP_TIMEOUT: Final = 5.0


#: Open requests that are the same to the byte, before they are taken for one that goes round.
_MAX_ALIKE: Final = 100


def _what_is_alike(scope: Scope) -> object:
    headers = tuple((name, value) for name, value in scope["headers"] if name not in (b"host", b"connection"))
    return scope["method"], scope["raw_path"], scope["query_string"], headers


class Recorder:
    """The application. It calls ``changed`` whenever the totals change, and ``report`` with a line for the user."""

    def __init__(
        self,
        upstream: Upstream,
        file: RecordingFile,
        redactor: Redactor,
        *,
        keep_files: bool = False,
        changed: Callable[[], object] = lambda: None,
        report: Callable[[str], object] = lambda line: None,
    ) -> None:
        self.upstream, self.file, self.redactor, self.keep_files = upstream, file, redactor, keep_files
        self.changed, self._report = changed, report
        self.totals = Totals()
        self._open: dict[int, ProxiedRequest] = {}
        #: The open requests that are the same to the byte: as a recorder changes none, a loop of recorders has many.
        self._alike: Counter[object] = Counter()
        self._number = file.last_number
        self._is_ending = False
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="recording")
        self._writing: set[asyncio.Future[str | None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._is_ending:
            await refuse(send, 503, "recorder_stopped", "the recorder is being stopped")
            return
        alike = _what_is_alike(scope)
        if self._alike[alike] >= _MAX_ALIKE:
            await refuse(send, 508, "recorder_loop", f"the upstream {self.upstream.url} leads back to this recorder")
            return
        self._alike[alike] += 1
        self._number += 1
        self.totals.requests += 1
        request = self._open[self._number] = ProxiedRequest(self, self._number, scope, receive, send)
        self.changed()
        try:
            await request.run()
        finally:
            del self._open[request.number]
            self._alike -= Counter([alike])
            self.changed()

    @property
    def under_way(self) -> int:
        """The number of requests that have not ended."""
        return len(self._open)

    async def end(self) -> None:
        """Records and breaks off the open requests, then closes the connections to the upstream."""
        self._is_ending = True
        ended = [request.stop() for request in self._open.values()]
        if ended:
            await asyncio.wait(ended, timeout=_STOP_TIMEOUT)
        if self._writing:
            await asyncio.wait(self._writing, timeout=_STOP_TIMEOUT)
        await self.upstream.close()

    def close(self) -> None:
        """Waits until everything is written, and closes the file."""
        self._writer.shutdown()
        self.file.close()

    async def keep(self, exchange: Exchange, details: Details) -> None:
        """Writes an exchange without its secrets. The write goes on if the caller is cancelled."""
        others = [number for number in self._open if number != exchange.number]
        writing = asyncio.get_running_loop().run_in_executor(self._writer, self._write, exchange, details, others)
        self._writing.add(writing)
        writing.add_done_callback(self._written)
        await asyncio.shield(writing)

    def _write(self, exchange: Exchange, details: Details, others: list[int]) -> str | None:
        """Runs in the writer's thread. Returns the reason if the exchange cannot be written."""
        try:
            self.file.write(line(self.redactor.exchange(exchange), details, open=others))
        except OSError as error:
            return f"request {exchange.number} is not recorded: {self.file.path}: {error.strerror}"
        except Exception as error:  # the client gets its response even if the exchange cannot be redacted
            return f"request {exchange.number} is not recorded: {type(error).__name__}: {error}"
        return None

    def _written(self, writing: asyncio.Future[str | None]) -> None:
        self._writing.discard(writing)
        if problem := writing.result():
            self.totals.lost += 1
            if self.totals.lost == 1:
                self._report(problem)
