"""Recent audit events. Reading them is an event itself, so it is done when somebody asks and never by itself."""

from __future__ import annotations

import json
from collections import deque

import pandas as pd
import streamlit as st

from bentos.contracts.audit import AuditEventInfo
from workbench.client import FaceSocialClient
from workbench.components.ask import ask

KEPT = "_audit"
PAGE, PAGES, SHOWN = 1000, 20, 100


def show_events(environment: str, client: FaceSocialClient) -> None:
    """A button, and the newest events once it was pressed."""
    st.subheader("Audit", anchor=False)
    st.caption(
        "Needs a token of the role admin. Reading is written down as well, so it is done on request only."
    )
    if st.button("Read the newest events", icon=":material/history:", key="read audit"):
        start = _cursor(environment)
        answer = ask(lambda: newest(client, start), doing="Reading", key="audit")
        if answer is not None:
            st.session_state[KEPT] = (environment, *answer.value)
    kept = st.session_state.get(KEPT)
    if kept is not None and kept[0] == environment:
        _show(kept[1], more=kept[3])


def newest(client: FaceSocialClient, cursor: str | None) -> tuple[list[AuditEventInfo], str | None, bool]:
    """The newest events, the newest first, where to go on next time, and whether there are even newer ones.

    The listing begins with the oldest; it is gone through from where the last reading ended.
    """
    found: deque[AuditEventInfo] = deque(maxlen=SHOWN)
    starts: list[str | None] = [cursor]
    for _ in range(PAGES):
        page = client.audit(PAGE, starts[-1]).data
        found.extend(page.events)
        if page.next_cursor is None:
            return list(reversed(found)), starts[-2] if len(starts) > 1 else starts[-1], False
        starts.append(page.next_cursor)
    return list(reversed(found)), starts[-1], True


def _cursor(environment: str) -> str | None:
    kept = st.session_state.get(KEPT)
    return kept[2] if kept is not None and kept[0] == environment else None


def _show(events: list[AuditEventInfo], *, more: bool) -> None:
    if not events:
        st.info("**Nothing was written down yet.**", icon=":material/history:")
        return
    if more:
        st.warning("There are newer ones: press the button again to go on.", icon=":material/more_time:")
    st.dataframe(
        pd.DataFrame([_row(event) for event in events]),
        hide_index=True,
        column_config={"When": st.column_config.DatetimeColumn("When (UTC)", format="D MMM, HH:mm:ss")},
        alt=f"{len(events)} audit events, the newest first",
    )


def _row(event: AuditEventInfo) -> dict[str, object]:
    return {
        "When": event.at.replace(tzinfo=None),
        "Who": f"{event.actor} ({event.role})",
        "What": event.action,
        "Outcome": event.outcome,
        "Target": json.dumps(event.target, ensure_ascii=False),
        "Details": json.dumps(event.details, ensure_ascii=False) if event.details else "",
        "Request id": event.request_id,
    }
