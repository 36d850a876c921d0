"""Loads scenario files into plain values. A bad file is refused whole, with every reason (``scenario_checks``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path as FilePath
from typing import Any

from emulator.base.files import read_file
from emulator.base.json_types import Object
from emulator.base.limits import MAX_FILE_PROBLEMS, MAX_LOCAL_FILE
from emulator.base.problems import ScenarioError
from emulator.sandbox import templates
from emulator.scenarios.checks import local_files, problems, strings, turn_name
from emulator.scenarios.document import Document, Path, from_data, in_memory, parse
from emulator.scenarios.faults import Fault, fault_of
from emulator.scenarios.model import Scenario, Turn
from emulator.scenarios.steps import STEP_KINDS
from emulator.scenarios.steps.step import Step
from emulator.scenarios.stubs import Stub, stub_of

#: What a directory's scenario files end in.
SUFFIXES = (".yaml", ".yml", ".json")
#: What a schema ends in, which may lie beside them for editors.
_SCHEMA = ".schema.json"


def load_scenario(source: str | FilePath | Object) -> Scenario:
    """Reads and checks a file (YAML or JSON), or a scenario as a dict.

    Raises ScenarioError with all problems; FileNotFoundError and other OSErrors for a file that cannot be read.
    """
    if isinstance(source, dict):
        return check_document(from_data(source), contents=_read_contents(source, FilePath()))
    document, contents = read_document(FilePath(source))
    return check_document(document, FilePath(source).stem, contents)


def read_document(path: FilePath) -> tuple[Document, dict[str, bytes]]:
    """A scenario file and the contents of the files that it names. Raises ScenarioError and OSError."""
    return document_of(read_file(path), str(path), path.parent)


def document_of(raw: bytes, file: str, folder: FilePath) -> tuple[Document, dict[str, bytes]]:
    """As ``read_document``, for bytes that were read already; files are looked for in ``folder``."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ScenarioError([f"{file}:1:1: expected UTF-8 text: {error}"]) from None
    document = parse(text.replace("\r\n", "\n").replace("\r", "\n"), file)
    return document, _read_contents(document.data, folder, is_trusted=False)


def _read_contents(data: Any, folder: FilePath, *, is_trusted: bool = True) -> dict[str, bytes]:
    """The local files that a scenario names, by path: those that can be read; the check tells of the others.

    A scenario that is a file may come from anywhere, so what it names has to lie beside or below it, wherever links
    lead; devices and pipes are no files. One that is written in Python names what its author could open anyway.
    """
    paths = {item["path"] for _, item in local_files(data) if isinstance(item.get("path"), str)}
    return {path: read_file(folder / path) for path in sorted(paths) if _is_open(folder, path, is_trusted)}


def _is_open(folder: FilePath, path: str, is_trusted: bool) -> bool:
    try:
        file = (folder / path).resolve()
        lies_here = is_trusted or file.is_relative_to(folder.resolve())
        return lies_here and file.is_file() and file.stat().st_size <= MAX_LOCAL_FILE
    except (OSError, ValueError, RuntimeError):  # a loop of links (RuntimeError before Python 3.13), a NUL
        return False


def contents_of(text: str, folder: FilePath) -> dict[str, bytes]:
    """The local files that a scenario's text names, for those who post it; none if it cannot be read."""
    try:
        return _read_contents(parse(text, "").data, folder, is_trusted=False)
    except ScenarioError:
        return {}


def load_scenarios(*sources: str | FilePath | Object) -> tuple[Scenario, ...]:
    """As ``load_scenario`` for each; a directory stands for the scenario files in it, by name.

    In the order in which they are to be loaded; those loaded later take precedence. Raises ScenarioError for namesakes.
    """
    loaded: list[Scenario] = []
    for source in sources:
        loaded += [load_scenario(source)] if isinstance(source, dict) else map(load_scenario, scenario_files(source))
    refuse_namesakes(loaded)
    return tuple(loaded)


