"""Figures and curves of an evaluation, at a threshold that can be moved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from workbench.comparing.interval import in_words
from workbench.evaluating.cases import Case
from workbench.evaluating.charts import curve_points, det_chart, det_points, point_of, roc_chart
from workbench.evaluating.figures import Confusion
from workbench.evaluating.report import WORDS, Judged, attack_table, figures_at, group_table

WIDTH = 130
SHOWN = {
    "auc": ("AUC", "{:.3f}"),
    "eer": ("EER", "{:.1%}"),
    "accuracy": ("Accuracy", "{:.1%}"),
    "apcer": ("APCER, worst", "{:.1%}"),
    "bpcer": ("BPCER", "{:.1%}"),
    "mae_years": ("MAE, years", "{:.1f}"),
    "cs_5": ("CS@5", "{:.1%}"),
}
HINTS = {
    "eer": "Where as many positives as negatives are taken for the other",
    "apcer": "Attacks that pass, of the kind that passes most often (ISO/IEC 30107-3)",
    "bpcer": "Live people who are refused",
    "mae_years": "Mean distance of the estimated age from the known one",
    "cs_5": "Ages that are at most five years off",
}
ALL_PAIRS = "It takes pairs for independent; where people come in several of them it is wider in truth."


def choose_threshold(kind: str, cases: Sequence[Case], own: float | None) -> float:
    """Draw the slider.

    Args:
        kind: Of the set.
        cases: Of the set.
        own: The deployment's own threshold, where its card has one; else that of equal errors is the first.
    """
    judged = Judged.of(cases)
    if not len(judged.cases):
        return 0.5
    errors = judged.curve()
    low = -1.0 if kind in ("person", "pairs") else 0.0
    equal = errors.equal_threshold() if errors is not None else 0.5
    first = float(np.clip(equal if own is None else own, low, 1.0))
    where = "the card's own" if own is not None else "that of equal errors"
    label = f"Threshold: called {WORDS[kind].positive} from this {WORDS[kind].score} on"
    return float(
        st.slider(
            label, low, 1.0, round(first, 3), 0.001,
            format="%.3f", key=f"threshold {kind} {first:.3f}", help=f"At first {where}",
        )
    )  # fmt: skip


def show_figures(kind: str, cases: Sequence[Case], threshold: float) -> dict[str, float]:
    """Draw them.

    Returns:
        All figures by name.
    """
    figures, judged = figures_at(kind, cases, threshold), Judged.of(cases)
    row = st.container(horizontal=True)
    row.metric("Answered", f"{figures['answered']:,.0f} of {figures['cases']:,.0f}", width=WIDTH)
    for name, (title, form) in SHOWN.items():
        if name in figures:
            row.metric(title, form.format(figures[name]), width=WIDTH, help=HINTS.get(name))
    if len(judged.cases):
        _show_confusion(kind, judged.at(threshold))
    if kind == "liveness" and len(judged.cases):
        st.dataframe(attack_table(cases, threshold), hide_index=True, alt="Errors by kind of attack")
    _show_curves(judged, threshold)
    _show_groups(kind, cases, threshold)
    return figures


def _show_confusion(kind: str, counts: Confusion) -> None:
    words = WORDS[kind]
    rows = [
        (f"is {words.positive}", counts.true_positive, counts.false_negative),
        (f"is {words.negative}", counts.false_positive, counts.true_negative),
    ]
    names = ["", f"called {words.positive}", f"called {words.negative}"]
    st.dataframe(pd.DataFrame(rows, columns=names), hide_index=True, alt="Confusion at this threshold")
    more = f" {ALL_PAIRS}" if kind in ("person", "pairs") else ""
    st.caption(
        f"Accuracy {in_words(counts.right, counts.count)}: exact 95 % interval (Clopper-Pearson).{more}"
    )


def _show_curves(judged: Judged, threshold: float) -> None:
    errors = judged.curve()
    if errors is None:
        if len(judged.cases):
            st.info("One class has no case, so there is no curve.", icon=":material/show_chart:")
        return
    here = point_of(judged.at(threshold))
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**ROC**")
        st.vega_lite_chart(curve_points(errors), roc_chart(here), key="roc")
    with right:
        st.markdown("**DET**, axes of normal deviates")
        points = det_points(errors)
        if points.empty:
            st.caption("Both classes lie apart: no threshold has both errors.")
        else:
            st.vega_lite_chart(points, det_chart(here), key="det")
    st.caption("The diamond is the threshold that is chosen.")


def _show_groups(kind: str, cases: Sequence[Case], threshold: float) -> None:
    groups = group_table(kind, cases, threshold)
    if groups.empty:
        return
    st.subheader("By group", anchor=False)
    shares = ("accuracy", "from", "to", "auc", "eer", "false_positive_rate", "false_negative_rate", "cs_5")
    columns = {name: st.column_config.NumberColumn(format="percent") for name in shares if name in groups}
    st.dataframe(groups, hide_index=True, column_config=columns, alt="Figures by group")
    st.caption("From and to: exact 95 % interval of the accuracy. Small groups say little.")
