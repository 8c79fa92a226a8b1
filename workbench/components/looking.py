"""A look at all services: health and metrics, kept in the session for rates and the history."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import streamlit as st

from bentos.contracts import SERVICES, Health
from workbench.client import ApiError, ClientError, ConnectionFailed, FaceSocialClient, NotConfigured
from workbench.components.health import title_of
from workbench.components.problems import advice_for
from workbench.metrics.findings import Finding, findings_of
from workbench.metrics.looks import Looks
from workbench.metrics.scrape import Scrape

NAMES = tuple(sorted(one.name for one in SERVICES))
KEPT = "_looks"
FORBIDDEN = 403
PRIVATE = "its metrics are given to private networks only. Set the service's own address, or open the workbench inside."


@dataclass(frozen=True, slots=True)
class Look:
    """What a service said when it was looked at now.

    Attributes:
        health: Or why there is none.
        trouble: Why there are no metrics; None where there are.
        looks: The looks of this session, this one included where there are metrics.
    """

    health: Health | ClientError
    trouble: ClientError | None
    looks: Looks

    @property
    def fresh(self) -> Scrape | None:
        """The metrics of now."""
        return self.looks.latest if self.trouble is None else None


def look_at_all(environment: str, client: FaceSocialClient) -> Mapping[str, Look]:
    """Ask every service for both, at once."""
    kept: dict[tuple[str, str], Looks] = st.session_state.setdefault(KEPT, {})
    with ThreadPoolExecutor(max_workers=len(NAMES)) as threads:
        found = list(threads.map(lambda name: _ask(client, name), NAMES))
    looks: dict[str, Look] = {}
    for name, (health, metrics) in zip(NAMES, found, strict=True):
        mine = kept.setdefault((environment, name), Looks())
        if isinstance(metrics, Scrape):
            mine.add(metrics, time.time())
        looks[name] = Look(health, None if isinstance(metrics, Scrape) else metrics, mine)
    return looks


def wrong_with(look: Look) -> Iterator[Finding]:
    """What is wrong with a service, the worst first."""
    said = sorted(_all_wrong(look), key=lambda finding: not finding.urgent)
    yield from said


def metrics_trouble(error: ClientError) -> str:
    """Why there are no metrics, and what to do."""
    if isinstance(error, NotConfigured):
        return f"{error.message} {PRIVATE[0].upper()}{PRIVATE[1:]}"
    if isinstance(error, ApiError) and error.status == FORBIDDEN:
        return f"403: {PRIVATE}"
    return error.message


def _all_wrong(look: Look) -> Iterator[Finding]:
    yield from _of_health(look.health)
    if look.trouble is not None and not isinstance(look.health, ConnectionFailed | NotConfigured):
        quiet = isinstance(look.trouble, NotConfigured)
        if not quiet:
            yield Finding(False, "No metrics.", metrics_trouble(look.trouble))
    if look.fresh is not None:
        yield from findings_of(look.fresh, look.looks.last_minute(), time.time())


def _of_health(health: Health | ClientError) -> Iterator[Finding]:
    if isinstance(health, ClientError):
        advice = advice_for(health)
        yield Finding(
            True, f"{advice.title}.", " ".join(part for part in (health.message, advice.remedy) if part)
        )
    elif health.status == "starting":
        yield Finding(False, "It is starting: its models are not warm yet.", "Wait a moment.")
    elif health.status == "degraded":
        away = ", ".join(sorted(name for name, state in health.dependencies.items() if state != "ok"))
        yield Finding(
            True, f"It works without {away or 'a part of it'}.", "Start what is missing; its log says more."
        )


def _ask(client: FaceSocialClient, service: str) -> tuple[Health | ClientError, Scrape | ClientError]:
    try:
        health: Health | ClientError = client.health(service)
    except ClientError as error:
        health = error
    try:
        text = client.metrics(service)
        return health, Scrape.of(text, time.monotonic())
    except ClientError as error:
        return health, error
    except ValueError as error:
        return health, ClientError(f"{title_of(service)} sends metrics that cannot be read: {error}.")
