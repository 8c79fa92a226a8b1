"""The parts of following a registry, put together for one service."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry

from bentos.common.generations import Generations
from bentos.common.metrics import Metrics
from bentos.common.registry.client import RegistryClient
from bentos.common.registry.follower import Follower
from bentos.common.registry.kept import Kept
from bentos.common.registry.source import Source
from bentos.common.registry.watched import RegistryMetrics
from bentos.common.settings import RegistrySettings, Settings
from bentos.common.shadow.shadow import Shadow
from bentos.common.shadow.trying import Trying
from bentos.common.shadow.watched import ShadowMetrics
from bentos.common.spec import ServiceSpec


def open_follower(
    spec: ServiceSpec,
    settings: Settings,
    generations: Generations,
    metrics: Metrics,
    busy: Callable[[], bool] = lambda: False,
) -> Follower:
    """Follows the registry of the settings for a service.

    Args:
        spec: The service.
        settings: Name the registry.
        generations: The service's models.
        metrics: Of the service.
        busy: Whether callers need all that there is at the moment: nothing is tried then.

    Raises:
        ConfigurationError: The registry has no address.
    """
    chosen = settings.registry
    client = RegistryClient(chosen.uri, chosen.token)
    registry = CollectorRegistry()
    if settings.prometheus_multiproc_dir is None:
        metrics.add(registry)  # else what is counted stands in the files that processes share
    return Follower(
        Source(client, Kept(chosen.kept), RegistryMetrics(spec.name, registry)),
        generations,
        tuple(spec.tasks.values()),
        refresh_s=chosen.refresh_s,
        fixed=frozenset(spec.tasks[name] for name in spec.fixed),
        trial=_trying(spec, chosen, generations, registry, busy) if chosen.shadow_share else None,
    )


def _trying(
    spec: ServiceSpec,
    chosen: RegistrySettings,
    generations: Generations,
    registry: CollectorRegistry,
    busy: Callable[[], bool],
) -> Trying:
    return Trying(generations, Shadow(chosen.shadow_share, busy, ShadowMetrics(spec.name, registry)))
