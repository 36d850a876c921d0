"""Imports recordings that do not belong together, such as the cassettes of tests: a scenario of each."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from emulator.base.problems import EmulatorError
from emulator.recordings.distil.bases import with_base
from emulator.recordings.exchange import RecordingError
from emulator.recordings.importing import (
    SCHEMA_FILE,
    Imported,
    NotForTheApi,
    Progress,
    chosen_files,
    import_recordings,
    write_all,
)
from emulator.recordings.readers import read_recording

if TYPE_CHECKING:
    from emulator.recordings.redaction.redactor import Redactor


class Separate(NamedTuple):
    """Scenarios, one for each recording, with the files to write them to; recordings that have none; other files."""

    imported: list[tuple[Path, Imported]]
    not_for_the_api: list[str]
    ignored: list[str]


def import_each(
    files: Iterable[str | Path],
    out: Path,
    progress: Progress | None = None,
    *,
    redactor: Redactor | None = None,
    base: str | None = None,
    chunks: bool = True,
) -> Separate:
    """Makes a scenario of each recording, named after its file, below the directory ``out``.

    ``base``, ``chunks``: see ``import_files``.

    Raises as ``import_files`` does, and RecordingError if no recording has a request for the API.
    """
    found, ignored = chosen_files(files)
    made: dict[Path, Imported] = {}
    skipped: list[str] = []
    for number, (path, name) in enumerate(found):
        if progress:
            progress(f"importing {path.name}", number, len(found))
        target = _free(out / f"{name}.yaml", path, made)
        title = target.relative_to(out).with_suffix("").as_posix()
        recording = read_recording(path)
        recording = recording if base is None else with_base(recording, base)
        schema = "../" * title.count("/") + SCHEMA_FILE
        try:
            made[target] = import_recordings(
                [recording], title, folder=target.stem, redactor=redactor, chunks=chunks, schema=schema
            )
        except NotForTheApi as error:
            skipped.append(str(error))
    if not made:
        raise RecordingError("; ".join(skipped[:3]))
    return Separate(list(made.items()), skipped, ignored)


def _free(target: Path, source: Path, taken: Iterable[Path]) -> Path:
    """The file, or one with the ending of the recording in its name, as ``a.json`` and ``a.yaml`` have one name."""
    return target.with_stem(f"{target.stem}-{source.suffix.lstrip('.')}") if target in taken else target


def save_each(separate: Separate, *, force: bool = False) -> list[Path]:
    """Writes all scenarios and the files beside them, or none. Raises EmulatorError if one exists, unless ``force``."""
    files: dict[Path, bytes] = {}
    for target, imported in separate.imported:
        for path, content in imported.files(target).items():
            if files.setdefault(path, content) != content:
                raise EmulatorError(f"two recordings would write {path}: import them one by one")
    return write_all(files, force=force)
