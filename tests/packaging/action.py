"""Does what a composite action says, as a runner would: expressions, shell, files for variables and outputs."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")


class Refused(AssertionError):
    """A step that ended badly, with what it printed."""


class Runner:
    """A job that uses the action: ``exported`` is what the job's later steps have."""

    def __init__(self, checkout: Path, job: Path, variables: Mapping[str, str], **inputs: str) -> None:
        self._action: dict[str, Any] = yaml.safe_load((checkout / "action.yml").read_text())
        declared = self._action["inputs"]
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        assert given.keys() <= declared.keys(), f"the action has no input {given.keys() - declared.keys()}"
        self._known = {f"inputs.{name}": given.get(name, about["default"]) for name, about in declared.items()}
        self._known["github.action_path"] = str(checkout)
        self._job = job
        self._variables = {**variables, "RUNNER_TEMP": str(job)}
        self.exported: dict[str, str] = {}

    @property
    def environment(self) -> dict[str, str]:
        return self._variables | self.exported

    @property
    def outputs(self) -> dict[str, str]:
        return {name: self._evaluate(about["value"]) for name, about in self._action["outputs"].items()}

    def play(self, step: str) -> None:
        self._step(next(one for one in self._action["runs"]["steps"] if one["id"] == step))

    def go_on_from(self, other: Runner) -> None:
        """With the outputs of the steps that another job has played."""
        self._known |= {name: value for name, value in other._known.items() if name.startswith("steps.")}

    def _step(self, step: Mapping[str, Any]) -> None:
        assert step["shell"] == "bash"
        script, output, exported = (self._job / name for name in ("script.sh", "output", "exported"))
        script.write_text(step["run"])
        output.write_text("")
        exported.write_text("")
        variables = {name: self._evaluate(value) for name, value in step.get("env", {}).items()}
        files = {"GITHUB_OUTPUT": str(output), "GITHUB_ENV": str(exported)}
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self._job,
            env=self.environment | variables | files,
            capture_output=True,
            text=True,
            timeout=300,
        )
        if ended.returncode:
            raise Refused(ended.stdout + ended.stderr)
        for name, value in _lines(output).items():
            self._known[f"steps.{step['id']}.outputs.{name}"] = value
        self.exported |= _lines(exported)

    def _evaluate(self, text: str) -> str:
        """``${{ a || b }}``: the first that is not empty. A name that nobody has is an error here."""

        def value(found: re.Match[str]) -> str:
            return next(filter(None, (self._known[name] for name in found[1].split(" || "))), "")

        return _EXPRESSION.sub(value, text)


def _lines(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines())
