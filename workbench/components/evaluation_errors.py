"""Cases that came out wrong, with their pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from workbench.comparing.shots import Shot
from workbench.components.run_results import thumbnail
from workbench.evaluating.cases import Case
from workbench.evaluating.report import WITHIN, Judged, age_errors, case_table

PAGE = 50


def show_errors(kind: str, cases: Sequence[Case], threshold: float) -> None:
    """Cases that are called what they are not, then ages that are far off, then cases without an answer."""
    wrong = Judged.of(cases).wrong(threshold)
    aged, years = age_errors(cases)
    far = [aged[place] for place in np.argsort(-years, kind="stable") if years[place] > WITHIN]
    silent = [case for case in cases if case.why]
    parts = {
        f"Called wrongly ({len(wrong)})": wrong,
        f"More than {WITHIN:g} years off ({len(far)})": far,
        f"No answer ({len(silent)})": silent,
    }
    present = {title: part for title, part in parts.items() if part}
    if not present:
        st.success("Nothing came out wrong at this threshold.", icon=":material/check_circle:")
        return
    st.subheader("Errors", anchor=False)
    title = st.segmented_control(
        "Which", list(present), default=next(iter(present)), required=True, label_visibility="collapsed"
    )
    _show(kind, present.get(title, next(iter(present.values()))), threshold)


def _show(kind: str, part: Sequence[Case], threshold: float) -> None:
    pages = (len(part) + PAGE - 1) // PAGE
    page = st.pagination(pages, key=f"errors page of {pages}") if pages > 1 else 1
    shown = part[(page - 1) * PAGE : page * PAGE]
    table = case_table(kind, shown, threshold).drop(columns="digest").dropna(axis="columns", how="all")
    for place in range(len(shown[0].shots)):
        small = [_thumbnail(case.shots[place]) for case in shown]
        table.insert(place, f"thumbnail {place}", pd.Series(small, table.index, dtype="object"))
    columns = {f"thumbnail {place}": st.column_config.ImageColumn("", width=76) for place in (0, 1)}
    columns["score"] = st.column_config.NumberColumn("score", format="%.3f")
    st.dataframe(
        table, hide_index=True, row_height=56, column_config=columns, alt="Cases that came out wrong"
    )


def _thumbnail(shot: Shot) -> str | None:
    try:
        return thumbnail(shot.read())
    except OSError:
        return None
