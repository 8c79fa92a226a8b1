"""Compose files as they are meant: one laid over the other, with the values that hold where nobody sets another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from deploy.checks.finding import Finding

FOLDER = "deploy/compose"
VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?:(?P<how>:?[-?])(?P<value>[^}]*))?\})")
Service = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Composition:
    """One or several files, laid over each other.

    Attributes:
        names: Of the files, in their order.
        root: The checkout.
        content: What they come to; variables have their defaults.
    """

    names: tuple[str, ...]
    root: Path
    content: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """Paths in the files begin here."""
        return self.root / FOLDER

    @property
    def services(self) -> Mapping[str, Service]:
        found: Mapping[str, Service] = self.content.get("services") or {}
        return found

    def part(self, kind: str) -> Mapping[str, Any]:
        """Networks, volumes or secrets by name."""
        return {name: value or {} for name, value in (self.content.get(kind) or {}).items()}

    def at(self, service: str, what: str) -> Finding:
        """A finding about a service."""
        return Finding(f"{FOLDER}/{self.names[-1]} {service}", what)

    def whole(self, what: str) -> Finding:
        """A finding about no service in particular."""
        return Finding(f"{FOLDER}/{self.names[-1]}", what)


Rule = Callable[[Composition], Iterator[Finding]]


def read(root: Path, names: Sequence[str]) -> Composition:
    """The files of ``deploy/compose``, each laid over the ones before it.

    Raises:
        yaml.YAMLError: One is no YAML.
    """
    content: Any = {}
    for name in names:
        text = (root / FOLDER / name).read_text(encoding="utf-8")
        content = merged(content, yaml.safe_load(text))
    return Composition(tuple(names), root, filled(content))


def merged(below: Any, above: Any) -> Any:
    """Mappings key by key, lists one behind the other, all else replaced: Compose's own way.

    A command, an entry point and a health check's test are replaced as well.
    """
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        whole = ("command", "entrypoint", "test")
        joined = {
            key: value if key in whole else merged(below.get(key), value) for key, value in above.items()
        }
        return {**below, **joined}
    if isinstance(below, list) and isinstance(above, list):
        return [*below, *above]
    return above


def filled(content: Any) -> Any:
    """Every text with its variables' defaults in their place; nothing where there is none."""
    if isinstance(content, Mapping):
        return {key: filled(value) for key, value in content.items()}
    if isinstance(content, list):
        return [filled(value) for value in content]
    if isinstance(content, str):
        return VARIABLE.sub(_default, content)
    return content


def words(command: Any) -> list[str]:
    """A command as a list, also where it is written as one text."""
    return command.split() if isinstance(command, str) else [str(word) for word in command or ()]


def is_one_shot(service: Service) -> bool:
    """Whether it does something and ends."""
    return service.get("restart") == "no"


def mounts(service: Service) -> Iterator[tuple[str, str, str]]:
    """Source, target and mode of each of its volumes, which are written in their short form."""
    for text in service.get("volumes") or ():
        source, _, rest = str(text).partition(":")
        target, _, mode = rest.partition(":")
        yield source, target, mode or "rw"


def secrets(service: Service) -> Iterator[str]:
    """Names of the secrets that it is given."""
    for given in service.get("secrets") or ():
        yield given["source"] if isinstance(given, Mapping) else given


def networks(service: Service) -> tuple[str, ...]:
    """Names of the networks that it is in; none where it says nothing, for then it is in Compose's own."""
    return tuple(service.get("networks") or ())


def _default(found: re.Match[str]) -> str:
    if found["escaped"]:
        return "$"
    return found["value"] or "" if (found["how"] or "").endswith("-") else ""
