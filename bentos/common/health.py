"""Whether a service may be given traffic, and why not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from bentos.common.errors import DependencyUnavailable, FaceSocialError
from bentos.contracts import Health, ModelRef

logger = logging.getLogger(__name__)

RETRY_S = 5.0
PROBE_TIMEOUT_S = 2.0
Probe = Callable[[], Awaitable[None]]
State = Literal["ok", "unavailable"]


class HealthMonitor:
    """Knows whether the models are warm and asks the dependencies when somebody wants to know.

    Args:
        service: The service's name.
        version: The service's version.
        models: Its models at a time, in the words of the contract.
        probes: By dependency, what raises while it does not answer.
    """

    def __init__(
        self,
        service: str,
        version: str,
        models: Callable[[], list[ModelRef]],
        probes: Mapping[str, Probe] | None = None,
    ) -> None:
        self._service = service
        self._version = version
        self._models = models
        self._probes = dict(probes or {})
        self._warm = False
        self._fault: FaceSocialError | None = None

    async def warm_up(self, start: Callable[[], Awaitable[None]]) -> None:
        """Call ``start`` until it succeeds; each new reason is said once, in one sentence."""
        while not self._warm:
            try:
                await start()
                self._warm, self._fault = True, None
            except FaceSocialError as error:
                if self._fault is None or error.message != self._fault.message:
                    logger.error("%s is not ready: %s", self._service, error.message)
                self._fault = error
                await asyncio.sleep(RETRY_S)

    async def require_ready(self) -> None:
        """Raise what keeps the service from answering."""
        if self._fault is not None:
            raise self._fault
        if not self._warm:
            raise DependencyUnavailable(
                "The models are being loaded; try again in a moment.", {"dependency": "models"}
            )
        states = await self._states()
        if down := sorted(name for name, state in states.items() if state != "ok"):
            raise DependencyUnavailable(f"{', '.join(down)} does not answer.", {"dependency": down[0]})

    async def report(self) -> Health:
        """What the gateway and clients read."""
        states = await self._states()
        status: Literal["ok", "starting", "degraded"] = "ok"
        if not self._warm:
            status = "starting"
        elif "unavailable" in states.values():
            status = "degraded"
        return Health(
            status=status,
            service=self._service,
            version=self._version,
            models=self._models(),
            dependencies=states,
        )

    async def _states(self) -> dict[str, State]:
        return dict(zip(self._probes, await asyncio.gather(*map(_state, self._probes.values())), strict=True))


async def _state(probe: Probe) -> State:
    try:
        await asyncio.wait_for(probe(), PROBE_TIMEOUT_S)
    except Exception as error:  # whatever a driver raises, the dependency does not answer
        logger.warning("a dependency does not answer: %r", error)
        return "unavailable"
    return "ok"
