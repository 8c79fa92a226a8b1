"""What is wrong with ``deploy/compose``: Compose's own reading of the files, and the rules that they have to keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from deploy.checks.composing import exposure, hardening, programs, references, running, secrecy
from deploy.checks.composing.reading import FOLDER, Rule, read
from deploy.checks.finding import Finding, program, run

COMBINATIONS: Sequence[tuple[str, ...]] = (
    ("compose.yaml",),
    ("compose.yaml", "compose.gpu.yaml"),
    ("compose.yaml", "compose.alerts.yaml"),
)
"""Files that are used together."""
RULES: Sequence[Rule] = (
    running.healthy,
    running.limited,
    running.pinned,
    running.ordered,
    running.replicable,
    running.tidy,
    hardening.hardened,
    hardening.apart,
    exposure.published,
    exposure.enclosed,
    secrecy.unseen,
    secrecy.mounted,
    references.joined,
    references.present,
    references.explained,
    programs.named,
    programs.callable_,
)


def check(root: Path) -> Iterator[Finding]:
    """Every combination of files, by the rules and by Compose.

    Raises:
        MissingProgram: docker-compose is not installed.
    """
    yield from _no_secret_kept(root)
    for names in COMBINATIONS:
        try:
            composition = read(root, names)
        except yaml.YAMLError as error:
            yield Finding(f"{FOLDER}/{names[-1]}", f"is no YAML: {error}")
            continue
        for rule in RULES:
            yield from rule(composition)
    yield from _composed(root)


def _composed(root: Path) -> Iterator[Finding]:
    compose = program("docker-compose", "docker-compose")
    for names in COMBINATIONS:
        files = [argument for name in names for argument in ("--file", str(root / FOLDER / name))]
        done = run([compose, *files, "config", "--quiet"], cwd=root / FOLDER)
        if done.returncode:
            yield Finding(f"{FOLDER}/{names[-1]}", f"Compose refuses it: {done.stderr.strip()}")


def _no_secret_kept(root: Path) -> Iterator[Finding]:
    """Git must not take what lies in the folder of secrets."""
    ignored = root / FOLDER / "secrets" / ".gitignore"
    if not ignored.is_file() or ignored.read_text(encoding="utf-8").split() != ["*", "!.gitignore"]:
        yield Finding(
            f"{FOLDER}/secrets/.gitignore", "does not keep secrets out of the repository: `*`, `!.gitignore`"
        )
