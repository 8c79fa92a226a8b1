"""Who is in a collection: page by page, or by a part of a name; people's names stay out of the link."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from bentos.contracts import CollectionInfo, ErrorCode, SubjectInfo
from workbench.client import ApiError, FaceSocialClient
from workbench.components.ask import ask
from workbench.components.person import show_person

PAGE = 50
SCANNED = 10_000
"""Names that a search looks at, beside the exact one: the service has no search of its own."""
SCAN_PAGE = 1000
TURNED = "_pages of people"


@dataclass(frozen=True, slots=True)
class Found:
    """Subjects to be shown.

    Attributes:
        next_cursor: Where the listing goes on; None at its end, and for a search.
        complete: Whether all names were looked at.
    """

    subjects: Sequence[SubjectInfo]
    next_cursor: str | None = None
    complete: bool = True


def show_subjects(client: FaceSocialClient, chosen: CollectionInfo) -> None:
    """The listing, and the one who is chosen from it."""
    text = st.text_input(
        "Search", key="who", placeholder="a name, or a part of one", icon=":material/search:"
    )  # fmt: skip
    wanted = (text or "").strip()
    cursors = _cursors(chosen.name)
    found = ask(
        lambda: (
            search(client, chosen.name, wanted) if wanted else page(client, chosen.name, cursors[-1] or None)
        ),
        doing="Looking",
        key="people",
    )
    if found is None:
        return
    if not found.value.subjects:
        _show_nobody(wanted, found.value)
        if not wanted:
            _turn(cursors, None)  # whoever was on this page has been erased
        return
    _show_table(found.value.subjects)
    if not wanted:
        _turn(cursors, found.value.next_cursor)
    elif not found.value.complete:
        st.caption(f"{SCANNED:,} names were looked at; there are more. A whole name is found among all.")
    names = [subject.subject_id for subject in found.value.subjects]
    person = st.selectbox("Look at one", names, index=None, key="person")
    if person is not None:
        show_person(client, chosen.name, person)


def page(client: FaceSocialClient, collection: str, cursor: str | None) -> Found:
    """One page of the listing."""
    found = client.galleries.subjects(collection, PAGE, cursor).data
    return Found(found.subjects, found.next_cursor)


def search(client: FaceSocialClient, collection: str, text: str) -> Found:
    """The subject of exactly this name, then those whose names hold the text, the case of letters aside."""
    exact = _exact(client, collection, text)
    subjects = [] if exact is None else [exact]
    for looked_at, one in enumerate(client.galleries.iter_subjects(collection, SCAN_PAGE), 1):
        if text.casefold() in one.subject_id.casefold() and (
            exact is None or one.subject_id != exact.subject_id
        ):
            subjects.append(one)
        if len(subjects) > PAGE or looked_at >= SCANNED:
            return Found(subjects[:PAGE], complete=False)
    return Found(subjects)


def _exact(client: FaceSocialClient, collection: str, name: str) -> SubjectInfo | None:
    try:
        one = client.galleries.subject(collection, name).data
    except ValueError:  # no subject can be called so
        return None
    except ApiError as error:
        if error.code != ErrorCode.NOT_FOUND:
            raise
        return None
    return SubjectInfo(
        subject_id=one.subject_id, metadata=one.metadata, faces=len(one.faces), created_at=one.created_at
    )


def _cursors(collection: str) -> list[str]:
    """Where the pages begin that were turned to, the first one at the empty cursor."""
    kept: tuple[str, list[str]] | None = st.session_state.get(TURNED)
    if kept is None or kept[0] != collection:
        kept = (collection, [""])
        st.session_state[TURNED] = kept
    return kept[1]


def _turn(cursors: list[str], following: str | None) -> None:
    if following is None and len(cursors) == 1:
        return
    before, number, after = st.columns([1, 1, 1], vertical_alignment="center")
    before.button(
        "Before",
        icon=":material/chevron_left:",
        disabled=len(cursors) == 1,
        on_click=_back,
        args=(cursors,),
        width="stretch",
    )
    number.caption(f"Page {len(cursors)}", text_alignment="center")
    after.button(
        "After",
        icon=":material/chevron_right:",
        disabled=following is None,
        on_click=_on,
        args=(cursors, following),
        width="stretch",
    )


def _back(cursors: list[str]) -> None:
    cursors.pop()


def _on(cursors: list[str], following: str) -> None:
    cursors.append(following)


def _show_nobody(wanted: str, found: Found) -> None:
    if wanted and found.complete:
        st.info(f"**Nobody's name holds “{wanted}”.**", icon=":material/person_search:")
    elif wanted:
        st.info(
            f"**Not among the first {SCANNED:,} names.** Type the whole name.",
            icon=":material/person_search:",
        )
    else:
        st.info("**Nobody is enrolled yet.** Choose *Enrol* above.", icon=":material/person_add:")


def _show_table(subjects: Sequence[SubjectInfo]) -> None:
    rows = [
        {
            "Person": one.subject_id,
            "Faces": one.faces,
            "Enrolled": one.created_at,
            "Metadata": json.dumps(one.metadata, ensure_ascii=False) if one.metadata else "",
        }
        for one in subjects
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={
            "Faces": st.column_config.NumberColumn(width=64),
            "Enrolled": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
        },
        alt=f"{len(rows)} people",
    )
