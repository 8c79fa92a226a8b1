"""Where secrets may stand: in the store that an overlay names, and in files in memory; nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploy.checks.cluster.objects import Objects, at, label
from deploy.checks.finding import Finding

NAMED = re.compile(
    r"(?i)(passw(or)?d|secret|token|api_?key|access_?key|private_?key|credentials?)(?!.*(_FILE|_DIR)$)"
)
"""Names of variables whose value would be one, unless it says where a file is."""
SHAPED = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|AGE-SECRET-KEY-1[0-9A-Z]+"
    r"|[a-z][a-z0-9+.-]*://[^\s/:@]*:[^\s/@{}$]+@"  # an address with a password
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\."  # a token
    r"|(?<![0-9a-fA-F])[0-9a-f]{64}(?![0-9a-fA-F])"  # 32 random bytes
)
TEMPLATE = re.compile(r"\{\{.*?\}\}")


def no_secrets(objects: Objects) -> Iterator[Finding]:
    """What is in the manifests is in the repository, in every copy of it and for ever."""
    for secret in objects.of("Secret"):
        yield Finding(label(secret), "secrets come from the store, through an ExternalSecret")


def no_secret_values(objects: Objects) -> Iterator[Finding]:
    """A ConfigMap is read by whoever may list one, and it is in the repository as well."""
    for settings in objects.of("ConfigMap"):
        for key, value in {**settings.get("data", {}), **settings.get("binaryData", {})}.items():
            if (NAMED.search(key) and "." not in key and value) or SHAPED.search(value):
                yield Finding(label(settings), f"{key} looks like a secret")


def no_secret_variables(objects: Objects) -> Iterator[Finding]:
    """The environment of a process is inherited by all that it starts, and printed by much that fails."""
    for pod in objects.pods:
        for container in pod.containers:
            for source in container.spec.get("envFrom", ()):
                if "secretRef" in source:
                    yield Finding(container.where, "envFrom a Secret: secrets are files in /run/secrets")
            for variable in container.spec.get("env", ()):
                value = variable.get("value", "")
                if at(variable, "valueFrom", "secretKeyRef"):
                    yield Finding(container.where, f"{variable['name']}: secrets are files in /run/secrets")
                if (NAMED.search(variable["name"]) and value) or SHAPED.search(value):
                    yield Finding(container.where, f"{variable['name']} looks like a secret")


def no_secret_arguments(objects: Objects) -> Iterator[Finding]:
    """A command line is shown to whoever lists processes or describes the pod."""
    for pod in objects.pods:
        for container in pod.containers:
            for argument in (*container.spec.get("command", ()), *container.spec.get("args", ())):
                if SHAPED.search(argument):
                    yield Finding(container.where, "an argument looks like a secret")


def templates_without_values(objects: Objects) -> Iterator[Finding]:
    """What an ExternalSecret's template says by itself is no secret: a password there would be in the repository."""
    for secret in objects.of("ExternalSecret"):
        for key, text in at(secret, "spec", "target", "template", "data", default={}).items():
            if SHAPED.search(TEMPLATE.sub("", text)) or not TEMPLATE.search(text):
                yield Finding(label(secret), f"{key} holds a value that does not come from the store")


def private_files(objects: Objects) -> Iterator[Finding]:
    """A secret is read by its program and by nobody else in the container: mode 0440, and mounted read-only."""
    for pod in objects.pods:
        for volume in pod.volumes:
            projected = volume.get("projected", {})
            holds = [source for source in projected.get("sources", ()) if "secret" in source]
            found = volume.get("secret") or (projected if holds else None)
            if found is not None and found.get("defaultMode") != 0o440:
                yield Finding(pod.where, f"volume {volume['name']}: defaultMode of secrets has to be 0440")


POLICIES = (
    no_secrets,
    no_secret_values,
    no_secret_variables,
    no_secret_arguments,
    templates_without_values,
    private_files,
)
