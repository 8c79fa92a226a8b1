"""Taking a collection out as a file, and bringing one in."""

from __future__ import annotations

import streamlit as st

from bentos.contracts import CollectionInfo
from workbench.client import FaceSocialClient
from workbench.components.ask import ask
from workbench.components.collections import counted
from workbench.components.notice import leave_notice

EXPORT, SENT = "_export", "_imported"
KIND = "application/x-ndjson"
PERSONAL = "The file holds embeddings, which are personal data. Both ways need the role operator or admin."


def show_transfer(client: FaceSocialClient, chosen: CollectionInfo) -> None:
    """Both ways."""
    st.caption(PERSONAL)
    left, right = st.columns(2, gap="large")
    with left:
        _take_out(client, chosen)
    with right:
        _bring_in(client, chosen)


def _take_out(client: FaceSocialClient, chosen: CollectionInfo) -> None:
    if st.button("Prepare an export", icon=":material/output:", width="stretch"):
        answer = ask(
            lambda: b"".join(client.galleries.export(chosen.name)), doing="Taking it out", key="export"
        )
        st.session_state[EXPORT] = None if answer is None else (chosen.name, answer.value)
    kept = st.session_state.get(EXPORT)
    if kept is None or kept[0] != chosen.name:
        return
    name, data = kept
    st.download_button(
        f"Download {name}.ndjson ({len(data) / 1e6:,.1f} MB)",
        data,
        f"{name}.ndjson",
        KIND,
        icon=":material/download:",
        on_click="ignore",
        width="stretch",
    )


def _bring_in(client: FaceSocialClient, chosen: CollectionInfo) -> None:
    upload = st.file_uploader("An export to bring in", key="import", help="NDJSON, as an export gives it")
    wanted = st.button("Bring it in", icon=":material/input:", disabled=upload is None, width="stretch")
    if not wanted or upload is None:
        return
    answer = ask(
        lambda: client.galleries.import_lines(chosen.name, upload.getvalue(), key=upload.file_id).data,
        doing="Bringing it in",
        key="bring in",
    )
    if answer is not None:
        came = answer.value
        skipped = f"; {counted(came.skipped, 'face was', 'faces were')} there already" if came.skipped else ""
        leave_notice(f"{counted(came.faces, 'face', 'faces')} came in{skipped}.")
        st.rerun()
