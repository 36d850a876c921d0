"""Imports recordings: reads and distils them, proves the scenario, and writes all of its files or none."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from emulator.base.problems import EmulatorError
from emulator.recordings.distil.api_calls import is_for_the_api
from emulator.recordings.distil.distil import Distilled, distil
from emulator.recordings.exchange import Recording, RecordingError
from emulator.recordings.proof.replay import Proof, prove
from emulator.recordings.redaction.redactor import Place, Redactor
from emulator.recordings.sources import is_recording, scenario_in

#: Called with the progress of a long import: the current activity, the number of steps done, and of all steps.
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Imported:
    """A scenario made of recordings, with its text and its proof. ``ignored``: files that are no recordings.

    ``redacted``: how many secrets were redacted in each place.
    """

    distilled: Distilled
    text: str
    proof: Proof
    ignored: list[str] = field(default_factory=list)
    redacted: Counter[Place] = field(default_factory=Counter)

    @property
    def turns(self) -> int:
        return len(self.distilled.document.get("turns", ()))


def read_files(files: Iterable[str | Path], progress: Progress | None = None) -> tuple[list[Recording], list[str]]:
    """The recordings in these files and directories, and the names of the other files in the directories.

    Raises RecordingError for a file that cannot be read as a recording, OSError for one that cannot be read at all.
    """
    from emulator.recordings.readers import read_recording

    ignored: list[str] = []
    chosen: list[Path] = []
    for file in map(Path, files):
        found = sorted(path for path in file.rglob("*") if path.is_file()) if file.is_dir() else [file]
        fitting = {path: not file.is_dir() or is_recording(path.read_bytes()) for path in found}
        if file.is_dir() and not any(fitting.values()):
            raise RecordingError(f"{file}: expected recordings in this directory, found none")
        ignored += [str(path) for path, fits in fitting.items() if not fits]
        chosen += [path for path, fits in fitting.items() if fits]
    recordings = []
    chosen = list({path.resolve(): path for path in reversed(chosen)}.values())[::-1]  # each file once
    for number, path in enumerate(chosen):
        if progress:
            progress(f"reading {path.name}", number, len(chosen))
        recordings.append(read_recording(path))
    return recordings, ignored


def import_files(
    files: Iterable[str | Path],
    name: str,
    progress: Progress | None = None,
    *,
    folder: str = "",
    redactor: Redactor | None = None,
) -> Imported:
    """Reads, redacts, distils and proves recordings. ``folder``: see ``distil``; by default the scenario's name.

    Without a ``redactor`` all secrets stay.

    The scenario is read back from its text, so nothing is written that ``check`` refuses.

    Raises as ``read_files`` does, and RecordingError if no request is for the API, or if the scenario is too large.
    """
    recordings, ignored = read_files(files, progress)
    recordings = redactor.recordings(recordings) if redactor else recordings
    distilled = distil_all(recordings, name, folder)
    if progress:
        progress("proving", len(recordings), len(recordings))
    text = distilled.text()
    places = redactor.places if redactor else Counter[Place]()
    return Imported(distilled, text, prove(distilled, scenario_in(text, distilled)), ignored, places)


def distil_all(recordings: list[Recording], name: str, folder: str = "") -> Distilled:
    """Distils recordings. Raises RecordingError if no request is for the API."""
    distilled = distil(recordings, name, folder or name)
    if not any(is_for_the_api(api_call) for api_call in distilled.api_calls):
        paths = list(dict.fromkeys(api_call.exchange.path for api_call in distilled.api_calls))[:3]
        requested = f"; they are for {', '.join(paths)}" if paths else ""
        count, sources = len(distilled.api_calls), ", ".join(distilled.sources)
        raise RecordingError(
            f"{sources}: none of its {count} requests is for the Assistants or Responses API{requested}"
        )
    return distilled


def save(imported: Imported, out: Path, *, force: bool = False) -> list[Path]:
    """Writes the scenario and the files beside it. Raises EmulatorError if one already exists, unless ``force``."""
    files = {out: imported.text.encode()}
    files |= {out.parent / path: content for path, content in imported.distilled.files.items()}
    if not out.parent.is_dir():
        raise EmulatorError(f"{out.parent} is not a directory. Create it first, or use another --out.")
    for path in files:
        if path.is_dir():
            raise EmulatorError(f"{path} is a directory. Use --out with the name of a file.")
        if path.exists() and not force:
            raise EmulatorError(f"{path} already exists. Use another --out, or --force to overwrite it.")
    drafts = {path: path.with_name(f".{path.name}.{os.getpid()}.draft") for path in files}
    folders = [path for path in dict.fromkeys(path.parent for path in files) if not path.exists()]
    try:
        for path, content in files.items():
            path.parent.mkdir(exist_ok=True)
            drafts[path].write_bytes(content)
        for path in reversed(files):  # the scenario last: it names the others
            drafts[path].replace(path)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
        for folder in folders:
            with suppress(OSError):
                folder.rmdir()  # it stays if something was written to it
    return list(files)
