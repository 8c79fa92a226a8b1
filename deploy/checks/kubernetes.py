"""Manifests of Kubernetes: everything that somebody may apply is built, validated and held against policies."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from bentos import __version__
from deploy.checks.cluster import kustomize
from deploy.checks.cluster.kustomize import BuildFailed, Kustomize
from deploy.checks.cluster.objects import Objects
from deploy.checks.cluster.policies import ALL, Policy, images, settings
from deploy.checks.cluster.schemas import Schemas
from deploy.checks.cluster.variants import Variant, written
from deploy.checks.finding import Finding

BESIDE_BASE = "jobs/promotion"
"""Applied to a namespace where base is already: built alone, judged together."""
Built = list[dict[str, Any]] | BuildFailed


def check(root: Path) -> Iterable[Finding]:
    """Build every variant and judge its objects; what is wrong in many variants is said once.

    Raises:
        MissingProgram: There is no kustomize that knows components.
    """
    program = kustomize.find()
    with tempfile.TemporaryDirectory(prefix="facesocial-k8s-") as folder:
        variants = list(written(root, Path(folder)))
        built = dict(zip(variants, _built(program, variants, Path(folder)), strict=True))
    found: dict[Finding, list[str]] = {}
    schemas, policies = Schemas(), policies_for(root)
    base = next(result for variant, result in built.items() if variant.name == "base")
    for variant, result in built.items():
        for finding in _judged(variant, result, base, schemas, policies):
            found.setdefault(finding, []).append(variant.name)
    return [Finding(f"{one.where} ({_among(names)})", one.what) for one, names in found.items()]


def policies_for(root: Path) -> Sequence[Policy]:
    """All policies for a checkout."""
    return [
        *ALL,
        images.pinned,
        partial(images.of_this_version, version=__version__),
        partial(images.as_in_compose, composed=images.composed(root)),
        partial(settings.real_settings, known=settings.names_of(settings.settings_classes())),
    ]


def _built(program: Kustomize, variants: Sequence[Variant], among: Path) -> Iterator[Built]:
    def build(variant: Variant) -> Built:
        try:
            return program.build(variant.folder)
        except BuildFailed as failed:
            return BuildFailed(str(failed).replace(str(among), "deploy"))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(build, variants)


def _judged(
    variant: Variant, result: Built, base: Built, schemas: Schemas, policies: Sequence[Policy]
) -> Iterator[Finding]:
    if isinstance(result, BuildFailed):
        yield Finding("kustomization.yaml", str(result))
        return
    faults = [finding for manifest in result for finding in schemas.findings(manifest)]
    yield from faults
    if faults:  # policies read fields that such an object may not have
        return
    beside = base if variant.name == BESIDE_BASE and not isinstance(base, BuildFailed) else []
    objects = Objects([*beside, *result], variant.components)
    for policy in policies:
        yield from policy(objects)


def _among(variants: Sequence[str]) -> str:
    more = len(variants) - 1
    return variants[0] if not more else f"{variants[0]} and {more} more"
