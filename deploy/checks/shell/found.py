"""The shell scripts of a checkout."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SHEBANG = re.compile(rb"#!\s*\S*/(?:env\s+)?(bash|dash|sh)\b")
DIRECTIVE = re.compile(rb"# shellcheck shell=(bash|dash|sh)\b")
SHOWN = (".ci",)
"""Hidden folders that hold scripts of the project; all others belong to programs."""
HEAD = 200


@dataclass(frozen=True, slots=True)
class Script:
    """A shell script: one to run (``runs``), or one that others source."""

    path: Path
    shell: str
    runs: bool


def scripts(root: Path) -> Iterator[Script]:
    """All of them, by their first line and not by their name, in the order of their paths."""
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name in SHOWN or not name.startswith((".", "__")))
        for name in sorted(files):
            if script := _script(Path(folder) / name):
                yield script


def _script(path: Path) -> Script | None:
    if path.is_symlink() or not path.is_file():
        return None
    with path.open("rb") as opened:
        head = opened.read(HEAD)
    if found := SHEBANG.match(head):
        return Script(path, found.group(1).decode(), runs=True)
    if found := DIRECTIVE.match(head):
        return Script(path, found.group(1).decode(), runs=False)
    return Script(path, "sh", runs=False) if path.suffix == ".sh" else None
