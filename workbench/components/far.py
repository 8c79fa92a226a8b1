"""Choosing a threshold by the rate of false matches that is accepted; one slider for all views, carried in the link."""

from __future__ import annotations

import streamlit as st

from workbench.components.rates import one_in

RATES = (0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001)
USUAL_RATE = 0.001


def choose_rate(explained: str) -> float:
    """Draw the slider.

    Args:
        explained: What the rate means in this view.
    """
    rate: float = st.select_slider(
        "Accepted rate of false matches", RATES, USUAL_RATE, format_func=one_in, key="far", bind="query-params",
        help=explained,
    )  # fmt: skip
    return rate
