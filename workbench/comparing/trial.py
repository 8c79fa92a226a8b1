"""A trial: what is asked, of whom, and what was answered so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from workbench.comparing.asking import Asking, ask_all
from workbench.comparing.shots import Shots
from workbench.comparing.summary import SIDES
from workbench.runs.access import Access
from workbench.runs.model import RunSettings


@dataclass
class Trial:
    """Two sides on the same pictures.

    Attributes:
        task: What is asked.
        shots: The pictures.
        environments: Names of both deployments.
        sides: What each has answered.
        second_wanted: Whether the second side is asked yet: the same deployment is only after a promotion.
    """

    task: str
    shots: Shots
    environments: tuple[str, str]
    sides: tuple[Asking, Asking]
    second_wanted: bool

    @classmethod
    def of(cls, task: str, shots: Shots, environments: tuple[str, str], settings: RunSettings) -> Self:
        """A trial of which nothing is asked yet."""
        first, second = (Asking(shots.shots, task, settings) for _ in SIDES)
        return cls(task, shots, environments, (first, second), environments[0] != environments[1])

    @property
    def title(self) -> str:
        """For people."""
        first, second = self.environments
        return f"{first} before and after" if first == second else f"{first} against {second}"

    @property
    def asked(self) -> Sequence[tuple[str, str, Asking]]:
        """Letter, environment and answers of the sides that are asked by now."""
        sides = list(zip(SIDES, self.environments, self.sides, strict=True))
        return sides if self.second_wanted else sides[:1]

    @property
    def progress(self) -> float:
        """Share of the replies that are there, 0 to 1."""
        total = sum(len(asking.shots) for _, _, asking in self.asked)
        return 1.0 if not total else 1 - sum(asking.left for _, _, asking in self.asked) / total

    @property
    def under_way(self) -> bool:
        """Whether there is something to be asked, and somebody who is not known to be away."""
        return any(asking.left and asking.stopped is None for _, _, asking in self.asked)

    def go_on(self, access_of: Callable[[str], Access | None], tick: Callable[[], None]) -> None:
        """Ask what has no answer yet; as ``ask_all``.

        Args:
            access_of: The way to a deployment, by its name.
            tick: Shows how far it is.
        """
        ways = [(asking, access_of(name)) for _, name, asking in self.asked if asking.left]
        ask_all([(asking, access) for asking, access in ways if access is not None], tick)
