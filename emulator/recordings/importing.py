"""From files to a scenario on the disk: reads, distils, proves, and writes all or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from emulator.base.problems import EmulatorError
from emulator.recordings.distil.api_calls import has_address
from emulator.recordings.distil.distil import Distilled, distil
from emulator.recordings.exchange import Recording, RecordingError
from emulator.recordings.proof.replay import Proof, prove
from emulator.recordings.sources import is_recording, scenario_from

#: Told how far a long import is: what is being done, how many of how many are done.
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Imported:
    """A scenario made of recordings: its text, and how it stands the proof."""

    distilled: Distilled
    text: str
    proof: Proof
    ignored: list[str] = field(default_factory=list)

    @property
    def turns(self) -> int:
        return len(self.distilled.document.get("turns", ()))


def read_files(files: Iterable[str | Path], progress: Progress | None = None) -> tuple[list[Recording], list[str]]:
    """The recordings in these files; a directory stands for those in it, and its other files are named.

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
    chosen = list({path.resolve(): path for path in reversed(chosen)}.values())[::-1]  # each once
    for number, path in enumerate(chosen):
        if progress:
            progress(f"reading {path.name}", number, len(chosen))
        recordings.append(read_recording(path))
    return recordings, ignored


def import_files(
    files: Iterable[str | Path], name: str, progress: Progress | None = None, *, folder: str = ""
) -> Imported:
    """Reads, distils and proves; ``folder`` begins the name of that of the files beside, in place of the scenario's.

    Raises as ``read_files`` does, and RecordingError if nothing asks for the API.
    """
    recordings, ignored = read_files(files, progress)
    distilled = distil_all(recordings, name, folder)
    if progress:
        progress("proving", len(recordings), len(recordings))
    return Imported(distilled, distilled.text(), prove(distilled, scenario_from(distilled)), ignored)


def distil_all(recordings: list[Recording], name: str, folder: str = "") -> Distilled:
    """Raises RecordingError if nothing asks for the API."""
    distilled = distil(recordings, name, folder or name)
    if not any(seen.operation or not has_address(seen.exchange) for seen in distilled.seens):
        paths = list(dict.fromkeys(seen.exchange.path for seen in distilled.seens))[:3]
        asked = f"; they ask for {', '.join(paths)}" if paths else ""
        count, sources = len(distilled.seens), ", ".join(distilled.sources)
        raise RecordingError(f"{sources}: none of its {count} requests is for the Assistants API{asked}")
    return distilled


def save(imported: Imported, out: Path, *, force: bool = False) -> list[Path]:
    """Writes the scenario and the files beside it. Raises EmulatorError if one is there, unless ``force``."""
    files = {out: imported.text.encode()}
    files |= {out.parent / path: content for path, content in imported.distilled.beside.items()}
    if not out.parent.is_dir():
        raise EmulatorError(f"{out.parent} is no directory; make it first, or name another --out")
    for path in files:
        if path.is_dir():
            raise EmulatorError(f"{path} is a directory; --out names a file")
        if path.exists() and not force:
            raise EmulatorError(f"{path} is there already; another --out, or --force to replace it, may do")
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
                folder.rmdir()  # nothing came to be in it
    return list(files)
