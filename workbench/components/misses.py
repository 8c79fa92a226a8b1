"""What the models of a view are known not to find, from their cards: it stands where the verdict stands."""

from __future__ import annotations

import streamlit as st

from bentos.contracts import ModelCards
from workbench.client import ClientError, FaceSocialClient


def show_misses(client: FaceSocialClient, service: str, *, warn: str | None = None) -> ModelCards | None:
    """The cards' own words; silence where the service does not answer, because the view says so already.

    Args:
        client: Asks the service.
        service: Whose cards.
        warn: One sentence that must not be overlooked.

    Returns:
        The cards, for a view that shows more of them; None where the service does not answer.
    """
    if warn:
        st.warning(warn, icon=":material/warning:")
    try:
        card = client.model(service).data
    except ClientError:
        return None
    with st.expander("What these models are known to miss", icon=":material/visibility_off:"):
        known = dict.fromkeys(line for model in card.models for line in model.misses)
        st.markdown("\n".join(f"- {line}" for line in known))
    return card
