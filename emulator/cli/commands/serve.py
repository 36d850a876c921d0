"""``serve``: runs the emulator in the foreground until it is stopped."""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING, Any, Final, TextIO

from emulator.base.text import plural
from emulator.cli.commands.exits import OK
from emulator.cli.commands.options import add_server_options, tls_options, warn_if_reachable, world_options
from emulator.cli.commands.output import announce_url, show_json_line

if TYPE_CHECKING:
    from emulator.cli.request_log import Watch
    from emulator.cli.terminal import CountingLines
    from emulator.cli.watching import Watcher
    from emulator.scenarios.model import Scenario
    from emulator.server.server import Server
    from emulator.world.journal import Entry
    from emulator.world.options import Options
    from emulator.world.world import World
    from emulator.world.worlds import Worlds

SUMMARY = "run the emulator until it is stopped"
EXAMPLES = """\
  assistants-emulator serve                            serve an empty emulator on http://127.0.0.1:8787/v1
  assistants-emulator serve scenarios/ --port 0        serve the scenarios of a directory on any free port
  assistants-emulator serve weather.yaml --seed 7      make other ids than seed 0, the same in every session
  assistants-emulator serve scenarios/ --watch         reload the scenarios whenever they are saved
  assistants-emulator serve --host 0.0.0.0 --allow-host emulator.test --tls-cert cert.pem --tls-key key.pem
                                                       serve other machines, by that name, over HTTPS
  assistants-emulator serve --port 0 --json --log      print JSON lines: the URL, then each request
"""


#: Seconds that a thread works before it lets another one, such as that of the loop, go on.
_GIVE_WAY: Final = 0.0005
#: New objects after which the garbage collector looks at them; it never comes to older ones.
_THRESHOLDS: Final = (2_000, 1_000, 1_000)
#: So many worlds take longer to free than a stop may take; the operating system does it at once.
_MANY: Final = 1_000


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scenarios", nargs="*", metavar="SCENARIO|DIR", help="scenario files and recordings, or directories of them"
    )
    add_server_options(parser)
    parser.add_argument("--watch", action="store_true", help="reload scenario files when they change")


def run(options: argparse.Namespace) -> int:
    from emulator.recordings.sources import load_sources

    return serve(load_sources(*options.scenarios), options, watch=options.watch)


def serve(scenarios: tuple[Scenario, ...], options: argparse.Namespace, *, watch: bool = False) -> int:
    """Serves scenarios until it is stopped."""
    import emulator.apis.given  # noqa: F401  # makes the given objects of a scenario
    from emulator.cli.log_stream import unblocked
    from emulator.world.world import World

    defaults, tls = world_options(options), tls_options(options)
    World(defaults, scenarios)  # refuses conflicting scenarios before the first request
    warn_if_reachable(options.host)
    with (
        unblocked(sys.stderr, lambda number: f"{plural(number, 'line')} of the log dropped: nobody read them\n") as err,
        unblocked(sys.stdout, lambda number: f'{{"dropped": {number}}}\n') as out,
    ):
        worlds = _serve(scenarios, options, defaults, tls, watch=watch, out=out, err=err)
    if worlds.number > _MANY:
        os._exit(OK)
    return OK


def _serve(
    scenarios: tuple[Scenario, ...],
    options: argparse.Namespace,
    defaults: Options,
    tls: dict[str, Any],
    *,
    watch: bool,
    out: TextIO,
    err: TextIO,
) -> Worlds:
    from emulator.cli.log_lines import show_log
    from emulator.cli.terminal import CountingLines
    from emulator.server.hosts import Hosts
    from emulator.server.server import Server
    from emulator.server.uvicorn_server import bind
    from emulator.world.worlds import Worlds

    lines = CountingLines(err)
    worlds = Worlds(defaults, scenarios, options.worlds, options.admin_key, **_bounds(options))
    worlds.prepare({})
    listening = bind(options.host, options.port)
    hosts = Hosts(options.host, options.allow_host)
    watchers: list[Watcher] = []

    def begin() -> None:
        """Runs as soon as the server can be stopped gracefully."""
        if watch:
            watchers.append(_file_watcher(options.scenarios, server, lines))
        announce_url(f"{server.url}/v1", json=options.json)
        lines.write_text(f"the inspector is {server.url}/_emulator/")

    server = Server(worlds, listening, hosts=hosts, watch=_request_watch(options, lines, out), begin=begin, **tls)
    _tune_process()
    with show_log(lines):
        server.serve_until_stopped()
    for watcher in watchers:
        watcher.stop()
    lines.end("stopped")
    return worlds


def _bounds(options: argparse.Namespace) -> dict[str, Any]:
    """How many worlds there can be, and how long an unused one stays; one world for all keys is never forgotten."""
    return {
        "max_worlds": options.max_worlds,
        "forget_idle": options.forget_idle if options.worlds == "key" else None,
    }


def _tune_process() -> None:
    """This process is the emulator's own, so it may tune the interpreter.

    The garbage collector looks at each object once, so that no request waits while it looks at all that is stored:
    what is in use then is left to reference counts. The emulator's objects form no cycles, or are taken apart when
    their world ends. Threads that work for long, as an export does, give way sooner.
    """
    sys.setswitchinterval(_GIVE_WAY)
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    gc.callbacks.append(_leave_alone)


def _leave_alone(phase: str, info: dict[str, int]) -> None:
    """What the collector has just looked at, and has kept, is not looked at again."""
    if phase == "stop":
        gc.freeze()


def _request_watch(options: argparse.Namespace, lines: CountingLines, out: TextIO) -> Watch | None:
    """The request log; None if it is off."""
    is_on = options.log if options.log is not None else lines.is_interactive and not options.json
    if not is_on:
        return None
    from emulator.cli.request_log import NewProblems, RequestLog, as_json

    new_problems = NewProblems()
    show_lines = RequestLog(lines)

    def show(world: World, entry: Entry) -> None:
        with contextlib.suppress(OSError):  # the reader of the log has left; requests must not fail for that
            if not options.json:
                show_lines(world, entry)
            elif entry.status:
                show_json_line(as_json(world, entry, new_problems(world)), out)

    return show


def _file_watcher(sources: list[str], server: Server, lines: CountingLines) -> Watcher:
    """Polls the files in its own thread; loads and reports changes in the server's thread."""
    from emulator.cli.watching import Change, Watcher

    def reload(change: Change) -> None:
        for refusal in server.worlds.reload(change.scenario, instead_of=change.name):
            lines.write_text(refusal, "red")
        if any(one is change.scenario for one in server.worlds.scenarios):
            lines.write_text(f"reloaded {change.path}", "dim")

    def warn(line: str) -> None:
        server.call_soon(lambda: lines.write_text(line, "red"))

    watcher = Watcher(sources, lambda change: server.call_soon(lambda: reload(change)), warn)
    watcher.start()
    return watcher
