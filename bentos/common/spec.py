"""What makes one service different from the others, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from models.catalogue.card import Task

DETECTOR = "detector"
FACES = "faces"


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """A service.

    Attributes:
        name: Its name in the contract.
        title: What people call it.
        tasks: The task of each of its batched models, by the model's name; the main one first.
        routes: Where its routes are made, as ``module:function``; imported only where they are served.
        usage: The table that counts its requests, as ``module:class``; imported only there as well.
        extras: Extras of the project that it needs to be installed.
        keeps_state: Whether it works with the database itself, and so with the embedded one too.
        body_limits: Most bytes of a request's body by its path, where it is not what the settings say for all.
        beside: Tasks of further models, which other processes of the service run.
        fixed: Names of models that stay as they are while the service runs, because what it keeps rests on them.
        scores: What its main model says of faces, by the names that ``/metrics`` has for it.
    """

    name: str
    title: str
    tasks: Mapping[str, Task]
    routes: str
    usage: str | None = None
    extras: tuple[str, ...] = ()
    keeps_state: bool = False
    body_limits: Mapping[str, int] = field(default_factory=dict)
    beside: tuple[Task, ...] = ()
    fixed: tuple[str, ...] = ()
    scores: tuple[str, ...] = ()

    @property
    def main(self) -> str:
        """The name of its main model."""
        return next(iter(self.tasks))


def face_service(
    name: str, title: str, task: Task, routes: str, usage: str, scores: tuple[str, ...] = ()
) -> ServiceSpec:
    """A service that finds faces and asks the networks of ``task`` about each."""
    tasks = MappingProxyType({FACES: task, DETECTOR: Task.FACE_DETECTION})
    return ServiceSpec(name, title, tasks, routes, usage, scores=scores)
