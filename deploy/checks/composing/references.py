"""Rules of names: what is used is there, what is there is used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from deploy.checks.composing.reading import FOLDER, Composition, Service, mounts, networks, secrets
from deploy.checks.finding import Finding

EXAMPLE = ".env.example"
COMPOSED = ("compose.yaml", "compose.gpu.yaml")
COMPOSES_OWN = frozenset({"COMPOSE_PROJECT_NAME", "COMPOSE_FILE"})


def joined(composition: Composition) -> Iterator[Finding]:
    """Every network, volume and secret is defined once and used somewhere."""
    for kind, used_by in (("networks", networks), ("volumes", _volumes), ("secrets", secrets)):
        defined = composition.part(kind).keys()
        for name, service in composition.services.items():
            for used in used_by(service):
                if used not in defined:
                    yield composition.at(name, f"{used} is not among the {kind}")
        used_at_all = set(chain.from_iterable(map(used_by, composition.services.values())))
        for name in sorted(defined - used_at_all):
            yield composition.whole(f"nobody uses {name} of the {kind}")


def present(composition: Composition) -> Iterator[Finding]:
    """What is mounted from the checkout is in it."""
    for name, service in composition.services.items():
        for source, target, _ in mounts(service):
            if source.startswith(".") and not (composition.folder / source).exists():
                yield composition.at(
                    name, f"{source} does not exist; Docker would mount an empty folder at {target}"
                )


def explained(composition: Composition) -> Iterator[Finding]:
    """``.env.example`` names settings that the files read, and no others."""
    text = "".join((composition.folder / name).read_text(encoding="utf-8") for name in COMPOSED)
    read = set(re.findall(r"(?<!\$)\$\{(\w+)", text)) | set(re.findall(r"^ +(\w+):$", text, re.MULTILINE))
    lines = (composition.folder / EXAMPLE).read_text(encoding="utf-8").splitlines()
    for name in (found[1] for line in lines if (found := re.match(r"#?([A-Z][A-Z0-9_]+)=", line))):
        if name not in read | COMPOSES_OWN:
            yield Finding(f"{FOLDER}/{EXAMPLE}", f"nothing reads {name}")


def _volumes(service: Service) -> list[str]:
    return [source for source, _, _ in mounts(service) if not source.startswith((".", "/", "~"))]
