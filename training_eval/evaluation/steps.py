"""Progress of an evaluation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Step = Callable[[], None]
"""Called after each sample."""


class Progress(Protocol):
    """Hears how an evaluation goes on; a terminal draws a bar of it."""

    def begin(self, dataset: str, samples: int) -> Step:
        """A set of so many samples is begun; what is returned is called after each of them."""


class Silent:
    """Progress that nobody looks at."""

    def begin(self, dataset: str, samples: int) -> Step:
        """Say nothing."""
        return lambda: None