def refuse_namesakes(scenarios: Iterable[Scenario]) -> None:
    """Raises ScenarioError for scenarios of one name that are loaded together: one would replace the other."""
    first: dict[str, Scenario] = {}
    problems = []
    for one in scenarios:
        other = first.setdefault(one.name, one)
        if other is one or not one.name:
            continue
        if other.file == one.file and not in_memory(one.file):
            problems.append(f"{one.file}: it is given twice")
        else:
            problems.append(
                f"{one.file}: its name {one.name!r} is that of {other.file} too; give it a `name:` of its own"
            )
    if problems:
        raise ScenarioError(problems)


def scenario_files(*sources: str | FilePath) -> list[FilePath]:
    """The files that these are: a directory stands for the scenario files in it, by name.

    Raises ScenarioError for a directory without any.
    """
    files: list[FilePath] = []
    for source in map(FilePath, sources):
        if source.is_dir():
            found = sorted(
                path for path in source.iterdir() if path.suffix in SUFFIXES and not path.name.endswith(_SCHEMA)
            )
            if not found:
                raise ScenarioError([f"{source}: expected scenario files ({', '.join(SUFFIXES)}) in this directory"])
            files += found
        else:
            files.append(source)
    return files


def parse_scenario(text: str, file: str, name: str = "", contents: Mapping[str, bytes] | None = None) -> Scenario:
    """As ``load_scenario``, from text. ``name`` is for a document that has none; ``contents`` of files by path."""
    return check_document(parse(text, file), name, contents)


def check_document(document: Document, name: str = "", contents: Mapping[str, bytes] | None = None) -> Scenario:
    """The scenario in a document; raises ScenarioError with all problems."""
    known = contents or {}
    found = sorted(
        islice(problems(document.data, known), MAX_FILE_PROBLEMS + 1), key=lambda one: document.place(one[0])
    )
    if found:
        reports = [document.report(path, message) for path, message in found[:MAX_FILE_PROBLEMS]]
        raise ScenarioError([*reports, *(["and more"] if found[MAX_FILE_PROBLEMS:] else [])])
    data = document.data
    title = data.get("name") or name
    return Scenario(
        name=title,
        file=document.file,
        settings=data.get("settings") or {},
        given=data.get("given") or {},
        turns=tuple(_turn(document, n, turn, title, known) for n, turn in enumerate(data.get("turns", []))),
        indexing=tuple(data.get("indexing") or ()),
        faults=tuple(_fault(document, n, fault) for n, fault in enumerate(data.get("faults") or ())),
        stubs=tuple(_stub(document, n, stub) for n, stub in enumerate(data.get("stubs") or ())),
        contents=known,
    )


def _fault(document: Document, number: int, data: Object) -> Fault:
    if in_memory(document.file):
        return fault_of(data)
    return fault_of(data, document.file, document.line(("faults", number)))


def _stub(document: Document, number: int, data: Object) -> Stub:
    place = "" if in_memory(document.file) else f"{document.file}:{document.line(('stubs', number))}"
    has_templates = any(templates.is_template(text) for _, text in strings(data.get("body"), ()))
    return stub_of(data, place, has_templates=has_templates)


def _turn(document: Document, number: int, data: Object, scenario: str, contents: Mapping[str, bytes]) -> Turn:
    path: Path = ("turns", number)
    steps = data["steps"]
    kinds = [next(key for key in step if key in STEP_KINDS) for step in steps]
    read = [
        Step(
            kind=kind,
            value=step[kind],
            beside={key: value for key, value in step.items() if key != kind},
            line=None if in_memory(document.file) else document.line((*path, "steps", index)),
            stays_open=index + 1 < len(kinds) and STEP_KINDS[kinds[index + 1]].finds_open,
        )
        for index, (kind, step) in enumerate(zip(kinds, steps, strict=True))
    ]
    return Turn(
        name=turn_name(data, number),
        steps=tuple(read),
        when=data.get("when") or {},
        times=data.get("times"),
        usage=data.get("usage"),
        polls=data.get("polls") or {},
        cancels_late=data.get("cancel") == "late",
        contents=contents,
        scenario=scenario,
        file=None if in_memory(document.file) else document.file,
        line=None if in_memory(document.file) else document.line(path),
    )
