"""``exec``: runs a command with the emulator beside it, and judges both."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from emulator.base.problems import EmulatorError
from emulator.cli.commands.exits import CANNOT_RUN, FOUND_PROBLEMS, KILLED, NOT_FOUND
from emulator.cli.commands.options import add_address_options, add_json_option, add_world_options, warn_of_others
from emulator.cli.commands.output import many, show_json_line, tell
from emulator.cli.terminal import Paint, printable

if TYPE_CHECKING:
    from emulator.control.client import Control

SUMMARY = "run a command with the emulator beside it, for suites in any language"
EXAMPLES = """\
  assistants-emulator exec weather.yaml -- npm test       OPENAI_BASE_URL and OPENAI_API_KEY lead the tests here
  assistants-emulator exec scenarios/ -- go test ./...    fails too if a run fits no turn, or a turn was not played
  assistants-emulator exec --azure weather.yaml -- npm t  without OPENAI_BASE_URL, which Azure's Node client refuses
  assistants-emulator exec -- sh -c 'curl -s $OPENAI_BASE_URL/models -H "Authorization: Bearer $OPENAI_API_KEY"'
"""
_USAGE = "%(prog)s [SCENARIO|DIR ...] [options] -- COMMAND [ARGUMENT ...]"
_DESCRIPTION = (
    "Start the emulator, lead OpenAI's and Azure's clients to it by the environment, run COMMAND, and stop. The exit "
    "code is COMMAND's; if that is 0 but the emulator found problems, they are told on stderr and it is 1."
)

#: Passed on to the command. A terminal sends the first ones to it by itself.
_FROM_TERMINAL: Final = ("SIGINT", "SIGQUIT", "SIGHUP")
_PASSED_ON: Final = (*_FROM_TERMINAL, "SIGTERM")
#: Who has ended the command knows why: nothing is told then.
_INTERRUPTED: Final = (KILLED + signal.SIGINT, KILLED + signal.SIGTERM)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description, parser.usage = _DESCRIPTION, _USAGE
    parser.add_argument(
        "scenarios", nargs="*", metavar="SCENARIO|DIR", help="scenario files and recordings, or directories of them"
    )
    parser.add_argument("--azure", action="store_true", help="for Azure's clients: takes OPENAI_BASE_URL away")
    add_address_options(parser, port=0)
    add_world_options(parser)
    add_json_option(parser, "the verdict as the last line of stdout, in place of the report")


def run(options: argparse.Namespace) -> int:
    from emulator.server.emulator import Emulator

    command: list[str] = options.wrapped
    if not command:
        raise EmulatorError(
            "exec: expected a command behind --, as in `assistants-emulator exec weather.yaml -- npm test`"
            + _forgotten(options.scenarios)
        )
    emulator = Emulator(
        *options.scenarios,
        seed=options.seed,
        clock=options.clock,
        start=options.start,
        unmatched=options.unmatched,
        shapes=options.shapes,
        after_sunset=options.after_sunset,
        host=options.host,
        port=options.port,
    )
    warn_of_others(options.host)
    with emulator:
        code = _run(command, environment(emulator, azure=options.azure))
        return _judge(emulator, command, code, json=options.json)


def _forgotten(words: Sequence[str]) -> str:
    """Who has left out the -- is told where it belongs."""
    first = next((word for word in words if not os.path.exists(word)), None)
    return f"; did you forget it before {first!r}?" if first else ""


def environment(control: Control, *, azure: bool) -> dict[str, str]:
    """This process's, with the variables that lead clients to the emulator."""
    environ = os.environ | control.environ
    if azure:
        del environ["OPENAI_BASE_URL"]
    return environ


def _run(command: list[str], environ: dict[str, str]) -> int:
    """The command's exit code, as a shell would have it."""
    with _signals() as passed_on:
        try:
            process = subprocess.Popen(command, env=environ)
        except FileNotFoundError:
            meant = (
                f"; for a line of the shell: sh -c {command[0]!r}" if command[1:] == [] and " " in command[0] else ""
            )
            tell(f"assistants-emulator: exec: there is no command {command[0]!r}{meant}")
            return NOT_FOUND
        except OSError as error:
            tell(f"assistants-emulator: exec: {command[0]!r} cannot be run: {error.strerror}")
            return CANNOT_RUN
        passed_on.append(process)
        code = process.wait()
    return KILLED - code if code < 0 else code


@contextlib.contextmanager
def _signals() -> Iterator[list[subprocess.Popen[bytes]]]:
    """While this lasts, signals that end programs go to the processes in the list, and this one waits for them."""
    processes: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, frame: Any) -> None:
        if signal.Signals(number).name in _FROM_TERMINAL and _is_in_foreground():
            return
        for process in processes:
            process.send_signal(number)

    numbers = [getattr(signal, name) for name in _PASSED_ON if hasattr(signal, name)]
    before = {number: signal.signal(number, pass_on) for number in numbers}
    try:
        yield processes
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_in_foreground() -> bool:
    """True if a terminal sends its signals to this process and to those that it has started."""
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


def _judge(control: Control, command: list[str], code: int, *, json: bool) -> int:
    """The exit code of all; what the emulator has seen is told if something has gone wrong."""
    problems = control.problems()
    verdict = code or (FOUND_PROBLEMS if problems else code)
    if json:
        runs = [
            {"id": run.id, "thread_id": run.thread_id, "turn": run.turn, "status": run.status} for run in control.runs()
        ]
        show_json_line(
            {
                "code": verdict,
                "command": command,
                "command_code": code,
                "requests": sum(1 + request.repeats for request in control.requests()),
                "runs": runs,
                "problems": [problem.as_json() for problem in problems],
            }
        )
    elif verdict and verdict not in _INTERRUPTED and control.requests():
        _report(control, command, code, len(problems))
    return verdict


def _report(control: Control, command: list[str], code: int, problems: int) -> None:
    """As a failed test's."""
    from emulator.control.report import report

    paint = Paint(sys.stderr)
    ended = f"ended with {code}" if code else "ended well"
    found = f"the emulator found {many(problems, 'problem')}" if problems else "the emulator found no problems"
    tell(paint(f"assistants-emulator: {command[0]} {ended}, {found}", "red"))
    heading = ""
    for line in report(control).splitlines():
        heading = heading if line.startswith(" ") else line
        tell(paint(printable(line), "bold" if line == heading else "red" if heading == "problems:" else ""))
