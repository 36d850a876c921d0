"""The command line: ``assistants-emulator``."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from emulator.problems import EmulatorError, ScenarioError

if TYPE_CHECKING:
    from emulator.scenario import Scenario
    from emulator.server import Server
    from emulator.watching import Watcher

_EXAMPLES = """\
examples:
  assistants-emulator serve                            an empty emulator on http://127.0.0.1:8787/v1
  assistants-emulator serve scenarios/ --port 0        the scenarios of a directory, on any free port
  assistants-emulator serve weather.yaml --seed 7      other ids than with seed 0, the same on every run
  assistants-emulator serve scenarios/ --watch         reload them whenever they are saved
  assistants-emulator check scenarios/ --play          say what is wrong with scenario files, and what they do
  assistants-emulator schema > scenario.schema.json    for editors; first line of a scenario file then:
                                                       # yaml-language-server: $schema=scenario.schema.json

Point a client at it with OPENAI_BASE_URL=http://127.0.0.1:8787/v1 and any OPENAI_API_KEY.
"""

#: Exit codes: 0 as asked, 1 the scenarios are not fine, 2 the command cannot be carried out.
_FOUND_PROBLEMS, _CANNOT = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and answers its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        code: int = options.run(options)
        return code
    except ScenarioError as error:
        print(error, file=sys.stderr)
        return _FOUND_PROBLEMS
    except (EmulatorError, OSError) as error:
        print(f"assistants-emulator: {error}", file=sys.stderr)
        return _CANNOT


def _parser() -> argparse.ArgumentParser:
    from emulator import __version__

    parser = argparse.ArgumentParser(
        prog="assistants-emulator",
        description="A local emulator of the OpenAI Assistants API v2, answered from scripted scenarios.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="run the emulator until it is stopped")
    serve.add_argument("scenarios", nargs="*", metavar="SCENARIO|DIR", help="scenario files, or directories of them")
    serve.add_argument("--host", default="127.0.0.1", help="where to listen (127.0.0.1)")
    serve.add_argument("--port", type=int, default=8787, help="0 for any free port (8787)")
    serve.add_argument("--seed", type=_seed, help="other ids and fake words (0)")
    serve.add_argument("--clock", choices=["skip", "real"], help="skip: waits take no real time (skip)")
    serve.add_argument("--start", metavar="INSTANT", help="where the skip clock starts: ISO 8601, or now")
    serve.add_argument("--unmatched", choices=["fail", "improvise"], help="what a run does that no turn fits")
    serve.add_argument(
        "--shapes", choices=["wire", "spec"], help="as the service sent it, or as its schema says (wire)"
    )
    serve.add_argument(
        "--worlds", choices=["one", "key"], default="key", help="one world for all keys, or one a key (key)"
    )
    serve.add_argument("--watch", action="store_true", help="reload scenario files when they change")
    serve.set_defaults(run=_serve)
    check = commands.add_parser("check", help="say what is wrong with scenario files")
    check.add_argument("scenarios", nargs="+", metavar="SCENARIO|DIR")
    check.add_argument("--play", action="store_true", help="show the events that each turn would produce")
    check.set_defaults(run=_check)
    schema = commands.add_parser("schema", help="print the JSON Schema of scenario files, for editors")
    schema.set_defaults(run=_schema)
    return parser


def _seed(text: str) -> int | str:
    return int(text) if text.lstrip("-").isdigit() else text


def _serve(options: argparse.Namespace) -> int:
    from emulator.scenario import load_scenarios
    from emulator.server import Server, bind
    from emulator.world import Options, World
    from emulator.worlds import Worlds

    said = Options(options.seed, options.clock, options.start, options.unmatched, options.shapes)
    said.check()
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


def _check(options: argparse.Namespace) -> int:
    from emulator.scenario import load_scenario, scenario_files
    from emulator.world import Options, World

    files = scenario_files(*options.scenarios)
    problems: list[str] = []
    loaded: list[Scenario] = []
    for file in files:
        try:
            loaded.append(load_scenario(file))
        except ScenarioError as error:
            problems += error.problems
    if not problems:
        World(Options(), tuple(loaded))  # what is served together has to go together
    print("\n".join([*problems, f"{len(files)} checked, {len(problems) or 'no'} problem{'s' * (len(problems) != 1)}"]))
    if options.play and not problems:
        from emulator.rehearsal import rehearse

        print("\n\n".join(rehearse(scenario) for scenario in loaded))
    return _FOUND_PROBLEMS if problems else 0


def _schema(options: argparse.Namespace) -> int:
    import json

    from emulator.published_schema import published_schema

    print(json.dumps(published_schema(), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
