"""Follows a page block by block, in one directory. There is a check for each language of a block."""

from __future__ import annotations

import configparser
import io
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from emulator import Control, pytest_plugin
from emulator.base.project import TABLE, Project
from emulator.cli.main import parsers
from emulator.cli.project_options import read_options
from emulator.recordings.sources import load_sources
from emulator.world.options import Options
from emulator.world.world import World
from tests.packaging.readme import one_minute
from tests.pages import Block, blocks
from tests.support import ROOT, SCENARIOS

EXAMPLES: Final = ROOT / "tests" / "examples"

#: The pytest of a user: this project's plugin, and the one for tests that are coroutines.
PLAIN_PYTEST: Final = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTEST_PLUGINS": "emulator.pytest_plugin,pytest_asyncio.plugin",
    "PYTEST_ADDOPTS": "-W ignore::DeprecationWarning",
}

#: Commands that are not run here: how they begin, and the reason.
NOT_RUN: Final = {
    "pip install": "needs a package index: tests/packaging/test_clean_environment.py runs it",
    "make": "needs a fresh clone: tests/packaging/test_checkout.py runs it",
    "docker": "needs a container engine: tests/packaging runs the steps of the Dockerfile",
    "assistants-emulator exec weather.yaml -- npm": "needs an npm project: test_examples.py runs one under exec",
    "assistants-emulator parity weather.yaml -- npm": "needs an npm project, as exec does",
    "assistants-emulator exec hotel.yaml -- npx": "needs an npm project: tests/sdk/test_node_runners.py runs one",
    "assistants-emulator exec weather.yaml -- java": "needs Java: test_examples.py runs it with the client tests",
    "assistants-emulator exec hotel.yaml -- node": "needs Node: test_examples.py runs it with the client tests",
    "ASSISTANTS_API=assistants assistants-emulator exec weather.yaml -- node": "likewise",
    "ASSISTANTS_API=responses assistants-emulator exec weather.yaml -- node": "likewise",
}
#: Commands whose exit code is not 0.
EXIT_CODES: Final = {"pytest -q --assistants-after-sunset": 1, "pytest -q --assistants-parity test_handbook.py": 1}

_SERVERS: Final = ("serve", "record", "replay")
_LISTENING: Final = re.compile(r"listening on https?://127\.0\.0\.1:(\d+)/v1\n")
_WRITTEN: Final = re.compile(r"Write `([\w./-]+)`.*:$")


class Disagreement(Exception):
    """A promise of a page that does not hold."""


