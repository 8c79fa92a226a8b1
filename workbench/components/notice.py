"""A word that outlives the redrawing of the page that follows a deed."""

from __future__ import annotations

import streamlit as st

LEFT = "_notice"


def leave_notice(text: str) -> None:
    """Say it when the page is drawn next."""
    st.session_state[LEFT] = text


def show_notice() -> None:
    """Say what was left to be said, once."""
    text = st.session_state.pop(LEFT, None)
    if text is not None:
        st.success(text, icon=":material/check_circle:")
