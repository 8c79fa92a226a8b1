"""Kubernetes' own schemas, from the package ``kubernetes-validate``, and ours for what operators add; none is fetched.

Unknown fields are faults: kubectl would refuse them, or a cluster drop them in silence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from deploy.checks.cluster.objects import Manifest, label
from deploy.checks.finding import Finding

VERSION = "1.36.0"
"""Of Kubernetes."""
OWN = files("deploy.checks.cluster") / "crds"


class Schemas:
    """Validates objects; equal ones only once, for variants share most of theirs."""

    def __init__(self, version: str = VERSION) -> None:
        package = files("kubernetes_validate") / "kubernetes-json-schema"
        self._folder = package / f"v{version}-local-strict"
        self._validators: dict[tuple[str, str], Draft202012Validator | None] = {}
        self._seen: dict[str, list[Finding]] = {}

    def findings(self, manifest: Manifest) -> list[Finding]:
        """What is wrong with an object, field by field."""
        key = json.dumps(manifest, sort_keys=True)
        if key not in self._seen:
            self._seen[key] = list(self._judge(manifest))
        return self._seen[key]

    def _judge(self, manifest: Manifest) -> Iterator[Finding]:
        validator = self._validator(manifest["apiVersion"], manifest["kind"])
        if validator is None:
            known = f"Kubernetes {VERSION} has no {manifest['kind']} of {manifest['apiVersion']}"
            yield Finding(
                label(manifest), f"{known}: a schema for it belongs into deploy/checks/cluster/crds"
            )
            return
        for error in validator.iter_errors(manifest):
            path = ".".join(map(str, error.absolute_path)) or "the object"
            yield Finding(label(manifest), f"{path}: {error.message[:300]}")

    def _validator(self, api_version: str, kind: str) -> Draft202012Validator | None:
        key = (api_version, kind)
        if key not in self._validators:
            self._validators[key] = self._made(api_version, kind)
        return self._validators[key]

    def _made(self, api_version: str, kind: str) -> Draft202012Validator | None:
        group, _, version = api_version.rpartition("/")
        short = f"{group.split('.')[0]}-{version}" if group else version
        for folder in (self._folder, OWN):
            file = folder / f"{kind.lower()}-{short}.json"
            if file.is_file():
                return Draft202012Validator(_read(file), registry=self._registry)
        return None

    @cached_property
    def _registry(self) -> Registry[Any]:
        definitions: Resource[Any] = Resource.from_contents(_read(self._folder / "_definitions.json"))
        return definitions @ Registry()


def _read(file: Traversable) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))
