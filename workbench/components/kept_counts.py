"""Jobs, galleries, audit and backup, as gauges of the services tell them."""

from __future__ import annotations

import time
from collections.abc import Iterable

import streamlit as st

from workbench.metrics.figures import gauge_of
from workbench.metrics.findings import ago
from workbench.metrics.scrape import Values

JOBS = ("queued", "running", "succeeded", "failed", "cancelled")
COUNTS = {
    "gallery_collections": "Collections",
    "gallery_subjects": "People",
    "gallery_faces": "Faces",
    "gallery_tombstones": "Erased faces",
    "gallery_outbox_entries": "Not yet indexed",
    "audit_events": "Audit events",
    "audit_chains_broken": "Broken chains",
}
TIMES = {
    "audit_chains_checked_timestamp_seconds": "Chains checked",
    "backup_last_success_timestamp_seconds": "Last backup",
    "backup_last_drill_timestamp_seconds": "Last trial restore",
}
SIZE = "backup_last_size_bytes"
WIDTH = 150  # pixels


def show_gauges(gauges: Values) -> None:
    """Those that are there."""
    said = [*_jobs(gauges), *_counts(gauges), *_times(gauges)]
    if not said:
        return
    with st.container(horizontal=True):
        for title, value in said:
            st.metric(title, value, width=WIDTH)


def _jobs(gauges: Values) -> Iterable[tuple[str, str]]:
    for status in JOBS:
        if (count := gauge_of(gauges, "deepfake_jobs", status=status)) is not None:
            yield f"Videos {status}", f"{count:,.0f}"


def _counts(gauges: Values) -> Iterable[tuple[str, str]]:
    for name, title in COUNTS.items():
        if (count := gauge_of(gauges, name)) is not None:
            yield title, f"{count:,.0f}"


def _times(gauges: Values) -> Iterable[tuple[str, str]]:
    for name, title in TIMES.items():
        if (at := gauge_of(gauges, name)) is not None:
            yield title, ago(time.time() - at) if at > 0 else "never"
    if size := gauge_of(gauges, SIZE):
        yield "Size of the backup", f"{size / 1e6:,.1f} MB"
