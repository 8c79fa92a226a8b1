"""One picture of a run: what was answered, drawn on it, and the marks for it. J and K move on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import pandas as pd
import streamlit as st

from bentos.contracts import Face
from workbench.components.label import Judgeable, label_judgeable
from workbench.components.picture import Picture
from workbench.components.problems import BY_CODE, Advice
from workbench.components.run_results import ITEM
from workbench.components.verdicts import show_picture
from workbench.runs.choice import words
from workbench.runs.manager import RunManager
from workbench.runs.model import Item, ItemState, Run
from workbench.runs.pictures import PictureGone
from workbench.runs.table import Row, face_table
from workbench.runs.tasks import TASKS

NEXT_KEY, PREVIOUS_KEY = "J", "K"
ROW = ("face", "verdict", "score", "age", "refused", "detection_score", "quality")


def show_item(manager: RunManager, run: Run, number: int, numbers: list[int]) -> None:
    """Draw it.

    Args:
        manager: Of the runs.
        run: Whose picture it is.
        number: Its number.
        numbers: Those that the filters leave, which the keys walk through.
    """
    item = manager.overview.item(run.run_id, number)
    if item is None:
        st.info("This run has no such picture.", icon=":material/image_not_supported:")
        return
    st.subheader(f"{item.number}. {item.name}", anchor=False)
    _walk(number, numbers)
    if item.state is ItemState.SKIPPED:
        st.info(f"**It was skipped.** {item.reason}.", icon=":material/skip_next:")
    answers = manager.overview.answers(run.run_id, number)
    if answers:
        _show_answer(manager, run, item, _choose(answers))


def _walk(number: int, numbers: list[int]) -> None:
    before = max((other for other in numbers if other < number), default=None)
    after = min((other for other in numbers if other > number), default=None)
    row = st.container(horizontal=True)
    steps = (
        ("Previous", before, ":material/arrow_back:", PREVIOUS_KEY),
        ("Next", after, ":material/arrow_forward:", NEXT_KEY),
    )
    for label, target, icon, key in steps:
        if row.button(label, icon=icon, shortcut=key, disabled=target is None, key=f"item {label}"):
            st.query_params[ITEM] = str(target)
            st.rerun()
    if row.button("Close", icon=":material/close:", key="item close"):
        st.query_params.pop(ITEM, None)
        st.rerun()


def _choose(answers: list[dict[str, Any]]) -> dict[str, Any]:
    titled = {TASKS[answer["task"]].title: answer for answer in answers}
    if len(titled) == 1:
        return answers[0]
    title = st.segmented_control(
        "Answer", list(titled), default=next(iter(titled)), required=True, key="answer", bind="query-params"
    )
    return titled.get(title, answers[0])


def _show_answer(manager: RunManager, run: Run, item: Item, answer: dict[str, Any]) -> None:
    if answer["state"] != ItemState.DONE:
        _show_undone(answer)
    data = json.loads(answer["data"] or "{}")
    table = face_table([item], [answer])
    picture = _picture(manager, run, item)
    shown, facts = st.columns([3, 2], gap="medium")
    with shown:
        _show_picture(item, picture, data, table)
    with facts:
        if answer["data"]:
            models = json.loads(answer["models"])
            digest, pictures = item.digest or "", () if picture is None else (picture,)
            label_judgeable(Judgeable(run.environment, answer["task"], (digest,), data, models, pictures))
        _show_faces(table.dropna(subset=["face"]).dropna(axis="columns", how="all"))
        _show_facts(item, answer)


def _show_faces(faces: pd.DataFrame) -> None:
    if faces.empty:
        return
    shares = ("score", "detection_score", "quality")
    columns: dict[str, Any] = {name: st.column_config.NumberColumn(format="%.2f") for name in shares}
    columns |= {"age": st.column_config.NumberColumn(format="%.0f")}
    names = [name for name in ROW if name in faces]
    alt = f"What was said of {len(faces)} faces"
    st.dataframe(faces[names], hide_index=True, column_config=columns, alt=alt)


def _show_undone(answer: Mapping[str, Any]) -> None:
    if answer["state"] == ItemState.FAILED:
        advice = BY_CODE.get(answer["code"], Advice(answer["code"]))
        parts = (f"**{advice.title}** ({answer['code']})", answer["message"], advice.remedy)
        st.error("\n\n".join(part for part in parts if part), icon=":material/error:")
    else:
        st.info("It has no answer yet.", icon=":material/hourglass_empty:")


def _picture(manager: RunManager, run: Run, item: Item) -> bytes | None:
    try:
        return manager.pictures(run.run_id).get(item)
    except PictureGone:
        return None


def _show_picture(item: Item, picture: bytes | None, data: dict[str, Any], table: pd.DataFrame) -> None:
    if picture is None:
        st.info(
            "The run did not keep this picture; what was found stands beside.", icon=":material/hide_image:"
        )
        return
    faces = [Face.model_validate(face) for face in data.get("faces", [])]
    rows = [cast(Row, row) for row in table.to_dict("records")[: len(faces)]]
    labels = [words(row) or f"{row['detection_score']:.2f}" for row in rows]
    show_picture(Picture(item.name, picture), faces, labels)


def _show_facts(item: Item, answer: Mapping[str, Any]) -> None:
    for model in json.loads(answer["models"]):
        st.caption(
            f"{model['task'].replace('_', ' ').replace('-', ' ')}: `{model['name']}` {model['version']}"
        )
    if answer["latency_ms"] is not None:
        st.caption(f"{answer['latency_ms']:.0f} ms with {answer['together']} pictures in the request")
    if answer["request_id"]:
        st.caption(f"Request id `{answer['request_id']}`")
    st.caption(f"SHA-256 `{item.digest}`")
