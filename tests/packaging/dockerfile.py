"""Does what a Dockerfile says, without a container engine: a directory is the image, a new environment its Python.

Its user is not changed to. A path of the image's is below that directory; an argument that is one is told so.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.packaging.environments import Environment


@dataclass(frozen=True)
class Instruction:
    name: str
    value: str

    @property
    def words(self) -> list[str]:
        """The command in its exec form."""
        words: list[str] = json.loads(self.value)
        return words


def instructions(text: str) -> list[Instruction]:
    """Comments and continued lines are undone; a health check is its command."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    logical = "\n".join(lines).replace("\\\n", " ").splitlines()
    found = [Instruction(*line.split(None, 1)) for line in logical]
    return [
        Instruction(one.name, re.sub(r"^.*?CMD ", "", one.value)) if one.name == "HEALTHCHECK" else one for one in found
    ]


def the(name: str, found: Iterable[Instruction]) -> Instruction:
    """The only instruction of that name."""
    (one,) = [instruction for instruction in found if instruction.name == name]
    return one


class Context:
    """The files of a build, without those that ``.dockerignore`` leaves out: its last pattern that fits decides."""

    def __init__(self, root: Path) -> None:
        self.root = root
        lines = (root / ".dockerignore").read_text().splitlines()
        self._patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]

    def has(self, path: str) -> bool:
        parts = path.split("/")
        prefixes = ["/".join(parts[: end + 1]) for end in range(len(parts))]
        left_out = False
        for pattern in self._patterns:
            expression = re.escape(pattern.removeprefix("!")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
            if any(re.fullmatch(expression, prefix) for prefix in prefixes):
                left_out = not pattern.startswith("!")
        return not left_out

    def copy(self, source: str, to: Path) -> None:
        """Into a directory; of a directory, what is in it."""
        origin = self.root / source
        found = [origin] if origin.is_file() else [path for path in origin.rglob("*") if path.is_file()]
        wanted = [path for path in found if self.has(str(path.relative_to(self.root)))]
        assert wanted, f"{source} is not in the build context"
        for path in wanted:
            target = to / (path.name if origin.is_file() else path.relative_to(origin))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


class Image:
    """What building leaves: files below ``root``, variables, and the commands that were run."""

    def __init__(self, environment: Environment, context: Context) -> None:
        self.environment = environment
        self.root = environment.directory
        self.directory = self.root
        self.ran: list[str] = []
        self._context = context
        self._variables: dict[str, str] = {}

    def build(self, found: Iterable[Instruction]) -> None:
        """RUN, COPY, ENV and WORKDIR act; the others only say how the image is used."""
        for instruction in found:
            act = getattr(self, f"_{instruction.name.lower()}", None)
            if act is not None:
                act(instruction.value)

    def path(self, path: str) -> Path:
        """Where a path of the image's is."""
        return self.root / path.lstrip("/") if path.startswith("/") else self.directory / path

    def command(self, words: list[str]) -> list[str]:
        """As it is called here."""
        program = shutil.which(words[0], path=self.environment.variables["PATH"])
        assert program, f"the image has no {words[0]}"
        return [program, *(str(self.path(word)) if word.startswith("/") else word for word in words[1:])]

    @property
    def variables(self) -> dict[str, str]:
        return self.environment.variables | self._variables

    def _workdir(self, value: str) -> None:
        self.directory = self.path(value)
        self.directory.mkdir(parents=True, exist_ok=True)

    def _env(self, value: str) -> None:
        self._variables |= dict(pair.split("=", 1) for pair in shlex.split(value))

    def _copy(self, value: str) -> None:
        *sources, target = value.split()
        for source in sources:
            self._context.copy(source, self.path(target))

    def _run(self, value: str) -> None:
        self.environment.output("sh", "-ec", f"cd {shlex.quote(str(self.directory))}\n{value}", **self._variables)
        self.ran.append(value)
