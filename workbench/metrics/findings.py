"""What is wrong, by the limits of the project's alerts (``deploy/prometheus/rules``), and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workbench.metrics.figures import gauge_of, queues_of, traffic_of
from workbench.metrics.scrape import Increase, Scrape, Values, named

HOUR_S, DAY_S = 3600.0, 86_400.0
FAILED = 0.01
"""Share of requests: ten times what the objective of availability, 99.9 %, allows."""
QUEUED_S = 1.0
WAITING_JOBS = 20
OUTBOX_S = 300.0
CHECKED_S = 2 * DAY_S
BACKUP_S = 26 * HOUR_S
DRILL_S = 35 * DAY_S
KEPT = (
    (
        "audit_chains_checked_timestamp_seconds",
        CHECKED_S,
        "The last check of the audit chains",
        "`facesocial audit verify` checks them.",
    ),
    (
        "backup_last_success_timestamp_seconds",
        BACKUP_S,
        "The last backup",
        "`facesocial backup create` makes one.",
    ),
    (
        "backup_last_drill_timestamp_seconds",
        DRILL_S,
        "The last trial restore of a backup",
        "`facesocial backup drill` does it.",
    ),
)
"""Gauges of a time, how long ago it may be in seconds, what it is, and what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong.

    Attributes:
        urgent: Whether people notice it now.
        said: What is wrong, one sentence.
        remedy: What to do next.
    """

    urgent: bool
    said: str
    remedy: str


def findings_of(scrape: Scrape, increase: Increase | None, now: float) -> Iterator[Finding]:
    """What a service's metrics say is wrong.

    Args:
        scrape: The latest look.
        increase: What was counted of late.
        now: Seconds since 1970.
    """
    if increase is not None:
        yield from _of_requests(increase)
    yield from _of_models(scrape.gauges)
    yield from _of_stores(scrape.gauges)
    yield from _of_keeping(scrape.gauges, now)


def _of_requests(increase: Increase) -> Iterator[Finding]:
    failed = traffic_of(increase).failed
    if failed is not None and failed > FAILED:
        said = f"{failed:.1%} of the requests fail with a status of 500 or above."
        yield Finding(True, said, "The service's log says why; its health stands below.")
    for queue, waits in queues_of(increase).items():
        slowest = waits.quantile(0.95)
        if slowest is not None and slowest > QUEUED_S:
            said = f"The slowest twentieth waits {slowest:.1f} s or more for {queue}."
            yield Finding(True, said, "Send less at a time, or add replicas.")


def _of_models(gauges: Values) -> Iterator[Finding]:
    if gauge_of(gauges, "ai_model_registry_up") == 0:
        said = "The registry of models does not answer it; it serves what it has."
        yield Finding(False, said, "Start the MLflow server, or look at its token.")
    for series, value in named(gauges, "ai_model_waiting"):
        if value > 0:
            said = f"{series.label('model_name')} {series.label('model_version')} waits for a restart."
            yield Finding(
                False, said, "Restart the service when its galleries may be moved to the new embedder."
            )


def _of_stores(gauges: Values) -> Iterator[Finding]:
    queued = gauge_of(gauges, "deepfake_jobs", status="queued") or 0.0
    running = gauge_of(gauges, "deepfake_jobs", status="running") or 0.0
    if queued > WAITING_JOBS or (queued > 0 and running == 0):
        said = f"{queued:.0f} videos wait, {running:.0f} are analysed."
        yield Finding(queued > WAITING_JOBS, said, "If that stays so, look at the video workers or add some.")
    lag = gauge_of(gauges, "gallery_outbox_oldest_seconds") or 0.0
    if lag > OUTBOX_S:
        said = f"The index is {lag / 60:.0f} minutes behind the galleries."
        yield Finding(True, said, "Look at the index and at the service's log.")


def _of_keeping(gauges: Values, now: float) -> Iterator[Finding]:
    broken = gauge_of(gauges, "audit_chains_broken") or 0.0
    if broken > 0:
        said = f"{broken:.0f} chains of audit events are broken."
        yield Finding(True, said, "`facesocial audit verify` says where; keep the database as it is.")
    for name, limit, what, remedy in KEPT:
        at = gauge_of(gauges, name)
        if at is not None and now - at > limit:
            yield Finding(False, f"{what}: {ago(now - at) if at > 0 else 'never'}.", remedy)


def ago(seconds: float) -> str:
    """A time that has passed, for people."""
    for unit, length in (("days", DAY_S), ("hours", HOUR_S), ("minutes", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{max(seconds, 0.0):.0f} seconds ago"
