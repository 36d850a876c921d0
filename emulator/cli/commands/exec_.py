"""``exec``: runs a command with an emulator of its own and reports the problems of both."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from emulator.base.problems import EmulatorError
from emulator.cli.commands.exits import CANNOT_RUN, FOUND_PROBLEMS, KILLED, NOT_FOUND
from emulator.cli.commands.options import (
    add_address_options,
    add_bounds_of_worlds,
    add_json_option,
    add_world_options,
    add_worlds_option,
    warn_if_reachable,
)
from emulator.cli.commands.output import print_stderr, show_json_line

if TYPE_CHECKING:
    from emulator.control.client import Control
    from emulator.server.emulator import Emulator

SUMMARY = "run a command with its own emulator, for test suites in any language"
EXAMPLES = """\
  assistants-emulator exec weather.yaml -- npm test       sets OPENAI_BASE_URL and OPENAI_API_KEY for the tests
  assistants-emulator exec scenarios/ -- go test ./...    also fails if a run matches no turn or a turn is not played
  assistants-emulator exec --azure weather.yaml -- npm t  unsets OPENAI_BASE_URL, which Azure's Node client refuses
  assistants-emulator exec -- sh -c 'curl -s $OPENAI_BASE_URL/models -H "Authorization: Bearer $OPENAI_API_KEY"'
