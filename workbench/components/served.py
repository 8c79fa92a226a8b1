"""Cards of what a service answers with at this moment."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from bentos.contracts.service import ModelInfo
from workbench.client import FaceSocialClient
from workbench.components.ask import ask


def show_served(client: FaceSocialClient, service: str) -> None:
    """A card for each model of the service, or why there is none."""
    answer = ask(lambda: client.model(service).data, doing="Reading the cards", key=f"cards of {service}")
    if answer is None:
        return
    for model in answer.value.models:
        with st.container(border=True):
            _show_card(model)


def _show_card(model: ModelInfo) -> None:
    st.markdown(f"**{model.name}** {model.version} · {model.task} · `{model.digest[:12]}`")
    st.markdown(model.summary)
    left, right = st.columns(2, gap="medium")
    with left:
        _show_list("Finds", model.finds)
    with right:
        _show_list("Misses", model.misses)
    if model.metrics:
        rows = [
            {"Figure": one.metric, "Value": f"{one.value:g}", "On": one.dataset, "Source": one.source}
            for one in model.metrics
        ]
        st.dataframe(pd.DataFrame(rows), hide_index=True, alt=f"{len(rows)} figures of {model.name}")
    if model.thresholds:
        said = ", ".join(f"{name}: {value:g}" for name, value in model.thresholds.items())
        st.caption(f"Thresholds: {said}")
    licence = model.licence
    st.caption(f"Licence: {licence.code} ({licence.url}). Training data: {licence.training_data}")


def _show_list(title: str, lines: list[str]) -> None:
    if lines:
        st.markdown(f"{title}\n" + "\n".join(f"- {line}" for line in lines))
