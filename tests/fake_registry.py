"""A registry and a service's models that a test moves by hand."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from prometheus_client import CollectorRegistry
from registered import a_bundle

from bentos.common.errors import DependencyUnavailable
from bentos.common.model_set import Chosen
from bentos.common.registry.client import Version
from bentos.common.registry.follower import Follower
from bentos.common.registry.kept import Kept
from bentos.common.registry.source import Source
from bentos.common.registry.watched import RegistryMetrics
from models.catalogue.card import Task
from models.errors import ModelUnavailable
from models.runtime.bundle import CARDS

TASK = Task.ANTISPOOFING
OTHER = Task.FACE_DETECTION


@dataclass
class FakeRegistry:
    """Aliases and bundles by hand; ``faults`` are raised by downloads, the first one first."""

    folder: Path
    down: bool = False
    named: dict[str, dict[str, str]] = field(default_factory=dict)
    faults: list[Exception] = field(default_factory=list)
    downloads: list[str] = field(default_factory=list)
    closed: bool = False
    address: str = "http://registry"

    def put(self, number: str, task: Task = TASK, under: Task | None = None) -> None:
        """Register a version, whose card bears its number."""
        a_bundle(self._at((under or task).value, number), number.encode(), task, f"{number}.0.0")

    def name(self, alias: str, number: str | None, task: Task = TASK) -> None:
        """Move an alias; None: remove it."""
        held = self.named.setdefault(task.value, {})
        held.pop(alias, None)
        if number is not None:
            held[alias] = number

    def aliases(self, name: str) -> Mapping[str, Version]:
        if self.down:
            self._fail()
        return {alias: Version(name, number) for alias, number in self.named.get(name, {}).items()}

    def cards(self, version: Version) -> bytes:
        if self.down:
            self._fail()
        return (self._at(version.name, version.number) / CARDS).read_bytes()

    def download(self, version: Version, cards: bytes, folder: Path) -> None:
        self.downloads.append(version.number)
        if self.faults:
            raise self.faults.pop(0)
        shutil.copytree(self._at(version.name, version.number), folder, dirs_exist_ok=True)

    def close(self) -> None:
        self.closed = True

    def damage(self, number: str) -> None:
        """Make a version's graph another one than its card names."""
        (graph,) = self._at(TASK.value, number).glob("*.onnx")
        graph.write_bytes(b"damaged")

    def _at(self, name: str, number: str) -> Path:
        return self.folder / name / number

    def _fail(self) -> NoReturn:
        raise DependencyUnavailable("The registry http://registry cannot be used: no answer.")


@dataclass
class FakeGenerations:
    """Serves the catalogue until it is told otherwise; ``refused`` versions of cards do not run."""

    serving: dict[Task, str] = field(default_factory=lambda: {TASK: "catalogue", OTHER: "catalogue"})
    refused: dict[str, Exception] = field(default_factory=dict)
    tries: list[str] = field(default_factory=list)

    def replace(self, task: Task, chosen: Chosen) -> None:
        (card,) = chosen.cards
        assert chosen.paths[card.sha256].read_bytes() == card.version.partition(".")[0].encode()
        self.tries.append(card.version)
        if card.version in self.refused:
            raise self.refused[card.version]
        self.serving[task] = card.version


@dataclass
class FakeTrial:
    """Remembers what it was given to try."""

    trying: dict[Task, str] = field(default_factory=dict)
    begun: int = 0
    started: bool = False
    closed: bool = False

    def observe(self, *_: object) -> None:
        """Look away."""

    def start(self) -> None:
        self.started = True

    def close(self) -> None:
        self.closed = True

    def begin(self, task: Task, chosen: Chosen) -> None:
        self.begun += 1
        if chosen.cards[0].version == "13.0.0":
            raise ModelUnavailable("does not run")
        self.trying[task] = chosen.cards[0].version

    def end(self, task: Task) -> None:
        self.trying.pop(task, None)


class Service:
    """A follower among fakes; ``restart`` leaves what is kept on disk."""

    def __init__(
        self, folder: Path, tasks: tuple[Task, ...] = (TASK,), fixed: frozenset[Task] = frozenset()
    ) -> None:
        self._folder, self._tasks, self._fixed = folder, tasks, fixed
        self.registry = FakeRegistry(folder / "registry")
        self.now = 0.0
        self.restart()

    def restart(self) -> None:
        self.generations = FakeGenerations()
        self.trial = FakeTrial()
        self.counted = CollectorRegistry()
        metrics = RegistryMetrics("the-service", self.counted)
        self.follower = Follower(
            Source(self.registry, Kept(self._folder / "kept"), metrics),
            self.generations,
            self._tasks,
            refresh_s=0.01,
            fixed=self._fixed,
            trial=self.trial,
            clock=lambda: self.now,
        )

    @property
    def serving(self) -> str:
        return self.generations.serving[TASK]

    def metric(self, name: str, **labels: str) -> float | None:
        return self.counted.get_sample_value(name, {"service": "the-service", **labels})

    def failures(self, reason: str) -> float:
        return self.metric("ai_model_registry_failures_total", reason=reason) or 0.0