"""
_USAGE = "%(prog)s [SCENARIO|DIR ...] [options] -- COMMAND [ARGUMENT ...]"
_DESCRIPTION = (
    "Start the emulator, set the environment variables that point OpenAI's and Azure's clients to it, run COMMAND, and "
    "stop. The exit code is COMMAND's. If that is 0 but the emulator found problems in any world, they are printed on "
    "stderr and the exit code is 1. Tests that run in parallel only need different keys."
)

#: What is said of a command that failed before it used the emulator.
_NO_REQUEST: Final = (
    "assistants-emulator: {command} exited with {code} and sent no request; clients have to take their address from "
    "OPENAI_BASE_URL (Node's AzureOpenAI refuses that variable beside an endpoint: use exec --azure)"
)
_PR_SET_PDEATHSIG: Final = 1
#: Signals that are forwarded to the command. A terminal sends the first ones to it by itself.
_FROM_TERMINAL: Final = ("SIGINT", "SIGQUIT", "SIGHUP")
_FORWARDED: Final = (*_FROM_TERMINAL, "SIGTERM")
#: The exit codes of a command that the user has stopped: no report is needed.
_INTERRUPTED: Final = (KILLED + signal.SIGINT, KILLED + signal.SIGTERM)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description, parser.usage = _DESCRIPTION, _USAGE
    parser.add_argument(
        "scenarios", nargs="*", metavar="SCENARIO|DIR", help="scenario files and recordings, or directories of them"
    )
    parser.add_argument("--azure", action="store_true", help="unset OPENAI_BASE_URL, for Azure's clients")
    add_address_options(parser, port=0)
    add_world_options(parser)
    add_worlds_option(parser)
    add_bounds_of_worlds(parser)
    parser.add_argument(
        "--report", metavar="DIR", help="write an HTML file for each world that was used: all that happened, to look at"
    )
    parser.add_argument("--strict", action="store_true", help="also fail if the command leaves loose ends")
    add_json_option(parser, "print the result as the last line of stdout, in place of the report")


def run(options: argparse.Namespace) -> int:
    from emulator.server.emulator import Emulator

    command: list[str] = options.wrapped
    if not command:
        raise EmulatorError(
            "exec: expected a command after --, as in `assistants-emulator exec weather.yaml -- npm test`"
            + _forgotten(options.scenarios)
        )
    emulator = Emulator(
        *options.scenarios,
        seed=options.seed,
        clock=options.clock,
        start=options.start,
        unmatched=options.unmatched,
        shapes=options.shapes,
        hold_limit=options.hold_limit,
        after_sunset=options.after_sunset,
        worlds=options.worlds,
        max_worlds=options.max_worlds,
        sleepers=options.sleepers,
        host=options.host,
        port=options.port,
    )
    warn_if_reachable(options.host)
    emulator.remember_loose_ends()
    with emulator:
        code = run_command("exec", command, environment(emulator, azure=options.azure))
        return _finish(emulator, command, code, options)


def _forgotten(words: Sequence[str]) -> str:
    """A hint where the -- belongs, if the command line has none."""
    first = next((word for word in words if not os.path.exists(word)), None)
    return f"; did you forget it before {first!r}?" if first else ""


def environment(control: Control, *, azure: bool) -> dict[str, str]:
    """The environment of this process, with the variables that point clients to the emulator."""
    environ = os.environ | control.environ
    if azure:
        del environ["OPENAI_BASE_URL"]
    return environ


def run_command(name: str, command: list[str], environ: dict[str, str]) -> int:
    """Runs the command and returns its exit code, as a shell does. ``name``: of the command that runs it."""
    with _signals() as children:
        try:
            process = subprocess.Popen(command, env=environ, preexec_fn=_ends_with_us())
        except FileNotFoundError:
            is_shell_line = len(command) == 1 and " " in command[0]
            hint = f"; to run a shell command line: sh -c {command[0]!r}" if is_shell_line else ""
            print_stderr(f"assistants-emulator: {name}: there is no command {command[0]!r}{hint}")
            return NOT_FOUND
        except OSError as error:
            print_stderr(f"assistants-emulator: {name}: cannot run {command[0]!r}: {error.strerror}")
            return CANNOT_RUN
        children.append(process)
        code = process.wait()
    return KILLED - code if code < 0 else code


def _ends_with_us() -> Callable[[], None] | None:
    """What the new process calls before it runs the command, so that it gets SIGTERM if this process is killed.

    Only Linux has that; elsewhere the command goes on. Everything is loaded before the fork.
    """
    if sys.platform != "linux":
        return None
    import ctypes

    try:
        prctl = ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return None
    parent = os.getpid()

    def end_with_parent() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it was killed in between
            os._exit(KILLED + signal.SIGTERM)

    return end_with_parent


@contextlib.contextmanager
def _signals() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Forwards the signals that end programs to the processes in the list; this process waits for them."""
    processes: list[subprocess.Popen[bytes]] = []

    def forward(number: int, frame: Any) -> None:
        if signal.Signals(number).name in _FROM_TERMINAL and _is_in_foreground():
            return
        for process in processes:
            process.send_signal(number)

    numbers = [getattr(signal, name) for name in _FORWARDED if hasattr(signal, name)]
    before = {number: signal.signal(number, forward) for number in numbers}
    try:
        yield processes
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_in_foreground() -> bool:
    """True if the terminal sends its signals to this process and its children."""
    try:
        terminal = os.open(os.ctermid(), os.O_RDONLY | os.O_NOCTTY)
    except (AttributeError, OSError):
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _finish(emulator: Emulator, command: list[str], code: int, options: argparse.Namespace) -> int:
    """Returns the exit code; reports the requests, runs and problems of all worlds if something failed."""
    from emulator.cli.exec_report import UsedWorld, as_json, is_unused, loose_ends, show, show_loose_ends, write_files

    worlds = [UsedWorld.of(control) for control in emulator.controls()]
    ends = loose_ends(worlds)
    found_problems = any(one.problems for one in worlds)
    exit_code = code or (FOUND_PROBLEMS if found_problems or (options.strict and ends) else code)
    if options.json:
        show_json_line({"code": exit_code, "command_code": code, **as_json(worlds, command)})
    elif ends and not code and not found_problems:
        show_loose_ends(ends, command[0])
    elif exit_code and exit_code not in _INTERRUPTED and not is_unused(worlds):
        show(worlds, command[0], code)
    elif 0 < code < CANNOT_RUN:
        print_stderr(_NO_REQUEST.format(command=command[0], code=code))
    if options.report:
        for path in write_files(worlds, Path(options.report), shlex.join(command)):
            print_stderr(f"assistants-emulator: wrote {path}")
    return exit_code
