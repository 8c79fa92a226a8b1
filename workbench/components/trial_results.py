"""What came of a trial: figures, models, scores against scores, and pictures, disagreements first."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from workbench.comparing.charts import scatter
from workbench.comparing.difference import Difference, Kind
from workbench.comparing.interval import in_words
from workbench.comparing.opinions import COMPARED
from workbench.comparing.summary import (
    SIDES,
    csv_of,
    differences,
    face_table,
    mean_latency,
    picture_table,
    score_table,
    summary,
)
from workbench.comparing.trial import Trial
from workbench.components.run_results import thumbnail

WIDTH = 150
PAGE = 50


def show_trial_results(trial: Trial) -> Difference | None:
    """Draw it.

    Returns:
        The picture that is to be looked at closely; None where there is none.
    """
    found = differences(*trial.sides)
    _show_figures(trial, found)
    _show_models(trial)
    if not trial.second_wanted:
        return None
    _show_scores(trial, found)
    left = _filtered(found)
    picked = _show_pictures(left)
    st.download_button(
        "CSV, a row a face", csv_of(face_table(found)), f"ab-{trial.task}.csv", "text/csv",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip
    return picked


def _show_figures(trial: Trial, found: Sequence[Difference]) -> None:
    counts = summary(found)
    row = st.container(horizontal=True)
    if counts.compared:
        row.metric(
            "Agreement", f"{counts.agreed / counts.compared:.1%}", width=WIDTH,
            help="Pictures in which both found the same faces and say the same of each",
        )  # fmt: skip
        row.metric("Compared", f"{counts.compared} of {len(found)}", width=WIDTH)
    for side, name, asking in trial.asked:
        spent = mean_latency(asking)
        row.metric(
            f"{side}: mean latency", "-" if spent is None else f"{spent:.0f} ms", width=WIDTH,
            help=f"{name}, one request at a time, answers from the service's cache left out",
        )  # fmt: skip
    if counts.compared:
        st.caption(
            f"Agreement {in_words(counts.agreed, counts.compared)}: exact 95 % interval (Clopper-Pearson)."
        )
    if skipped := trial.shots.skipped:
        with st.expander(f"{len(skipped)} files were left out", icon=":material/skip_next:"):
            st.dataframe(pd.DataFrame(skipped.items(), columns=["File", "Why"]), hide_index=True)


def _show_models(trial: Trial) -> None:
    rows = [
        {"Side": side, "Environment": name, "Task": model.task, "Model": model.name, "Version": model.version}
        for side, name, asking in trial.asked
        for model in asking.models
    ]
    if rows:
        st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Which models answered")
    for side, _, asking in trial.asked:
        tasks = [model.task for model in asking.models]
        if len(set(tasks)) < len(tasks):
            st.warning(
                f"The model of {side} changed while it was asked: begin anew.", icon=":material/warning:"
            )
    first, second = trial.sides
    if trial.second_wanted and first.models and first.models == second.models:
        st.info("Both sides run the same models and versions.", icon=":material/content_copy:")


def _show_scores(trial: Trial, found: Sequence[Difference]) -> None:
    scores = score_table(found)
    if scores.empty:
        return
    task = COMPARED[trial.task]
    with st.expander("Scores of A against those of B", icon=":material/scatter_plot:", expanded=True):
        st.vega_lite_chart(scores, scatter(task.unit, task.span, trial.environments), key="ab scatter")
        st.caption("One mark a face that both found. On the dashed line both say the same.")


def _filtered(found: Sequence[Difference]) -> list[Difference]:
    counts = summary(found).kinds
    present = [kind for kind in Kind if counts[kind]]
    chosen = st.pills(
        "Show", present, selection_mode="multi", key="ab kinds",
        format_func=lambda kind: f"{kind} ({counts[kind]})",
    )  # fmt: skip
    return [one for one in found if not chosen or one.kind in chosen]


def _show_pictures(found: Sequence[Difference]) -> Difference | None:
    if not found:
        return None
    pages = (len(found) + PAGE - 1) // PAGE
    page = st.pagination(pages, key=f"ab page of {pages}") if pages > 1 else 1
    part = found[(page - 1) * PAGE : page * PAGE]
    table = picture_table(part)
    table.insert(0, "thumbnail", [_thumbnail(one) for one in part])
    picked = st.dataframe(
        table, hide_index=True, key=f"ab pictures {page} {len(found)}", on_select="rerun",
        selection_mode="single-row", row_height=56, alt="Pictures, disagreements first",
        column_config={
            "thumbnail": st.column_config.ImageColumn("", width=76),
            "picture": st.column_config.TextColumn("Picture", width="medium"),
            "kind": st.column_config.TextColumn("What differs", width=130),
            "gap": st.column_config.NumberColumn("Scores apart", format="%.3f", width=100),
            "overlap": st.column_config.NumberColumn("Least overlap", format="%.2f", width=100),
            **{side: st.column_config.TextColumn(f"{side} says", width="medium") for side in SIDES},
        },
    )  # fmt: skip
    rows = picked["selection"]["rows"]
    return part[rows[0]] if rows and rows[0] < len(part) else part[0]


def _thumbnail(one: Difference) -> str | None:
    kept: dict[str, str | None] = st.session_state.setdefault("ab thumbnails", {})
    if one.shot.digest not in kept:
        try:
            kept[one.shot.digest] = thumbnail(one.shot.read())
        except OSError:
            return None
    return kept[one.shot.digest]
