"""Exit codes of the command line."""

from __future__ import annotations

from typing import Final

#: Success; problems in scenarios or in the requests to the emulator; the command cannot be carried out.
OK, FOUND_PROBLEMS, CANNOT = 0, 1, 2
#: The exit codes of shells, for the command that ``exec`` runs.
CANNOT_RUN, NOT_FOUND = 126, 127
#: The signal's number is added.
KILLED = 128
INTERRUPTED = KILLED + 2
#: The reader of the output has closed the pipe (SIGPIPE).
READER_LEFT = KILLED + 13

#: Their meanings, for the documentation.
MEANINGS: Final = {
    "0": "success; for `serve`, `replay` and `record`: stopped by SIGTERM or Ctrl-C",
    "1": "a scenario is invalid; `check` found problems, or `exec` did although its command succeeded; "
    "`parity` found a difference or a problem, or its command failed; `health` found no emulator; the proof of "
    "`import` found a difference",
    "2": "the command cannot be carried out: an invalid option, a file that cannot be read (for `check` too), a port "
    "that is taken; for `parity` also an invalid scenario",
    "126, 127": "the command of `exec` or `parity` cannot be run, or does not exist",
    "130": "interrupted before the end",
    "128 + n": "signal n killed the command of `exec`; all other codes of `exec` are those of its command",
}
