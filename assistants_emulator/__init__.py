"""The doors of the distribution assistants-emulator, whose package is called ``emulator``.

Another package of that name, or a module of the user's, can hide it. These doors then say so in a sentence.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys


def why_hidden() -> str | None:
    """Why the package cannot be used, as another one hides it; None if it can."""
    try:
        import emulator
    except ImportError as error:
        return f"assistants-emulator: `import emulator` fails: {error}. {_WAY_OUT}"
    if getattr(emulator, "__distribution__", None) == "assistants-emulator":
        return None
    place = getattr(emulator, "__file__", None) or next(iter(getattr(emulator, "__path__", ())), "an unknown place")
    return f"assistants-emulator: `import emulator` finds another package, in {place}. {_WAY_OUT}"


_WAY_OUT = (
    "Rename that module, or use another directory or environment. "
    "PyPI has an unrelated package `emulator`; do not install both."
)


#: When the garbage collector of a command begins: modules and recordings are many objects, and few are garbage. The
#: younger generations come often enough that none keeps a server's loop for long: 30,000 objects at once.
_THRESHOLDS = (10_000, 2, 4_000)


def main() -> int:
    """The command line, in a process of its own.

    Ctrl-C is quiet at any moment, also while modules are imported and at the end.
    """
    gc.set_threshold(*_THRESHOLDS)
    try:
        code = _main()
    except KeyboardInterrupt:
        code = 130
    with contextlib.suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # the interpreter, as it ends, does not look for garbage in what ends with it
    return code


def _open_closed_streams() -> None:
    """Whoever closes a standard stream (``>&-``) wants nothing of it; no file or socket may get its number."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115


def _main() -> int:
    _open_closed_streams()
    if why := why_hidden():
        print(why, file=sys.stderr)
        return 2
    from emulator.cli.main import main as run

    return run()
