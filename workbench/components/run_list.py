"""The runs that there are."""

from __future__ import annotations

import time

import pandas as pd
import streamlit as st

from workbench.components.run_progress import said_of
from workbench.runs.manager import RunManager
from workbench.runs.model import ItemState, Run


def choose_run(manager: RunManager) -> str | None:
    """Draw the list; the id of a run that was chosen just now."""
    runs = manager.ledger.all()
    st.subheader("Runs", anchor=False)
    if not runs:
        st.caption("None yet.")
        return None
    picked = st.dataframe(
        pd.DataFrame([_row(manager, run) for run in runs]),
        hide_index=True,
        key=f"runs {runs[0].run_id} {len(runs)}",
        on_select="rerun",
        selection_mode="single-row",
        column_config={"Begun": st.column_config.TextColumn(width=110)},
        alt=f"{len(runs)} runs",
    )
    rows = picked["selection"]["rows"]
    return runs[rows[0]].run_id if rows else None


def _row(manager: RunManager, run: Run) -> dict[str, object]:
    counts = manager.overview.counts(run.run_id)
    return {
        "Begun": time.strftime("%d %b %H:%M", time.localtime(run.created_at)),
        "Pictures from": run.source.title,
        "Environment": run.environment,
        "Asked": ", ".join(run.settings.tasks),
        "State": said_of(run, manager.is_working(run.run_id), counts.progress),
        "Pictures": counts.total,
        "Failed": counts.states[ItemState.FAILED],
        "Skipped": counts.states[ItemState.SKIPPED],
    }
