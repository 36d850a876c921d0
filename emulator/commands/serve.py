"""``serve``: the emulator in the foreground, until it is stopped."""

from __future__ import annotations

import argparse
import gc
import sys
from typing import TYPE_CHECKING

from emulator.commands.options import add_world_options, world_options

if TYPE_CHECKING:
    from emulator.scenario import Scenario
    from emulator.server import Server
    from emulator.watching import Watcher

SUMMARY = "run the emulator until it is stopped"
EXAMPLES = """\
  assistants-emulator serve                            an empty emulator on http://127.0.0.1:8787/v1
  assistants-emulator serve scenarios/ --port 0        the scenarios of a directory, on any free port
  assistants-emulator serve weather.yaml --seed 7      other ids than with seed 0, the same on every run
  assistants-emulator serve scenarios/ --watch         reload them whenever they are saved
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO|DIR", help="scenario files, or directories of them")
    add_world_options(parser)
    parser.add_argument("--watch", action="store_true", help="reload scenario files when they change")


def run(options: argparse.Namespace) -> int:
    from emulator.scenario import load_scenarios
    from emulator.server import Server, bind
    from emulator.world import World
    from emulator.worlds import Worlds

    said = world_options(options)
    scenarios = load_scenarios(*options.scenarios)
    World(said, scenarios)  # scenarios that do not go together are refused before anybody asks
    if options.host not in ("127.0.0.1", "::1", "localhost"):
        print(f"warning: {options.host} can be reached from other machines", file=sys.stderr)
    server = Server(Worlds(said, scenarios, options.worlds), bind(options.host, options.port))
    # A process of its own may do what a library must not: the collector leaves alone what is there to stay.
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
    print(f"listening on {server.url}/v1", flush=True)
    watcher = _watcher(options.scenarios, server) if options.watch else None
    server.serve_until_stopped()
    if watcher:
        watcher.stop()
    return 0


def _watcher(sources: list[str], server: Server) -> Watcher:
    from emulator.watching import Watcher

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    def reload(scenarios: list[Scenario]) -> None:
        server.call_soon(lambda: tell_all(server.worlds.reload(scenarios)))

    def tell_all(refusals: list[str]) -> None:
        for refusal in refusals:
            tell(refusal)

    watcher = Watcher(sources, reload, tell)
    watcher.start()
    return watcher
