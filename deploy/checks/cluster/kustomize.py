"""Kustomize: where it is, and what it makes of a folder."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from deploy.checks.finding import MissingProgram, run

FIRST_WITH_COMPONENTS = (4, 1)
VERSION = re.compile(r"v(\d+)\.(\d+)\.\d+")
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Ten times as fast where PyYAML was built with libyaml."""


class BuildFailed(Exception):
    """Kustomize makes nothing of a folder; the message is its own."""


@dataclass(frozen=True, slots=True)
class Kustomize:
    """A program that builds: ``command`` is followed by a folder."""

    command: Sequence[str]

    def build(self, folder: Path) -> list[dict[str, Any]]:
        """The objects of a kustomization.

        Raises:
            BuildFailed: There is none, or it is wrong.
        """
        done = run([*self.command, str(folder)])
        if done.returncode:
            # kubectl's log puts a time and a place of its source before what it says.
            said = done.stderr.strip().rpartition("err=")[2].removeprefix("error: ")
            raise BuildFailed(said or f"exit code {done.returncode}")
        return [found for found in yaml.load_all(done.stdout, Loader=Loader) if found]


def find() -> Kustomize:
    """Kustomize itself, or the one inside of kubectl.

    Raises:
        MissingProgram: There is none, or one that knows no components.
    """
    told = []
    for name, asking, building in (
        ("kustomize", "version", "build"),
        ("kubectl", "version --client", "kustomize"),
    ):
        path = shutil.which(name)
        if path is None:
            continue
        version = _version(path, asking)
        if version >= FIRST_WITH_COMPONENTS:
            return Kustomize((path, building))
        told.append(f"{path} knows no components: its kustomize is older than 4.1")
    told = told or ["neither kustomize nor kubectl is installed"]
    raise MissingProgram(
        f"{'; '.join(told)} (install a kubectl of 1.24 or newer: Debian 13 has one, Debian 12's is too old)"
    )


def _version(path: str, asking: str) -> tuple[int, int]:
    """Of kustomize; (0, 0) where a kubectl says nothing of it, as those before 1.24 do, whose kustomize may be old."""
    output = run([path, *asking.split()]).stdout
    lines = [
        line for line in output.splitlines() if path.endswith("kustomize") or line.startswith("Kustomize")
    ]
    found = VERSION.search("\n".join(lines))
    return (int(found[1]), int(found[2])) if found else (0, 0)
