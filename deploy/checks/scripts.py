"""Shell scripts: shellcheck, syntax, executable bits; those of a release also answer ``--help`` and run dry."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from deploy.checks.finding import Finding, program, run
from deploy.checks.shell.found import Script, scripts
from deploy.checks.shell.trying import DRY_RUNS, answers_help, runs_dry

HELPFUL = ("deploy/compose/make-secrets",)
"""What people run beside a release's scripts; all others are started by programs."""
FOLDER = "deploy/scripts"
MOUNTED = "deploy/k8s/"
"""Files of ConfigMaps, which know no modes: a shell is told to read them."""


def check(root: Path) -> Iterable[Finding]:
    """What is wrong with the shell scripts of a checkout.

    Raises:
        MissingProgram: shellcheck is not installed.
    """
    found = list(scripts(root))
    yield from _shellcheck(root, found)
    for script in found:
        yield from _syntax(root, script)
        yield from _mode(root, script)
    names = {str(script.path.relative_to(root)) for script in found if script.runs}
    for name in DRY_RUNS:
        if f"{FOLDER}/{name}" not in names:
            yield Finding(f"{FOLDER}/{name}", "is missing")
    for name in sorted(names):
        if name.startswith(f"{FOLDER}/") or name in HELPFUL:
            yield from answers_help(root, root / name)
        if name.startswith(f"{FOLDER}/"):
            yield from _of_release(root, root / name)


def _of_release(root: Path, script: Path) -> Iterator[Finding]:
    if script.name not in DRY_RUNS:
        yield Finding(str(script.relative_to(root)), "has no dry run in deploy/checks/shell/trying.py")
    yield from runs_dry(root, script)


def _shellcheck(root: Path, found: Sequence[Script]) -> Iterator[Finding]:
    command = [program("shellcheck", "shellcheck"), "--external-sources", "--format", "json"]
    if not found:
        return
    done = run([*command, *(str(script.path) for script in found)], cwd=root)
    try:
        comments = json.loads(done.stdout)
    except ValueError:
        yield Finding("shellcheck", f"exit code {done.returncode}: {done.stderr.strip()}")
        return
    for one in comments:
        where = f"{Path(one['file']).relative_to(root)}:{one['line']}"
        yield Finding(where, f"SC{one['code']} {one['message']}")


def _syntax(root: Path, script: Script) -> Iterator[Finding]:
    done = run([program(script.shell, script.shell), "-n", str(script.path)])
    if done.returncode:
        yield Finding(str(script.path.relative_to(root)), f"{script.shell} -n: {done.stderr.strip()}")


def _mode(root: Path, script: Script) -> Iterator[Finding]:
    where = str(script.path.relative_to(root))
    if where.startswith(MOUNTED):
        return
    if os.access(script.path, os.X_OK) and not script.runs:
        yield Finding(where, "is executable and begins with no shell (#!)")
    if script.runs and not os.access(script.path, os.X_OK):
        yield Finding(where, "begins with a shell (#!) and is not executable: chmod +x")
