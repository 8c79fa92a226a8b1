"""Who of a collection is in a picture."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from bentos.contracts import CollectionInfo, IdentifiedFace, IdentifyOptions, IdentifyResult
from workbench.client import FaceSocialClient
from workbench.components.ask import ask
from workbench.components.envelope import show_json, show_meta
from workbench.components.far import choose_rate
from workbench.components.picture import choose_picture
from workbench.components.verdicts import show_picture


def show_identification(client: FaceSocialClient, chosen: CollectionInfo) -> None:
    """A picture in, its faces with their matches out."""
    picture = choose_picture("someone", default="Portrait")
    options = _choose_options()
    if picture is None:
        st.info("Choose a sample picture, or upload one of your own.", icon=":material/add_photo_alternate:")
        return
    answer = ask(
        lambda: client.galleries.identify(chosen.name, picture.data, options), doing="Searching", key="identify"
    )  # fmt: skip
    if answer is None:
        return
    result = answer.value.data
    if not result.faces:
        st.info("**No face was found.** Choose a picture with a face.", icon=":material/person_search:")
    shown, facts = st.columns([5, 2], gap="medium")
    with shown:
        show_picture(picture, result.faces, [_label(face) for face in result.faces])
    with facts:
        st.metric("Threshold", f"{result.threshold:.3f}", help="Similarity from which on a face matches")
        show_meta(answer.value.meta, answer.round_trip_ms)
    _show_matches(result)
    show_json(answer.value)


def _choose_options() -> IdentifyOptions:
    left, right = st.columns(2)
    with left:
        rate = choose_rate("Of one comparison: among many people a false match is likelier by as many times")
    most = right.slider("Most matches of a face", 1, 20, 5, key="top_k", bind="query-params")
    return IdentifyOptions(far=rate, top_k=most)


def _label(face: IdentifiedFace) -> str:
    return f"{face.matches[0].subject_id} {face.matches[0].similarity:.2f}" if face.matches else "nobody"


def _show_matches(result: IdentifyResult) -> None:
    rows = [
        {"Face": number, "Person": match.subject_id, "Similarity": match.similarity, "Metadata": match.metadata or None}
        for number, face in enumerate(result.faces, 1)
        for match in face.matches
    ]  # fmt: skip
    if not rows:
        if result.faces:
            st.info(
                "**Nobody of this collection.** A larger rate of false matches brings people who are less alike.",
                icon=":material/person_off:",
            )
        return
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={
            "Face": st.column_config.NumberColumn(width=60, help="The number in the picture"),
            "Similarity": st.column_config.ProgressColumn(min_value=0, max_value=1, format="%.3f"),
        },
        alt=f"{len(rows)} matches",
    )
