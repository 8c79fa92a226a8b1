"""The jobs of videos."""

from __future__ import annotations

from deploy.grafana.dashboard import Dashboard
from deploy.grafana.panels import Panel, Query


def _quantile(share: float) -> Query:
    # Every replica says what the database counts: the maximum of them is the number itself.
    buckets = "max by (le) (rate(deepfake_job_duration_seconds_bucket[1h]))"
    return Query(f"histogram_quantile({share}, {buckets})", f"{share:.0%} within")


def _count(status: str, title: str, description: str, warning: float | None = None) -> Panel:
    query = Query(f'max(deepfake_jobs{{status="{status}"}})', status)
    return Panel(title, description, "short", (query,), kind="stat", warning=warning, columns=6, rows=5)


JOBS = Dashboard(
    "jobs",
    "videos",
    "Video jobs: how many wait, how many run, how long they take.",
    {
        "Now": (
            _count("queued", "Waiting", "Jobs that no worker has taken yet.", 20),
            _count("running", "Running", "Jobs that a worker has taken."),
            _count("failed", "Failed", "Jobs that ended with an error and are still kept."),
            _count("succeeded", "Succeeded", "Jobs that ended with a result and are still kept."),
        ),
        "Over time": (
            Panel(
                "Jobs by status",
                "Those that are kept; what was deleted is counted no longer.",
                "short",
                (Query("max by (status) (deepfake_jobs)", "{{status}}"),),
            ),
            Panel(
                "Jobs that ended",
                "An hour, by themselves; cancelled ones are not counted.",
                "short",
                (Query("max(rate(deepfake_job_duration_seconds_count[1h])) * 3600", "ended"),),
            ),
            Panel(
                "How long jobs take",
                "From the first begin to the end, over the last hour.",
                "s",
                (_quantile(0.5), _quantile(0.95)),
            ),
            Panel(
                "Workers at work",
                "Mean number of jobs in work, by the time that ended ones took.",
                "short",
                (Query("max(rate(deepfake_job_duration_seconds_sum[1h]))", "at work"),),
            ),
        ),
    },
    (),
)
