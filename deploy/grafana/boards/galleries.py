"""Galleries, the audit of what was done with them, and their backups."""

from __future__ import annotations

from deploy.grafana.dashboard import Dashboard
from deploy.grafana.panels import Panel, Query

DAY = 86_400


def _count(metric: str, title: str, description: str) -> Panel:
    return Panel(
        title, description, "short", (Query(f"max({metric})", title),), kind="stat", columns=6, rows=5
    )


def _age(metric: str, title: str, description: str, warning: float, critical: float) -> Panel:
    query = Query(f"time() - max({metric})", title)
    return Panel(
        title, description, "s", (query,), kind="stat", warning=warning, critical=critical, columns=6, rows=5
    )


GALLERIES = Dashboard(
    "galleries",
    "galleries, audit and backups",
    "What is enrolled, how far the vector index follows, whether the audit holds, how old the last backup is.",
    {
        "Galleries": (
            _count("gallery_collections", "Collections", "Of all tenants."),
            _count("gallery_subjects", "People", "Subjects of all collections."),
            _count("gallery_faces", "Faces", "Templates of all subjects."),
            _count(
                "gallery_tombstones", "Tombstones", "Erased faces that no restored backup may bring back."
            ),
            Panel(
                "Index behind the database",
                "Age of the oldest entry of the outbox: enrolled and not yet found, or erased and still in the index.",
                "s",
                (Query("max(gallery_outbox_oldest_seconds)", "oldest entry"),),
                warning=60,
                critical=300,
            ),
            Panel(
                "Entries that wait",
                "Entries of the outbox: changes that the index has not followed yet.",
                "short",
                (Query("max(gallery_outbox_entries)", "entries"),),
            ),
            Panel(
                "Searches and enrolments",
                "Requests a second on collections, by route.",
                "reqps",
                (
                    Query(
                        "sum by (method, path) (rate(http_requests_total"
                        '{service="face-recognition-service", path=~"/api/v1/collections.*"}[$__rate_interval]))',
                        "{{method}} {{path}}",
                    ),
                ),
            ),
            Panel(
                "Time of a search: 95 % within",
                "From the first byte of the request to the last of the answer: decode, find, embed, search.",
                "s",
                (
                    Query(
                        "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket"
                        '{path="/api/v1/collections/{name}/identify"}[$__rate_interval])))',
                        "identify",
                    ),
                ),
                warning=1,
            ),
        ),
        "Audit": (
            Panel(
                "Broken chains",
                "Tenants in whose chain of audit events a hash does not fit.",
                "short",
                (Query("max(audit_chains_broken)", "broken"),),
                kind="stat",
                critical=1,
                words={"0": "none"},
                columns=6,
                rows=5,
            ),
            _age(
                "audit_chains_checked_timestamp_seconds",
                "Since the last check",
                "Of all chains.",
                DAY,
                2 * DAY,
            ),
            _count("audit_events", "Events", "In all chains."),
        ),
        "Backups": (
            _age(
                "backup_last_success_timestamp_seconds",
                "Since the last backup",
                "That succeeded; one is due every day.",
                26 * 3600,
                3 * DAY,
            ),
            _age(
                "backup_last_drill_timestamp_seconds",
                "Since the last drill",
                "A restore that was compared with what was backed up; one is due every month.",
                31 * DAY,
                35 * DAY,
            ),
            Panel(
                "Size of the last backup",
                "As it is kept, encrypted.",
                "bytes",
                (Query("max(backup_last_size_bytes)", "size"),),
            ),
        ),
    },
    (),
)
