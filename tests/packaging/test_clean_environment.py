"""The wheel in a new virtual environment, with nothing for development, under every Python that it names."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from emulator import Control
from emulator.base.version import __version__
from tests.packaging.conftest import Distributions
from tests.packaging.environments import Environment
from tests.packaging.pythons import VERSIONS, find, missing
from tests.packaging.readme import one_minute

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module", params=VERSIONS)
def environment(
    request: pytest.FixtureRequest, distributions: Distributions, tmp_path_factory: pytest.TempPathFactory
) -> Environment:
    version: str = request.param
    python = find(version)
    if python is None:
        pytest.skip(missing(version))
    clean = Environment(python, tmp_path_factory.mktemp(f"clean-{version}"))
    clean.install(distributions.wheel, *one_minute().requirements)
    for name, contents in one_minute().files.items():
        (clean.directory / name).write_text(contents)
    return clean


@pytest.fixture
def served(environment: Environment) -> Iterator[subprocess.Popen[str]]:
    command = [str(environment.programs / "assistants-emulator"), "serve", "weather.yaml", "--port", "0"]
    started = subprocess.Popen(
        command, cwd=environment.directory, env=environment.variables, stdout=subprocess.PIPE, text=True
    )
    with started:
        yield started
        started.kill()


def test_the_readme_has_a_scenario_and_a_test() -> None:
    assert list(one_minute().files) == ["weather.yaml", "test_weather.py"]
    assert one_minute().requirements == ["openai", "pytest"]


def test_the_readmes_one_minute_is_green(environment: Environment) -> None:
    assert "1 passed" in environment.output("pytest")


def test_nothing_for_development_is_there(environment: Environment) -> None:
    installed = {line.split("==")[0].lower() for line in environment.output("pip", "freeze").splitlines()}

    assert not installed & {"hypothesis", "httpx-sse", "build", "hatchling", "pypdf", "python-docx"}
    assert "No broken requirements found" in environment.output("pip", "check")


def test_a_scenario_is_checked(environment: Environment) -> None:
    assert environment.output("assistants-emulator", "check", "weather.yaml") == "1 checked, no problems\n"
    assert environment.output("python", "-m", "emulator", "--version").endswith(f"{__version__}\n")


def test_the_plugin_is_found_without_being_named(environment: Environment) -> None:
    assert "assistants_emulator" in environment.output("pytest", "--markers")


def test_it_serves_until_it_is_told_to_stop(environment: Environment, served: subprocess.Popen[str]) -> None:
    assert served.stdout is not None
    url = served.stdout.readline().removeprefix("listening on ").removesuffix("/v1\n")
    control = Control(url, "sk-test")
    program = "from openai import OpenAI; print(OpenAI().beta.threads.create(metadata={'a': 'b'}).metadata)"

    assert environment.output("python", "-W", "ignore", "-c", program, **control.environ) == "{'a': 'b'}\n"
    served.terminate()
    assert (served.communicate(timeout=10)[0], served.returncode) == ("", 0)


def test_without_the_extra_for_documents_a_pdf_fails_to_be_indexed(environment: Environment) -> None:
    program = (
        "from emulator import Emulator\n"
        "from openai import OpenAI\n"
        "with Emulator() as emulator:\n"
        "    client = OpenAI(base_url=emulator.base_url, api_key=emulator.api_key)\n"
        "    file = client.files.create(file=('a.pdf', b'%PDF-1.4'), purpose='assistants')\n"
        "    store = client.vector_stores.create(file_ids=[file.id])\n"
        "    for file in client.vector_stores.files.list(store.id):\n"
        "        print(client.vector_stores.files.poll(file.id, vector_store_id=store.id).status)\n"
    )

    assert environment.output("python", "-W", "ignore", "-c", program) == "failed\n"
