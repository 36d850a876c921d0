"""``serve``: the emulator in the foreground, until it is stopped."""

from __future__ import annotations

import argparse
import contextlib
import gc
import sys
from typing import TYPE_CHECKING

from emulator.cli.commands.exits import FINE
from emulator.cli.commands.options import add_server_options, tls_options, warn_of_others, world_options
from emulator.cli.commands.output import say_where, show_json_line

if TYPE_CHECKING:
    from emulator.cli.request_log import Watch
    from emulator.cli.terminal import CountingLines
    from emulator.cli.watching import Watcher
    from emulator.scenarios.model import Scenario
    from emulator.server.emulator import Server
    from emulator.world.journal import Entry
    from emulator.world.world import World

SUMMARY = "run the emulator until it is stopped"
EXAMPLES = """\
  assistants-emulator serve                            an empty emulator on http://127.0.0.1:8787/v1
  assistants-emulator serve scenarios/ --port 0        the scenarios of a directory, on any free port
  assistants-emulator serve weather.yaml --seed 7      other ids than with seed 0, the same on every run
  assistants-emulator serve scenarios/ --watch         reload them whenever they are saved
  assistants-emulator serve --host 0.0.0.0 --allow-host emulator.test --tls-cert cert.pem --tls-key key.pem
                                                       for other machines, by that name, with https
  assistants-emulator serve --port 0 --json --log      JSON lines: where it listens, then each request
"""


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
    from emulator.cli.terminal import CountingLines
    from emulator.server.emulator import Server, bind
    from emulator.server.hosts import Hosts
    from emulator.world.world import World
    from emulator.world.worlds import Worlds

    said, tls = world_options(options), tls_options(options)
    World(said, scenarios)  # scenarios that do not go together are refused before anybody asks
    warn_of_others(options.host)
    lines = CountingLines(sys.stderr)
    worlds = Worlds(said, scenarios, options.worlds)
    listening = bind(options.host, options.port)
    hosts = Hosts(options.host, options.allow_host)
    watchers: list[Watcher] = []

    def begin() -> None:
        """Once it can be stopped gracefully."""
        if watch:
            watchers.append(_file_watcher(options.scenarios, server, lines))
        say_where(f"{server.url}/v1", json=options.json)

    server = Server(worlds, listening, hosts=hosts, watch=_request_watch(options, lines), begin=begin, **tls)
    # A process of its own may do what a library must not: the collector leaves alone what is there to stay.
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
    server.serve_until_stopped()
    for watcher in watchers:
        watcher.stop()
    lines.end("stopped")
    return FINE


def _request_watch(options: argparse.Namespace, lines: CountingLines) -> Watch | None:
    """What is told of each request; None if nobody wants to know."""
    is_wanted = options.log if options.log is not None else lines.is_watched and not options.json
    if not is_wanted:
        return None
    from emulator.cli.request_log import LiveRequests, NewProblems, as_json

    new_problems = NewProblems()
    show_lines = LiveRequests(lines)

    def show(world: World, entry: Entry) -> None:
        with contextlib.suppress(OSError):  # who looked has left, and clients must not feel it
            if not options.json:
                show_lines(world, entry)
            elif entry.status:
                show_json_line(as_json(world, entry, new_problems(world)))

    return show


def _file_watcher(sources: list[str], server: Server, lines: CountingLines) -> Watcher:
    """It looks in a thread of its own; what it finds is loaded and told in the server's."""
    from emulator.cli.watching import Change, Watcher

    def reload(change: Change) -> None:
        for refusal in server.worlds.reload(change.scenario, instead_of=change.name):
            lines.tell_whole(refusal, "red")
        if any(one is change.scenario for one in server.worlds.scenarios):
            lines.tell_whole(f"reloaded {change.path}", "dim")

    def tell_whole(line: str) -> None:
        server.call_soon(lambda: lines.tell_whole(line, "red"))

    watcher = Watcher(sources, lambda change: server.call_soon(lambda: reload(change)), tell_whole)
    watcher.start()
    return watcher
