"""Prometheus: configurations, rules, and unit tests of the rules."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.checks.finding import Finding, program, run
from deploy.checks.monitoring import discovery, rules, unit_tests
from deploy.checks.monitoring.exposed import exposed

PLACE = Path("deploy/prometheus")
CONFIG, IN_KUBERNETES = "prometheus.yml", "prometheus.kubernetes.yml"
PACKAGE = "prometheus"
LIMIT_S = 300.0


def check(root: Path) -> Iterable[Finding]:
    """Whether Prometheus takes what is configured, every metric that rules name exists, and every alert is tested.

    Raises:
        MissingProgram: There is no promtool.
    """
    promtool, place = program("promtool", PACKAGE), root / PLACE
    yield from _configurations(promtool, place)
    yield from _rules(place)
    yield from run_tests(promtool, sorted((place / "tests").glob("*.yml")))


def run_tests(promtool: str, files: Sequence[Path]) -> Iterator[Finding]:
    """Run promtool's unit tests, several files at once; what fails is found."""

    def one(path: Path) -> list[Finding]:
        done = run([promtool, "test", "rules", path.name], cwd=path.parent, limit_s=LIMIT_S)
        return [Finding(path.name, (done.stdout + done.stderr).strip())] if done.returncode else []

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for found in pool.map(one, files):
            yield from found


def _configurations(promtool: str, place: Path) -> Iterator[Finding]:
    yield from _taken(promtool, place, CONFIG)
    with TemporaryDirectory() as folder:
        copy = Path(folder)
        (copy / IN_KUBERNETES).write_text(discovery.without_kubernetes(place / IN_KUBERNETES))
        (copy / "rules").symlink_to((place / "rules").absolute())
        yield from _taken(promtool, copy, IN_KUBERNETES)
    what = discovery.faults(place / IN_KUBERNETES, place / CONFIG)
    yield from (Finding(IN_KUBERNETES, one) for one in what)


def _taken(promtool: str, place: Path, name: str) -> Iterator[Finding]:
    """Configuration, targets and rules, as promtool judges them."""
    done = run([promtool, "check", "config", "--lint-fatal", name], cwd=place)
    if done.returncode:
        yield Finding(name, (done.stdout + done.stderr).strip())


def _rules(place: Path) -> Iterator[Finding]:
    found = rules.rules_of(place / "rules")
    known = {**exposed(), **rules.recorded(found)}
    yield from rules.faults(found, known, (place / rules.RUNBOOK.name).read_text())
    yield from unit_tests.faults(found, sorted((place / "tests").glob("*.yml")))
