"""What goes on beside a service's answers: a registry is followed, and answers that were given are looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from bentos.common.generations import Models
from bentos.contracts import FaceSelection
from bentos.contracts.base import Message

Make = Callable[[Models], Callable[[bytes, Any, Any], Message]]
"""Makes an operation of a generation: image, options and clock in, answer out."""
AfterAnswer = Callable[[Make, bytes, FaceSelection, Message, Models], None]
"""Is told how an answer was made, of what, and by which generation, in the thread that made it: it returns at once."""


class Follower(Protocol):
    """Follows a registry of models."""

    @property
    def observe(self) -> AfterAnswer | None:
        """Is told of answers; None where nobody compares them."""
        ...

    def first(self) -> None:
        """Have what the registry wants served, if it can be had; called before the service is ready.

        It runs in a thread and may come again. With a registry that does not answer it serves what is kept.

        Raises:
            DependencyUnavailable: The registry does not answer and nothing of it is kept.
        """
        ...

    def start(self) -> None:
        """Follow from now on, in a thread of its own; may come again."""
        ...

    def close(self) -> None:
        """End, and wait for the thread."""
        ...
