"""Galleries: who is enrolled, enrolling, finding people, taking out and erasing."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from bentos.contracts import CollectionInfo
from workbench.calls import RECOGNITION
from workbench.client import FaceSocialClient
from workbench.components.bench import Bench
from workbench.components.collections import choose_collection, erase_collection, show_collection
from workbench.components.enrol import show_enrolment
from workbench.components.identify import show_identification
from workbench.components.misses import show_misses
from workbench.components.notice import show_notice
from workbench.components.subjects import show_subjects
from workbench.components.transfer import show_transfer

PARTS: dict[str, Callable[[FaceSocialClient, CollectionInfo], None]] = {
    "People": show_subjects,
    "Enrol": show_enrolment,
    "Identify": show_identification,
    "Transfer": show_transfer,
    "Erase": erase_collection,
}


def render(bench: Bench) -> None:
    """Draw the page; the link carries the collection and the part of it."""
    st.title("Gallery", anchor=False)
    show_notice()
    chosen = choose_collection(bench.client)
    if chosen is None:
        return
    show_collection(chosen)
    part = st.pills(
        "Part", list(PARTS), default="People", required=True, key="part", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    if part == "Identify":
        show_misses(bench.client, RECOGNITION)
    PARTS[part or "People"](bench.client, chosen)
