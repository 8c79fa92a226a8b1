"""What accompanies every answer: who made it, how long it took, how to find it again."""

from __future__ import annotations

import streamlit as st

from bentos.contracts import Meta, Timings
from bentos.contracts.base import Message

STEPS = {"decode": "Decode", "detect": "Find faces", "infer": "Model", "total": "Service in all"}


def show_meta(meta: Meta, round_trip_ms: float) -> None:
    """Timings, models and the request id."""
    st.markdown(timing_table(meta.timings_ms, round_trip_ms))
    for model in meta.models:
        st.caption(f"{model.task.replace('_', ' ').replace('-', ' ')}: `{model.name}` {model.version}")
    st.caption(f"Request id `{meta.request_id}`")


def show_json(message: Message) -> None:
    """The answer as it came over the wire."""
    with st.expander("The answer as JSON", icon=":material/data_object:"):
        st.json(message.model_dump(mode="json"), expanded=2)


def timing_table(timings: Timings, round_trip_ms: float) -> str:
    """A Markdown table of milliseconds; steps that did not run are left out."""
    spent = {title: getattr(timings, step) for step, title in STEPS.items()}
    rows = [f"| {title} | {value:.1f} |" for title, value in spent.items() if value > 0]
    return "\n".join(["| Step | ms |", "|:--|--:|", *rows, f"| Round trip | {round_trip_ms:.1f} |"])
