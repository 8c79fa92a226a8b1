"""What a service holds beside its models: begun before it is ready, let go of at its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

from bentos.common.health import Probe


class Lifecycle:
    """Collects what has to begin and to end with a service; its routes add to it when they are made."""

    def __init__(self) -> None:
        self._starts: list[Callable[[], None]] = []
        self._closes: list[Callable[[], None]] = []
        self._probes: dict[str, Probe] = {}

    def add(
        self,
        *,
        start: Callable[[], None] | None = None,
        close: Callable[[], None],
        pings: Mapping[str, Callable[[], None]],
    ) -> None:
        """Add a part.

        Args:
            start: Runs in a thread before the service is ready, again and again until it raises nothing; None
                where there is nothing to begin.
            close: Runs in a thread at the end.
            pings: By dependency, what raises while it does not answer.
        """
        if start is not None:
            self._starts.append(start)
        self._closes.append(close)
        self._probes.update({name: partial(asyncio.to_thread, ping) for name, ping in pings.items()})

    @property
    def probes(self) -> Mapping[str, Probe]:
        """Dependencies of all parts."""
        return self._probes

    async def start(self) -> None:
        """Begin, in the order in which the parts were added."""
        for start in self._starts:
            await asyncio.to_thread(start)

    async def close(self) -> None:
        """End, the last part first."""
        for close in reversed(self._closes):
            await asyncio.to_thread(close)
