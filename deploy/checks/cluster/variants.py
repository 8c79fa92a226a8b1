"""What is built: base, overlays, and both with every combination of components, since somebody may want any of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml

COMPONENTS = ("gpu", "autoscaling", "network-policies", "monitoring")
OVERLAYS = ("staging", "production")
EXTERNAL_MILVUS = "../../milvus/external"
FOLDERS = ("k8s", "prometheus", "alertmanager", "grafana")
"""Below ``deploy``: what a build reads."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A kustomization that somebody may apply.

    Attributes:
        name: In findings.
        folder: What is built.
        components: Those of ``COMPONENTS`` in it.
    """

    name: str
    folder: Path
    components: frozenset[str]


def written(root: Path, into: Path) -> Iterator[Variant]:
    """Copy what a build reads and write all variants beside it, for kustomize takes no absolute paths.

    Args:
        root: The checkout.
        into: An empty folder.
    """
    for name in FOLDERS:
        shutil.copytree(
            root / "deploy" / name, into / name, ignore=shutil.ignore_patterns("*.py", "__pycache__")
        )
    k8s = into / "k8s"
    for added in _subsets(COMPONENTS):
        text = {"resources": ["../../base"], "components": _paths(added)}
        yield _write(k8s, "+".join(("base", *added)), text, added)
    for overlay in OVERLAYS:
        yield from _of_overlay(k8s, overlay)
    yield Variant("jobs/promotion", k8s / "jobs" / "promotion", frozenset())


def _of_overlay(k8s: Path, overlay: str) -> Iterator[Variant]:
    own = k8s / "overlays" / overlay
    text = yaml.safe_load((own / "kustomization.yaml").read_text(encoding="utf-8"))
    present = tuple(name for name in COMPONENTS if _paths([name])[0] in text.get("components", []))
    missing = [name for name in COMPONENTS if name not in present]
    for added in _subsets(missing):
        yield _extended(own, text, "+".join((overlay, *added)), _paths(added), {*present, *added})
    yield _extended(own, text, f"{overlay}+external milvus", [EXTERNAL_MILVUS], {*present})


def _extended(own: Path, text: dict[str, Any], name: str, more: list[str], components: set[str]) -> Variant:
    folder = own.with_name(name.replace(" ", "-") + "-variant")
    shutil.copytree(own, folder)
    changed = text | {"components": [*text.get("components", []), *more]}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(changed), encoding="utf-8")
    return Variant(name, folder, frozenset(components))


def _write(k8s: Path, name: str, text: dict[str, Any], components: Sequence[str]) -> Variant:
    folder = k8s / "overlays" / name
    folder.mkdir()
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(text), encoding="utf-8")
    return Variant(name, folder, frozenset(components))


def _subsets(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for size in range(len(names) + 1):
        yield from combinations(names, size)


def _paths(components: Sequence[str]) -> list[str]:
    return [f"../../components/{name}" for name in components]
