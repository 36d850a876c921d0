"""Campaigns count what libFuzzer says, and keep what is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import campaign, worker
from tests.fuzz.campaign import Report, fuzz
from tests.fuzz.install import ATHERIS
from tests.fuzz.targets import TARGETS
from tests.sdk.install import is_installed

PRINTED = """\
INFO: Seed: 1
#21\tINITED cov: 5026 ft: 11570 corp: 20/126Kb exec/s: 10 rss: 79Mb
#22\tNEW    cov: 5041 ft: 11604 corp: 21/128Kb lim: 16384 exec/s: 11 rss: 79Mb L: 2477/16384 MS: 1 Custom-
"""
ENDED = """\
#4184\tDONE   cov: 5375 ft: 17063 corp: 249/806Kb lim: 16384 exec/s: 261 rss: 83Mb
stat::number_of_executed_units: 4184
stat::peak_rss_mb:              83
"""

needs_atheris = pytest.mark.skipif(
    not is_installed(ATHERIS), reason="`make test-clients` installs atheris where it can"
)


@pytest.mark.parametrize(
    ("printed", "report"),
    [
        ([PRINTED + ENDED], Report("x", inputs=4184, edges=5375, features=17063, corpus=249, peak_mb=83)),
        ([PRINTED], Report("x", inputs=22, edges=5041, features=11604, corpus=21)),
        ([PRINTED, PRINTED + ENDED], Report("x", inputs=4206, edges=5375, features=17063, corpus=249, peak_mb=83)),
        (["nothing"], Report("x")),
    ],
    ids=["to its end", "ended by an input", "begun again", "not begun"],
)
def test_what_workers_print_is_counted(printed: list[str], report: Report) -> None:
    counted = Report("x")
    for one in printed:
        counted.add(one)

    assert counted == report


def raised(text: object) -> Exception:
    try:
        TARGETS["bodies"].read(text)  # type: ignore[arg-type]
    except Exception as error:
        return error
    raise AssertionError("it was read")


def test_a_finding_is_kept_once_for_each_place(tmp_path: Path) -> None:
    findings = worker.Findings(tmp_path / "bodies")
    for raw in (b"first", b"second"):
        findings.keep(raw, raised("text"))
    findings.keep(b"third", raised(7))

    kept = {path.read_text().partition("\n")[0]: path.with_suffix("").read_bytes() for path in tmp_path.rglob("*.txt")}
    assert sorted(kept.values()) == [b"first", b"third"]
    assert all(place.partition(" at ")[0] in ("TypeError", "AttributeError") for place in kept)


@pytest.mark.clients
@needs_atheris
def test_a_campaign_tries_inputs_and_grows_its_corpus(tmp_path: Path) -> None:
    report = fuzz("bodies", 2, cache=tmp_path)

    assert report.inputs > 100
    assert report.edges > 50
    assert report.findings == []
    assert any((tmp_path / "corpus" / "bodies").iterdir())


#: A worker whose target sleeps over one input.
SLOW = """\
import sys, time
from tests.fuzz import targets, worker
targets.TARGETS["bodies"] = targets.Target("bodies", "", lambda raw: time.sleep(5) if b"slow" in raw else None, ())
worker.main(sys.argv[1:])
"""


@pytest.mark.clients
@needs_atheris
def test_an_input_that_takes_too_long_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker ends, and the campaign goes on with another."""
    monkeypatch.setattr(campaign, "TIMEOUT", 1)
    monkeypatch.setattr(campaign, "_RESTARTS", 1)
    monkeypatch.setattr(campaign, "seeds", lambda target: [b"slow"])

    def command(*arguments: object, **more: object) -> list[str]:
        python, _, _, *rest = own(*arguments, **more)  # type: ignore[arg-type]
        return [python, "-c", SLOW, *rest]

    own = campaign.worker
    monkeypatch.setattr(campaign, "worker", command)
    report = fuzz("bodies", 5, cache=tmp_path)

    assert [one.partition(" ")[0] for one in report.findings] == ["timeout"]
