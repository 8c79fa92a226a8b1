"""Which collection is looked at; making and erasing one."""

from __future__ import annotations

import streamlit as st

from bentos.contracts import CollectionInfo, Erased
from workbench.calls import galleries
from workbench.client import FaceSocialClient
from workbench.components.ask import ask
from workbench.components.notice import leave_notice

COLLECTION = "collection"
"""Key of the choice, and its name in the link."""
NEXT = "_next collection"
MOST = 1000
RULE = "Letters, digits, dots, dashes and underscores; the first one a letter or a digit"


def choose_collection(client: FaceSocialClient) -> CollectionInfo | None:
    """Draw the choice and the way to a new one; None where there is none to choose, which has been said then."""
    answer = ask(lambda: client.galleries.collections(MOST).data, doing="Looking", key="collections")
    if answer is None:
        return None
    known = {one.name: one for one in answer.value.collections}
    if (wanted := st.session_state.pop(NEXT, None)) in known:
        st.session_state[COLLECTION] = wanted
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    name = None
    with left:
        if known:
            name = st.selectbox("Collection", list(known), key=COLLECTION, bind="query-params")
        else:
            st.info("**No collection yet.** Make one, then enrol people.", icon=":material/group_add:")
    with right, st.popover("New collection", icon=":material/add:", width="stretch"):
        _make(client)
    if answer.value.next_cursor is not None:
        st.caption(f"The first {MOST:,} collections by name can be chosen here.")
    return None if name is None else known[name]


def show_collection(chosen: CollectionInfo) -> None:
    """How many it holds, and whether they can be searched."""
    st.caption(
        f"{counted(chosen.subjects, 'person', 'people')}, {counted(chosen.faces, 'face', 'faces')} · made "
        f"{chosen.created_at:%d %b %Y} · embeddings of `{chosen.model}` {chosen.model_version}"
    )
    if not chosen.current:
        st.warning(
            "Its embeddings are another model's than the one that runs now, so nobody can be found or enrolled. "
            "An administrator moves it with `client.galleries.reindex()`.",
            icon=":material/sync_problem:",
        )


def erase_collection(client: FaceSocialClient, chosen: CollectionInfo) -> None:
    """Erase all of it, once its name has been typed."""
    st.markdown(
        f"Everybody in **{chosen.name}** is removed from every store: "
        f"{counted(chosen.subjects, 'person', 'people')}, {counted(chosen.faces, 'face', 'faces')}. "
        "It cannot be undone, and needs the role admin."
    )
    typed = st.text_input("Type the collection's name", key=f"erase {chosen.name}", placeholder=chosen.name)
    if st.button("Erase the collection", icon=":material/delete_forever:", disabled=typed != chosen.name):
        answer = ask(lambda: client.galleries.delete(chosen.name), doing="Erasing", key="erase collection")
        if answer is not None:
            leave_notice(f"{chosen.name} is erased: {erased_in_words(answer.value.data)}.")
            st.rerun()


def counted(number: int, one: str, many: str) -> str:
    """A number and what it counts."""
    return f"{number:,} {one if number == 1 else many}"


def erased_in_words(erased: Erased) -> str:
    """What is gone."""
    people, faces = counted(erased.subjects, "person", "people"), counted(erased.faces, "face", "faces")
    return f"{people} and {faces}" if erased.subjects else faces


def _make(client: FaceSocialClient) -> None:
    with st.form("new collection", border=False, clear_on_submit=False):
        name = st.text_input("Name", help=RULE, max_chars=100)
        wanted = st.form_submit_button("Make it", type="primary")
    if not wanted:
        return
    try:
        call = galleries.create(name.strip())
    except ValueError:
        st.error(f"**That is no name for a collection.** {RULE}.", icon=":material/error:")
        return
    if ask(lambda: client.send(call), doing="Making it", key="make collection") is not None:
        st.session_state[NEXT] = name.strip()
        leave_notice(f"{name.strip()} is made.")
        st.rerun()
