"""A checkout to release from, where `docker`, `kubectl` and Python are stand-ins that note how they were called."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
SCRIPTS = ("build", "migrate", "deploy", "smoke", "rollback", "release")
REAL = ("bash", "cat", "date", "env", "grep", "mkdir", "mv", "rm", "sleep")
"""What the scripts may use of a machine's own programs; nothing else is on their PATH."""
STAND_INS = ("docker", "git", "kubectl", "python3")
LIMIT_S = 60
STAND_IN = """#!/usr/bin/env bash
printf '%q ' "${FACESOCIAL_VERSION:+v=$FACESOCIAL_VERSION}" "${0##*/}" "$@" >>"$CALLS"
printf '\\n' >>"$CALLS"
while IFS=$'\\t' read -r pattern code text; do
  [[ "${0##*/} $*" != $pattern ]] && continue
  printf '%b\\n' "$text"
  exit "$code"
done <"$ANSWERS"
"""


@dataclass
class ReleaseCheckout:
    """A copy of what the scripts read of the project.

    Args:
        folder: Where it is made.
        answers: For calls that fit a shell pattern: exit code and output; all others succeed and say nothing.
        programs: The stand-ins that there are.
    """

    folder: Path
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    programs: Sequence[str] = STAND_INS

    def __post_init__(self) -> None:
        shutil.copytree(ROOT / "deploy" / "scripts", self.root / "deploy" / "scripts")
        shutil.copytree(ROOT / "deploy" / "k8s", self.root / "deploy" / "k8s")
        (self.root / "bentos").mkdir()
        shutil.copy(ROOT / "bentos" / "__init__.py", self.root / "bentos")
        self._bin.mkdir()
        for name in self.programs:
            (self._bin / name).write_text(STAND_IN)
            (self._bin / name).chmod(0o755)
        for name in REAL:
            (self._bin / name).symlink_to(str(shutil.which(name)))

    @property
    def root(self) -> Path:
        return self.folder / "checkout"

    @property
    def artefacts(self) -> Path:
        return self.root / ".releases"

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a script from another folder; what it called before is forgotten."""
        self._calls.unlink(missing_ok=True)
        lines = [f"{pattern}\t{code}\t{text}\n" for pattern, (code, text) in self.answers.items()]
        self._answers.write_text("".join(lines))
        return subprocess.run(
            [self.root / "deploy" / "scripts" / script, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )

    @property
    def environment(self) -> Mapping[str, str]:
        names = {"PATH": str(self._bin), "CALLS": str(self._calls), "ANSWERS": str(self._answers)}
        return {**names, "LC_ALL": "C.UTF-8", "HOME": str(self.folder)}

    @property
    def calls(self) -> list[str]:
        """What the last run called, in order; a version of Compose's stack stands before it as ``v=…``."""
        text = self._calls.read_text() if self._calls.exists() else ""
        return [" ".join(part for part in shlex.split(line) if part) for line in text.splitlines()]

    def history(self, place: str) -> list[str]:
        """The tags that were deployed somewhere, as noted."""
        file = self.artefacts / f"deployed-{place}.log"
        return [line.split()[1] for line in file.read_text().splitlines()] if file.exists() else []

    def rendered(self, folder: str) -> list[dict[str, Any]]:
        """Manifests of an overlay that a script made, by the real kubectl; skips the test where there is none."""
        kubectl = shutil.which("kubectl")
        if kubectl is None:
            pytest.skip("kubectl is not installed (Debian: apt-get install kubernetes-client)")
        for name in ("prometheus", "alertmanager", "grafana"):  # whose files an overlay mounts
            shutil.copytree(ROOT / "deploy" / name, self.root / "deploy" / name, dirs_exist_ok=True)
        command = [kubectl, "kustomize", self.artefacts / folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
        assert done.returncode == 0, done.stderr
        return list(yaml.safe_load_all(done.stdout))

    @property
    def _bin(self) -> Path:
        return self.folder / "bin"

    @property
    def _calls(self) -> Path:
        return self.folder / "calls"

    @property
    def _answers(self) -> Path:
        return self.folder / "answers"


def promised(dry: str) -> list[str]:
    """The calls of stand-ins that a dry run says a real one would make, as ``ReleaseCheckout.calls`` has them."""
    found = []
    for line in dry.splitlines():
        if not line.startswith("+ "):
            continue
        words = shlex.split(line[2:])
        settings: dict[str, str] = {}
        if words[0] == "env":
            count = next(at for at, word in enumerate(words[1:], 1) if "=" not in word)
            settings = dict(word.partition("=")[::2] for word in words[1:count])
            words = words[count:]
        version = settings.get("FACESOCIAL_VERSION")
        if os.path.basename(words[0]) in STAND_INS:
            found.append(" ".join([*([f"v={version}"] if version else []), *words]))
    return found
