"""One subject of a collection: its faces, and erasing one or all of it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from bentos.contracts import Erased, FaceInfo, Success
from workbench.client import FaceSocialClient
from workbench.components.ask import ask
from workbench.components.collections import counted, erased_in_words
from workbench.components.notice import leave_notice

GONE = "It is removed from every store at once, and cannot be undone. This needs the role operator or admin."


def show_person(client: FaceSocialClient, collection: str, name: str) -> None:
    """A subject's metadata and faces, each with a way to erase it."""
    found = ask(lambda: client.galleries.subject(collection, name).data, doing="Looking", key="person")
    if found is None:
        return
    person = found.value
    with st.container(border=True):
        st.subheader(person.subject_id, anchor=False)
        st.caption(
            f"Since {person.created_at:%d %b %Y, %H:%M} · {counted(len(person.faces), 'face', 'faces')}"
        )
        if person.metadata:
            st.json(person.metadata, expanded=1)
        for number, face in enumerate(person.faces, 1):
            _show_face(client, collection, name, number, face)
        _erase(
            f"Erase {name}",
            f"{name}, with {counted(len(person.faces), 'face', 'faces')}.",
            lambda: client.galleries.delete_subject(collection, name),
            key=f"subject {name}",
        )


def _show_face(client: FaceSocialClient, collection: str, name: str, number: int, face: FaceInfo) -> None:
    words, deed = st.columns([4, 1], vertical_alignment="center")
    quality = face.quality
    words.markdown(
        f"**Face {number}** · quality {quality.score:.2f}, {quality.size:.0f} px, turned {quality.yaw:.0f}° · "
        f"{face.created_at:%d %b %Y, %H:%M}  \n`{face.face_id}`"
    )
    with deed:
        _erase(
            "Erase",
            f"Face {number} of {name}.",
            lambda: client.galleries.delete_face(collection, name, face.face_id),
            key=f"face {face.face_id}",
        )


def _erase(label: str, what: str, deed: Callable[[], Success[Erased]], *, key: str) -> None:
    """A button, then the question, then the deed."""
    with st.popover(label, icon=":material/delete:"):
        st.markdown(f"{what} {GONE}")
        confirmed = st.button(
            "Erase for good", key=f"erase {key}", icon=":material/delete_forever:", type="primary"
        )
    if confirmed:
        answer = ask(deed, doing="Erasing", key=f"erasing {key}")
        if answer is not None:
            leave_notice(f"Erased: {erased_in_words(answer.value.data)}.")
            st.rerun()
