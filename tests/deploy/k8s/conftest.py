"""Builds of the real manifests, made once."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest

from deploy.checks.cluster import kustomize
from deploy.checks.cluster.objects import Objects
from deploy.checks.cluster.variants import Variant, written
from deploy.checks.finding import MissingProgram

ROOT = Path(__file__).parents[3]
Build = Callable[[str], Objects]


@pytest.fixture(scope="session")
def program() -> kustomize.Kustomize:
    try:
        return kustomize.find()
    except MissingProgram as missing:
        pytest.skip(missing.message)


@pytest.fixture(scope="session")
def variants(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Variant]:
    return {one.name: one for one in written(ROOT, tmp_path_factory.mktemp("k8s"))}


@pytest.fixture(scope="session")
def built(program: kustomize.Kustomize, variants: dict[str, Variant]) -> Build:
    @cache
    def build(name: str) -> Objects:
        variant = variants[name]
        return Objects(program.build(variant.folder), variant.components)

    return build


@pytest.fixture
def production(built: Build) -> Objects:
    """Production with GPUs, which is everything; to be broken."""
    whole = built("production+gpu")
    return Objects(deepcopy(list(whole.manifests)), whole.components)
