"""Imports recordings: reads and distils them, proves the scenario, and writes all of its files or none."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from emulator.base.files import read_file
from emulator.base.problems import EmulatorError
from emulator.recordings.distil.api_calls import is_for_the_api
from emulator.recordings.distil.bases import with_base
from emulator.recordings.distil.distil import Distilled, distil
from emulator.recordings.distil.ordering import sessions
from emulator.recordings.exchange import Recording, RecordingError
from emulator.recordings.proof.replay import prove
from emulator.recordings.proof.result import Proof
from emulator.recordings.redaction.redactor import Place, Redactor
from emulator.recordings.sources import is_recording, scenario_in

#: The file of the schema that editors find beside a scenario, if somebody has put it there.
SCHEMA_FILE: Final = "scenario.schema.json"

#: Called with the progress of a long import: the current activity, the number of steps done, and of all steps.
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Imported:
    """A scenario made of recordings, with its text and its proof. ``ignored``: files that are no recordings.

    ``redacted``: how many secrets were redacted in each place. ``sessions``: how many sessions the recordings are, as
    far as one names what another has made.
    """

    distilled: Distilled
    text: str
    proof: Proof
    ignored: list[str] = field(default_factory=list)
    redacted: Counter[Place] = field(default_factory=Counter)
    sessions: int = 1

    @property
    def turns(self) -> int:
        return len(self.distilled.document.get("turns", ()))

    def files(self, out: Path) -> dict[Path, bytes]:
        """All files of the scenario, if it is written to ``out``."""
        beside = {out.parent / path: content for path, content in self.distilled.files.items()}
        return {out: self.text.encode(), **beside}


class NotForTheApi(RecordingError):
    """A recording has no request for the API."""


def chosen_files(files: Iterable[str | Path]) -> tuple[list[tuple[Path, str]], list[str]]:
    """The files to read, each once with its path below the directory that was named, and the names of all others.

    Raises RecordingError for a directory without recordings, OSError for a file that cannot be read.
    """
    chosen: dict[Path, tuple[Path, str]] = {}
    ignored: list[str] = []
    for file in map(Path, files):
        if not file.is_dir():
            chosen.setdefault(Path(os.path.realpath(file)), (file, stem_of(file)))
            continue
        found = sorted(path for path in file.rglob("*") if not path.is_dir())
        fitting = [path for path in found if path.is_file() and is_recording(read_file(path))]
        if not fitting:
            raise RecordingError(f"{file}: expected recordings in this directory, found none")
        ignored += [str(path) for path in found if path not in set(fitting)]
        for path in fitting:
            below = path.parent.relative_to(file) / stem_of(path)
            chosen.setdefault(Path(os.path.realpath(path)), (path, below.as_posix()))
    return list(chosen.values()), ignored


def stem_of(path: Path) -> str:
    """The name of a recording without its ending, also that of a compression: ``chat`` for ``chat.har.gz``."""
    return path.with_suffix("").stem if path.suffix in (".gz", ".zip") else path.stem


def read_files(files: Iterable[str | Path], progress: Progress | None = None) -> tuple[list[Recording], list[str]]:
    """The recordings in these files and directories, and the names of the other files in the directories.

    Raises RecordingError for a file that cannot be read as a recording, OSError for one that cannot be read at all.
    """
    from emulator.recordings.readers import read_recording

    chosen, ignored = chosen_files(files)
    recordings = []
    for number, (path, _) in enumerate(chosen):
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
    base: str | None = None,
    chunks: bool = True,
) -> Imported:
    """Reads, redacts, distils and proves recordings. ``folder``: see ``distil``; by default the scenario's name.

    ``base``: the path below which the recordings have the API; by default it is found. ``chunks``: see ``distil``.

    Without a ``redactor`` all secrets stay.

    The scenario is read back from its text, so nothing is written that ``check`` refuses.

    Raises as ``read_files`` does, and RecordingError if no request is for the API, or if the scenario is too large.
    """
    recordings, ignored = read_files(files, progress)
    recordings = [with_base(one, base) for one in recordings] if base is not None else recordings
    if progress:
        progress("proving", len(recordings), len(recordings))
    imported = import_recordings(recordings, name, folder=folder, redactor=redactor, chunks=chunks)
    imported.ignored = ignored
    return imported


def import_recordings(
    recordings: list[Recording],
    name: str,
    *,
    folder: str = "",
    redactor: Redactor | None = None,
    chunks: bool = True,
    schema: str = SCHEMA_FILE,
) -> Imported:
    """As ``import_files``, of recordings that have been read. ``schema``: the path of the schema, for editors."""
    known = Counter(redactor.places) if redactor else Counter[Place]()
    recordings = redactor.recordings(recordings) if redactor else recordings
    distilled = distil_all(recordings, name, folder, chunks=chunks)
    text = distilled.text(schema)
    places = redactor.places - known if redactor else known
    proof = prove(distilled, scenario_in(text, distilled))
    return Imported(distilled, text, proof, redacted=places, sessions=sessions(recordings))


def distil_all(recordings: list[Recording], name: str, folder: str = "", *, chunks: bool = True) -> Distilled:
    """Distils recordings. Raises RecordingError if no request is for the API."""
    distilled = distil(recordings, name, folder or name, chunks=chunks)
    if not any(is_for_the_api(api_call) for api_call in distilled.api_calls):
        paths = list(dict.fromkeys(api_call.exchange.path for api_call in distilled.api_calls))[:3]
        requested = f"; they are for {', '.join(paths)}" if paths else ""
        count, sources = len(distilled.api_calls), ", ".join(distilled.sources)
        raise NotForTheApi(f"{sources}: none of its {count} requests is for the Assistants or Responses API{requested}")
    return distilled


def save(imported: Imported, out: Path, *, force: bool = False) -> list[Path]:
    """Writes the scenario and the files beside it. Raises EmulatorError if one already exists, unless ``force``."""
    return write_all(imported.files(out), force=force)


def write_all(files: Mapping[Path, bytes], *, force: bool = False) -> list[Path]:
    """Writes files, in directories that it makes, or none of them. Raises EmulatorError as ``save`` does."""
    for path in files:
        if path.is_dir():
            raise EmulatorError(f"{path} is a directory. Use --out with the name of a file.")
        if blocked := next((folder for folder in path.parents if folder.exists() and not folder.is_dir()), None):
            raise EmulatorError(f"{blocked} is not a directory. Use another --out.")
        if path.exists() and not force:
            raise EmulatorError(f"{path} already exists. Use another --out, or --force to overwrite it.")
    drafts = {path: path.with_name(f".{path.name}.{os.getpid()}.draft") for path in files}
    above = {folder for path in files for folder in path.parents if not folder.exists()}
    folders = sorted(above, key=lambda folder: len(folder.parts), reverse=True)
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            drafts[path].write_bytes(content)
        for path in reversed(list(files)):  # the scenario last: it names the others
            drafts[path].replace(path)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
        for folder in folders:
            with suppress(OSError):
                folder.rmdir()  # it stays if something was written to it
    return list(files)
