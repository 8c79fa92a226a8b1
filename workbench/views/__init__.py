"""The views of the workbench, in the order of its menu."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workbench.calls import DETECTION
from workbench.components.bench import Bench
from workbench.views import detect


@dataclass(frozen=True, slots=True)
class View:
    """One page: what the menu and the link call it, whom it asks, and what draws it."""

    title: str
    icon: str
    path: str
    services: tuple[str, ...]
    render: Callable[[Bench], None]


VIEWS = (View("Detect", ":material/face:", "detect", (DETECTION,), detect.render),)
