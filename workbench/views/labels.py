"""What people said of answers, and its export as an evaluation set."""

from __future__ import annotations

import time

import pandas as pd
import streamlit as st

from workbench.components.bench import Bench
from workbench.components.stores import label_store
from workbench.labels.export import evaluation_set
from workbench.labels.model import Label
from workbench.labels.store import LabelStore
from workbench.runs.tasks import TASKS

TITLES = {**{task.title: task.name for task in TASKS.values()}, "Compare": "verify"}


def render(bench: Bench) -> None:
    """Draw the page."""
    st.title("Labels", anchor=False)
    store = label_store()
    titles = list(TITLES)
    title = st.segmented_control(
        "Task", titles, default=titles[0], required=True, key="labels", bind="query-params"
    )
    task = TITLES[title]
    labels = store.all(task)
    if not labels:
        st.info(
            "No answer of this task was marked yet. Mark some where pictures are looked at, with Y and N.",
            icon=":material/label:",
        )
        return
    _show_share(labels)
    picked = st.dataframe(
        pd.DataFrame([_row(store, label) for label in labels]),
        hide_index=True,
        key=f"labels of {task} {len(labels)}",
        on_select="rerun",
        selection_mode="multi-row",
        alt=f"{len(labels)} labels",
    )
    chosen = [labels[at] for at in picked["selection"]["rows"] if at < len(labels)]
    if chosen and st.button(f"Remove {len(chosen)}", icon=":material/delete:"):
        for label in chosen:
            store.remove(label.subject)
        st.rerun()
    _export(store, task, labels)


def _show_share(labels: list[Label]) -> None:
    right = sum(label.right for label in labels)
    first, second = st.columns(2)
    first.metric("Labels", f"{len(labels):,}")
    second.metric("Marked right", f"{right / len(labels):.0%}")


def _row(store: LabelStore, label: Label) -> dict[str, object]:
    return {
        "When": time.strftime("%d %b %H:%M", time.localtime(label.at)),
        "Verdict": "right" if label.right else "wrong",
        "What is right": ", ".join(f"{name} {value}" for name, value in label.truth.items()),
        "Note": label.note,
        "Face": label.subject.face or None,
        "Model": f"{label.model} {label.version}",
        "Environment": label.environment,
        "Who": label.who,
        "Picture kept": store.picture(label.subject.digest) is not None,
        "Digest": label.subject.digest[:12],
    }


def _export(store: LabelStore, task: str, labels: list[Label]) -> None:
    made = evaluation_set(task, labels, store.picture)
    st.download_button(
        f"Evaluation set of {made.samples:,} samples",
        made.data,
        f"labels-{task}.zip",
        "application/zip",
        icon=":material/download:",
        disabled=not made.samples,
    )
    st.caption(
        "`manifest.csv` and pictures, as `training_eval` reads a set of one's own. Labels that are in `labels.csv` "
        f"alone: {made.left_out:,}; their pictures were not kept, or nobody said what is right."
    )
