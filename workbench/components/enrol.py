"""Enrolling by drag and drop: a table of whose each picture is, then what came of each."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from bentos.contracts import CollectionInfo, FaceOptions
from workbench.client import FaceSocialClient
from workbench.components.enrolment import Entry, Outcome, State, enrol_all, subject_of
from workbench.components.picture import FORMATS
from workbench.components.preview import preview
from workbench.components.problems import show_error

RUN, OUTCOMES, THUMBNAILS = "_enrolment", "_enrolment outcomes", "_enrolment thumbnails"
THUMBNAIL_SIDE = 96  # pixels
ROLE = "Enrolling needs the role operator or admin."
WORDS = {
    State.ENROLLED: "✓ enrolled",
    State.REFUSED: "✗ refused",
    State.NOT_SENT: "… not sent",
}


def show_enrolment(client: FaceSocialClient, chosen: CollectionInfo) -> None:
    """The whole of it."""
    run = st.session_state.setdefault(RUN, uuid.uuid4().hex)
    uploads = st.file_uploader(
        "Drop pictures here, each of one person", accept_multiple_files=True, key=f"pictures {run}", help=FORMATS
    )  # fmt: skip
    if not uploads:
        st.info(
            f"**Nothing to enrol yet.** Names come from the files' names. {ROLE}", icon=":material/upload:"
        )
        return
    numbered, options = _choose_options()
    entries = _edit(uploads, run, numbered)
    outcomes: dict[str, Outcome] = st.session_state.setdefault(OUTCOMES, {})
    open_ = [entry for entry in entries if not _is_done(outcomes.get(_place(run, chosen, entry)))]
    left, right = st.columns(2)
    again = any(_place(run, chosen, entry) in outcomes for entry in entries)
    label = f"Enrol {len(open_)}" if not again else f"Send {len(open_)} again"
    send = left.button(
        label, type="primary", icon=":material/person_add:", disabled=not open_, key="enrol", width="stretch"
    )
    if right.button("Start over", icon=":material/restart_alt:", key="start over", width="stretch"):
        for kept in (RUN, OUTCOMES, THUMBNAILS):
            st.session_state.pop(kept, None)
        st.rerun()
    if send:
        came = enrol_all(client, chosen.name, open_, run, options)
        _follow(came, len(open_), lambda entry: _place(run, chosen, entry), outcomes)
    _show([found for entry in entries if (found := outcomes.get(_place(run, chosen, entry))) is not None])


def _choose_options() -> tuple[bool, FaceOptions]:
    numbered = st.toggle(
        "A number at the end of a name counts pictures of one person", key="numbered", bind="query-params",
        help="ann-1.jpg and ann-2.jpg are both ann's",
    )  # fmt: skip
    clearest = st.toggle(
        "Take the clearest face of a picture with several", key="clearest_of_several", bind="query-params",
        help="Otherwise such a picture is refused: it may be the wrong one's",
    )  # fmt: skip
    return numbered, FaceOptions(max_faces=1 if clearest else 0)


def _edit(uploads: Sequence[Any], run: str, numbered: bool) -> list[Entry]:
    """The table before sending: names may be changed, pictures left out."""
    ids = [upload.file_id for upload in uploads]
    thumbnails: dict[str, str | None] = st.session_state.setdefault(THUMBNAILS, {})
    for upload in uploads:
        if upload.file_id not in thumbnails:
            thumbnails[upload.file_id] = preview(upload.getvalue(), THUMBNAIL_SIDE)
    table = pd.DataFrame(
        {
            "Picture": [thumbnails[one] for one in ids],
            "File": [upload.name for upload in uploads],
            "Person": [subject_of(upload.name, numbered=numbered) for upload in uploads],
            "Enrol": True,
        }
    )
    edited = st.data_editor(
        table,
        hide_index=True,
        num_rows="fixed",
        row_height=56,
        key=f"names {run} {numbered} {hash(tuple(ids))}",
        disabled=["Picture", "File"],
        column_config={
            "Picture": st.column_config.ImageColumn(width=72, pinned=True),
            "Person": st.column_config.TextColumn(required=True, max_chars=200, help="May be changed here"),
            "Enrol": st.column_config.CheckboxColumn(width=64),
        },
    )
    rows = zip(uploads, edited["Person"], edited["Enrol"], strict=True)
    return [
        Entry(upload.file_id, upload.name, upload.getvalue(), str(person or "").strip())
        for upload, person, wanted in rows
        if wanted
    ]


def _follow(
    came: Iterable[Outcome], number: int, place: Callable[[Entry], str], outcomes: dict[str, Outcome]
) -> None:
    """Keep what comes of each as it comes, without its picture: a page that is left in between goes on from there."""
    bar = st.progress(0.0, text="Enrolling…")
    for done, outcome in enumerate(came, 1):
        outcomes[place(outcome.entry)] = replace(outcome, entry=replace(outcome.entry, data=b""))
        bar.progress(done / number, text=f"{done} of {number}: {outcome.entry.file}")
    st.rerun()


def _show(outcomes: Sequence[Outcome]) -> None:
    if not outcomes:
        return
    counts = {state: sum(one.state is state for one in outcomes) for state in State}
    st.subheader("What came of them", anchor=False)
    st.markdown(", ".join(f"**{count}** {state}" for state, count in counts.items() if count))
    stopped = next((one.error for one in outcomes if one.error is not None), None)
    if stopped is not None:
        show_error(stopped, "enrolment")
    rows = [
        {
            "File": one.entry.file,
            "Person": one.entry.subject,
            "Result": WORDS[one.state],
            "Why": one.said,
            "Quality": one.quality,
        }
        for one in outcomes
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={"Quality": st.column_config.NumberColumn(format="%.2f", width=80)},
        alt=f"What came of {len(rows)} pictures",
    )


def _is_done(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.state is State.ENROLLED


def _place(run: str, chosen: CollectionInfo, entry: Entry) -> str:
    """Where its outcome is kept: a picture under another name is another one."""
    return "\n".join([run, chosen.name, entry.id, entry.subject])
