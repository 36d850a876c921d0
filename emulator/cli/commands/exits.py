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
    "0": "done as asked; `serve`, `replay` and `record` were stopped by SIGTERM or Ctrl-C",
    "1": "a scenario is refused; `check` or, once its command has ended well, `exec` found problems",
    "2": "it cannot be done: a wrong option, a file that cannot be read or is no recording, a port that is taken",
    "126, 127": "the command of `exec` cannot be run, or is not there",
    "130": "interrupted before it was done",
    "128 + n": "the command of `exec` was killed by signal n; any other code of `exec` is its command's own",
}
