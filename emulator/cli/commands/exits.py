"""Exit codes of the command line."""

from __future__ import annotations

from typing import Final

#: As asked; scenarios, or what was asked of the emulator, are not fine; the command cannot be carried out.
FINE, FOUND_PROBLEMS, CANNOT = 0, 1, 2
#: As shells have them, for the command that ``exec`` runs.
CANNOT_RUN, NOT_FOUND = 126, 127
#: Plus the signal's number.
KILLED = 128
INTERRUPTED = KILLED + 2
#: As a program ends whose reader has left (SIGPIPE).
READER_LEFT = KILLED + 13

#: What the docs/server.md says of them.
MEANINGS: Final = {
    "0": "done as asked; `serve`, `replay` and `record` were stopped by SIGTERM or Ctrl-C",
    "1": "a scenario is refused; `check` or, once its command has ended well, `exec` found problems",
    "2": "it cannot be done: a wrong option, a file that cannot be read or is no recording, a port that is taken",
    "126, 127": "the command of `exec` cannot be run, or is not there",
    "130": "interrupted before it was done",
    "128 + n": "the command of `exec` was killed by signal n; any other code of `exec` is its command's own",
}
