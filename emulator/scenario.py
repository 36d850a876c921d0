"""Loads scenario files into plain values. A bad file is refused whole, with every reason (``scenario_checks``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path as FilePath

from emulator.document import Document, Path, from_data, in_memory, parse
from emulator.errors import ScenarioError
from emulator.lifecycle import Object
from emulator.scenario_checks import problems
from emulator.steps import VERBS, Act

#: What a directory's scenario files end in.
SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Turn:
    """How the assistant behaves in one run."""

    name: str
    acts: tuple[Act, ...]
    when: Object = field(default_factory=dict)
    times: int | None = None
    usage: Object | None = None
    polls: Object = field(default_factory=dict)
    cancels_late: bool = False
    scenario: str = ""
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario file, checked."""

    name: str
    file: str
    settings: Object
    given: Object
    turns: tuple[Turn, ...]
    #: What comes of indexing files, when it is not what their contents say.
    indexing: tuple[Object, ...] = ()
    #: The text as it was read, to be sent to a server by those who read the file on their side.
    source: str = ""

    def labels(self) -> set[str]:
        """The gates that its steps name."""
        return {act.value for turn in self.turns for act in turn.acts if act.verb == "hold"}


def load_scenario(source: str | FilePath | Object) -> Scenario:
    """Reads and checks a file (YAML or JSON), or a scenario as a dict.

    Raises ScenarioError with all problems; FileNotFoundError and other OSErrors for a file that cannot be read.
    """
    if isinstance(source, dict):
        return check_document(from_data(source))
    path = FilePath(source)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ScenarioError([f"{path}:1:1: expected UTF-8 text: {error}"]) from None
    return parse_scenario(text, str(path), path.stem)


def load_scenarios(*sources: str | FilePath | Object) -> tuple[Scenario, ...]:
    """As ``load_scenario`` for each; a directory stands for the scenario files in it, by name.

    In the order in which they are to be loaded; those loaded later are asked first.
    """
    loaded: list[Scenario] = []
    for source in sources:
        loaded += [load_scenario(source)] if isinstance(source, dict) else map(load_scenario, scenario_files(source))
    return tuple(loaded)


def scenario_files(*sources: str | FilePath) -> list[FilePath]:
    """The files that these are: a directory stands for the scenario files in it, by name.

    Raises ScenarioError for a directory without any.
    """
    files: list[FilePath] = []
    for source in map(FilePath, sources):
        if source.is_dir():
            found = sorted(path for path in source.iterdir() if path.suffix in SUFFIXES)
            if not found:
                raise ScenarioError([f"{source}: expected scenario files ({', '.join(SUFFIXES)}) in this directory"])
            files += found
        else:
            files.append(source)
    return files


def parse_scenario(text: str, file: str, name: str = "") -> Scenario:
    """As ``load_scenario``, from text. ``name`` is for a document that has none."""
    return check_document(parse(text, file), name, text)


def check_document(document: Document, name: str = "", source: str = "") -> Scenario:
    """The scenario in a document; raises ScenarioError with all problems."""
    found = sorted(problems(document.data), key=lambda problem: document.place(problem[0]))
    if found:
        raise ScenarioError([document.report(path, message) for path, message in found])
    data = document.data
    title = data.get("name") or name
    return Scenario(
        name=title,
        file=document.file,
        settings=data.get("settings") or {},
        given=data.get("given") or {},
        turns=tuple(_turn(document, n, turn, title) for n, turn in enumerate(data.get("turns", []))),
        indexing=tuple(data.get("indexing") or ()),
        source=source,
    )


def _turn(document: Document, number: int, data: Object, scenario: str) -> Turn:
    path: Path = ("turns", number)
    steps = data["steps"]
    verbs = [next(key for key in step if key in VERBS) for step in steps]
    acts = [
        Act(
            verb=verb,
            value=step[verb],
            beside={key: value for key, value in step.items() if key != verb},
            line=None if in_memory(document.file) else document.line((*path, "steps", index)),
            stays_open=index + 1 < len(verbs) and VERBS[verbs[index + 1]].finds_open,
        )
        for index, (verb, step) in enumerate(zip(verbs, steps, strict=True))
    ]
    return Turn(
        name=data.get("name") or f"turn {number + 1}",
        acts=tuple(acts),
        when=data.get("when") or {},
        times=data.get("times"),
        usage=data.get("usage"),
        polls=data.get("polls") or {},
        cancels_late=data.get("cancel") == "late",
        scenario=scenario,
        file=None if in_memory(document.file) else document.file,
        line=None if in_memory(document.file) else document.line(path),
    )
