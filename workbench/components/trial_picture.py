"""One picture as both sides see it, beside each other."""

from __future__ import annotations

import streamlit as st

from workbench.comparing.asking import Reply
from workbench.comparing.difference import Difference
from workbench.comparing.opinions import Opinion
from workbench.comparing.summary import SIDES
from workbench.components.picture import Picture
from workbench.components.problems import BY_CODE, Advice
from workbench.components.verdicts import show_picture


def show_difference(one: Difference, environments: tuple[str, str]) -> None:
    """Draw it; faces that both found have the same number on both sides."""
    st.subheader(f"{one.shot.name}: {one.kind}", anchor=False)
    try:
        picture = Picture(one.shot.name, one.shot.read())
    except OSError as error:
        st.warning(f"The picture cannot be shown: {error}", icon=":material/hide_image:")
        return
    for place, column in enumerate(st.columns(2, gap="medium")):
        with column:
            st.markdown(f"**{SIDES[place]}: {environments[place]}**")
            _show_side(picture, one, place)


def _show_side(picture: Picture, one: Difference, place: int) -> None:
    reply = one.replies[place]
    if reply is None:
        st.info("Not answered yet.", icon=":material/hourglass_empty:")
        return
    if reply.data is None:
        _show_refusal(reply)
        return
    found = [opinion for opinion in _opinions(one, place, reply) if opinion.face is not None]
    show_picture(picture, [o.face for o in found if o.face is not None], [o.label for o in found])
    models = ", ".join(f"{model.name} {model.version}" for model in reply.models)
    st.caption(f"{models}; {reply.latency_ms:.0f} ms; request id `{reply.request_id}`")


def _show_refusal(reply: Reply) -> None:
    advice = BY_CODE.get(reply.code or "", Advice(f"Refused: {reply.code}"))
    parts = [f"**{advice.title}**", reply.message or "", advice.remedy]
    st.warning("\n\n".join(part for part in parts if part), icon=":material/error:")


def _opinions(one: Difference, place: int, reply: Reply) -> list[Opinion]:
    if not one.pairs:
        return []
    sides = [pair.first if place == 0 else pair.second for pair in one.pairs]
    return [opinion for opinion in sides if opinion is not None]