class Reader:
    """Follows a page in an empty ``directory``."""

    def __init__(self, page: Path, directory: Path) -> None:
        self.page, self.directory = page, directory
        self.environment = {
            **os.environ,
            **PLAIN_PYTEST,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        prepare(directory)
        self.here = directory
        self._printed = ""
        self._ports: dict[str, str] = {}
        self._servers: list[subprocess.Popen[str]] = []
        self._checks: dict[str, Callable[[Block], None]] = {
            "python": self.python,
            "yaml": self.yaml,
            "console": self.console,
            "text": self.text,
            "js": self.js,
            "ts": self.js,
            "java": self.js,
            "json": self.json,
            "toml": self.toml,
            "ini": self.ini,
        }

    def follow(self, text: str | None = None) -> list[str]:
        """The promises of a page that do not hold, each with its place. ``text`` replaces the contents of the page."""
        wrong = []
        try:
            for block in blocks(self.page, text):
                try:
                    self.check(block)
                except Exception as error:  # whatever it is, the other blocks are checked too
                    wrong.append(f"{block.place}: {type(error).__name__}: {error}")
        finally:
            wrong += self._stop()
        return wrong

    def check(self, block: Block) -> None:
        if block.language not in self._checks:
            known = ", ".join(self._checks)
            raise Disagreement(f"a block of {block.language or 'no language'!r}; what can be checked: {known}")
        self.here = self._directory(block)
        self._checks[block.language](block)

    def _directory(self, block: Block) -> Path:
        """A copy of the recipe if the block belongs to one, else the directory of the page."""
        if block.recipe is None:
            return self.directory
        copy = self.directory / block.recipe
        if not copy.exists():
            copy_of_recipe(block.recipe, copy)
        return copy

    # ---- Files ----

    def python(self, block: Block) -> None:
        if block.part:
            return self._is_run_elsewhere(block)
        if "def test_" in block.text:
            name = self._written(block) or f"test_line_{block.line}.py"
            (self.here / name).write_text(block.text)
            run = self.run(f"pytest -q {name}")
            if run.returncode or " passed" not in run.stdout:
                raise Disagreement(run.stdout)
            self._tell_of_another_question(name, block.text)
            return None
        with chdir(self.here), redirect_stdout(io.StringIO()) as printed:
            exec(compile(block.text, block.place, "exec"), {"__name__": "__main__"})
        self._printed = printed.getvalue()
        return None

    def yaml(self, block: Block) -> None:
        if block.part:
            return self._is_run_elsewhere(block)
        document = yaml.safe_load(block.text)
        for key, check in CHECKS_OF_TOOLS.items():
            if key in document:
                return check(document)
        file = self.here / (self._written(block) or f"line_{block.line}.yaml")
        file.write_text(block.text)
        World(Options(), load_sources(file))
        return None

    def json(self, block: Block) -> None:
        yaml.safe_load(block.text)

    def toml(self, block: Block) -> None:
        tool = tomllib.loads(block.text)["tool"]
        if TABLE in tool:
            return check_project(Project(self.here / "pyproject.toml", tool[TABLE]))
        return check_settings(tool["pytest"]["ini_options"])

    def ini(self, block: Block) -> None:
        parser = configparser.ConfigParser()
        parser.read_string(block.text)
        check_settings(parser["pytest"])

    def js(self, block: Block) -> None:
        self._is_run_elsewhere(block)

    def _is_run_elsewhere(self, block: Block) -> None:
        """test_readme_tables.py compares included files, and test_examples.py runs them."""
        if block.part is None or not block.part.startswith("tests/examples/"):
            raise Disagreement("nobody runs it: make it a file of tests/examples, and include that")

    def _written(self, block: Block) -> str | None:
        """The name of the file that the page tells its reader to write."""
        said = _WRITTEN.search(block.before)
        if said is None:
            return None
        (self.here / said[1]).parent.mkdir(parents=True, exist_ok=True)
        return said[1]

    # ---- Commands ----

    def console(self, block: Block) -> None:
        for command, expected in commands(block.text):
            reason = next((NOT_RUN[begin] for begin in NOT_RUN if command.startswith(begin)), None)
            words = shlex.split(command, comments=True)
            if reason:
                continue
            if words[0] in ("export", "unset"):
                self._set(words)
            elif words[0] == "assistants-emulator" and words[1] in _SERVERS:
                self._serve(command, expected)
            else:
                self._run(command, words, expected)

    def _run(self, command: str, words: Sequence[str], expected: list[str]) -> None:
        """A file of ``--out`` that exists already must be equal to the file that the command writes."""
        out = self.here / words[words.index("--out") + 1] if "--out" in words else None
        before = out.read_text() if out and out.exists() else None
        if before is not None and out:
            out.unlink()
        run = self.run(command)
        if run.returncode != EXIT_CODES.get(command, 0):
            raise Disagreement(f"{command} ended with {run.returncode}:\n{run.stdout}")
        compare(expected, run.stdout, command)
        if before is not None and out and out.read_text() != before:
            raise Disagreement(f"{command} writes:\n{out.read_text()}")

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command with stderr between the lines of stdout, as on a terminal."""
        for shown, port in self._ports.items():
            command = command.replace(f":{shown}", f":{port}")
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.here,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )

    def _serve(self, command: str, expected: list[str]) -> None:
        """Starts a server on any free port, which stands for the port of the page."""
        free = re.sub(r" --port \d+", "", command) + " --port 0"
        server = subprocess.Popen(
            ["bash", "-c", f"exec {free}"], cwd=self.here, env=self.environment, stdout=subprocess.PIPE, text=True
        )
        assert server.stdout is not None
        line = server.stdout.readline()
        told, shown = _LISTENING.fullmatch(line), [_LISTENING.search(f"{one}\n") for one in expected]
        if told is None:
            server.communicate()
            raise Disagreement(f"{command} says {line!r}")
        self._servers.append(server)
        for one in filter(None, shown):
            self._ports[one[1]] = told[1]
        compare([line.strip() if one else text for one, text in zip(shown, expected, strict=True)], line, command)

    def _stop(self) -> list[str]:
        """Stops the servers. Their exit code must be 0."""
        for server in self._servers:
            server.send_signal(signal.SIGTERM)
        ended = [(server.communicate(timeout=30), server.returncode) for server in self._servers]
        return [f"a server ended with {code}: {self._servers[n].args!r}" for n, (_, code) in enumerate(ended) if code]

    def _set(self, words: Sequence[str]) -> None:
        """Checks variables: the emulator knows their names, and a server of this page listens at their address."""
        known = leading_variables()
        for name, _, value in (word.partition("=") for word in words[1:]):
            if name not in known:
                raise Disagreement(f"{name}: no variable that leads to the emulator, which are {', '.join(known)}")
            if port := re.search(r"127\.0\.0\.1:(\d+)", value):
                if port[1] not in self._ports:
                    raise Disagreement(f"{value}: nothing on this page listens there")
                Control(value.replace(port[1], self._ports[port[1]]), "sk-anything").state()

    # ---- What is printed ----

    def text(self, block: Block) -> None:
        """Compares with the output of the code before it; a test asks a question that its scenario does not know."""
        compare(block.text.splitlines(), self._printed, "the code before it")

    def _tell_of_another_question(self, name: str, test: str) -> None:
        if "How is the weather?" in test:
            (self.here / name).write_text(test.replace("How is the weather?", "How is it?"))
            self._printed = self.run(f"pytest -q {name}").stdout
            (self.here / name).write_text(test)


def leading_variables() -> list[str]:
    return list(Control("http://127.0.0.1:1", "sk-any").environ)


def copy_of_recipe(name: str, to: Path) -> None:
    shutil.copytree(EXAMPLES / name, to, ignore=shutil.ignore_patterns("__pycache__"))


def prepare(directory: Path) -> None:
    """Makes what every page assumes: the README's first test, files to search and to show, an old cassette."""
    for name, text in one_minute().files.items():
        (directory / name).write_text(text)
    shutil.copytree(SCENARIOS / "data", directory / "data")
    (directory / "data" / "chart.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    shutil.copytree(EXAMPLES / "old_cassettes" / "cassettes", directory / "cassettes")
    (directory / "scenarios").mkdir()


def commands(text: str) -> list[tuple[str, list[str]]]:
    """The command after each ``$``, with the lines below it."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.strip():
            found[-1][1].append(line)
    return found


def compare(expected: Sequence[str], printed: str, what: str) -> None:
    """The output must have all lines, in this order; ``…`` stands for anything. Raises Disagreement."""
    lines = iter(printed.splitlines())
    for wanted in expected:
        pattern = re.compile(".*".join(map(re.escape, wanted.strip().split("…"))))
        if not any(pattern.fullmatch(line.strip()) for line in lines):
            raise Disagreement(f"{what} does not print {wanted!r}, or not in this order:\n{printed}")


def check_settings(said: Mapping[str, Any]) -> None:
    """Settings of pytest: the plugin's, or its own. Raises Disagreement."""
    parser = pytest.Parser(_ispytest=True)
    pytest_plugin.pytest_addoption(parser)
    if unknown := set(said) - set(parser._inidict) - {"usefixtures"}:
        raise Disagreement(f"{', '.join(sorted(unknown))}: no settings of pytest or the plugin")


def check_project(project: Project) -> None:
    """Every command must be able to read the table. Raises EmulatorError."""
    for name, parser in parsers()[1].items():
        read_options(project, name, parser, lambda: parsers()[1])
        project.scenarios(name)


def check_workflow(document: Mapping[str, Any]) -> None:
    """Steps of a GitHub workflow may only use inputs of the action. Raises Disagreement."""
    inputs = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]
    steps = document.get("steps") or [step for job in document["jobs"].values() for step in job["steps"]]
    ours = [step for step in steps if step.get("uses", "").startswith("./")]
    if not ours:
        raise Disagreement("no step uses this project's action")
    if unknown := {key for step in ours for key in step.get("with", {})} - set(inputs):
        raise Disagreement(f"{', '.join(sorted(unknown))}: no inputs of action.yml, which has {', '.join(inputs)}")


def check_hooks(document: Mapping[str, Any]) -> None:
    """A configuration of pre-commit may only name hooks that there are. Raises Disagreement."""
    known = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    named = {hook["id"] for repository in document["repos"] for hook in repository["hooks"]}
    if named != known:
        raise Disagreement(f"{', '.join(sorted(named))}: the hooks are {', '.join(sorted(known))}")


def check_services(document: Mapping[str, Any]) -> None:
    """Services of Docker Compose may only set variables that the emulator knows. Raises Disagreement."""
    known = {*leading_variables(), *(name for parser in parsers()[1].values() for name in parser.variables())}
    for name, service in document["services"].items():
        if unknown := set(service.get("environment", {})) - known:
            raise Disagreement(f"{name}: {', '.join(sorted(unknown))}: no variables of the emulator")


#: By a key that only a file of that tool has.
CHECKS_OF_TOOLS: Final[dict[str, Callable[[Mapping[str, Any]], None]]] = {
    "jobs": check_workflow,
    "steps": check_workflow,
    "repos": check_hooks,
    "services": check_services,
}
