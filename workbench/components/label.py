"""Marking an answer right or wrong: Y and N on the keyboard, kept with the picture's digest and the model's version."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from bentos.contracts import Success
from workbench.components.access import subject
from workbench.components.bench import Bench
from workbench.components.stores import label_store
from workbench.labels.model import WHOLE, Label, Subject, Truth
from workbench.labels.truth import BY_FACE, NotUnderstood, boxes_truth, consistent, implied, person_truth
from workbench.runs.pictures import digest_of
from workbench.runs.table import judging

RIGHT_KEY, WRONG_KEY = "Y", "N"
ATTACKS = ("print", "replay", "mask", "other")


@dataclass(frozen=True, slots=True)
class Judgeable:
    """An answer that can be marked.

    Attributes:
        environment: Name of the deployment that gave it.
        task: detect, liveness, deepfake, demographics, embed or verify.
        digests: SHA-256 of the picture, or of the two that were compared.
        data: The answer's data as JSON.
        models: Its models.
        pictures: The pictures themselves, where they are at hand.
    """

    environment: str
    task: str
    digests: tuple[str, ...]
    data: Mapping[str, Any]
    models: Sequence[Mapping[str, str]]
    pictures: tuple[bytes, ...] = ()


def label_answer(
    bench: Bench, task: str, picture_bytes: bytes, answer: Success[Any], second: bytes | None = None
) -> None:
    """Draw the marks for an answer that a view has just got.

    Args:
        bench: Who was asked.
        task: detect, liveness, deepfake, demographics, embed or verify.
        picture_bytes: As they were sent.
        answer: What came back.
        second: The other picture of a comparison.
    """
    pictures = (picture_bytes,) if second is None else (picture_bytes, second)
    data = answer.data.model_dump(mode="json")
    models = [model.model_dump() for model in answer.meta.models]
    digests = tuple(digest_of(picture) for picture in pictures)
    label_judgeable(Judgeable(bench.environment, task, digests, data, models, pictures))


def label_judgeable(one: Judgeable) -> None:
    """Draw the marks for an answer, with what would be right, a note, and what was said before."""
    faces = one.data.get("faces", [])
    if one.task in BY_FACE and not faces:
        st.caption("There is no face to be marked.")
        return
    with st.container(border=True):
        st.markdown("**Is this answer right?**")
        key = f"{one.task} {'-'.join(one.digests)}"
        face = _choose_face(len(faces), key) if one.task in BY_FACE else WHOLE
        about = Subject(one.task, one.digests[0], one.digests[1] if len(one.digests) > 1 else "", face)
        _show_earlier(about)
        _draw(one, about, f"{key} {face}")


def _draw(one: Judgeable, about: Subject, key: str) -> None:
    with st.expander("What would be right, and a note", icon=":material/edit:"):
        given = _GIVEN[one.task](one, about.face, key)
        note = st.text_input("Note", key=f"note {key}", max_chars=500)
    keep = bool(one.pictures) and st.toggle(
        "Keep the picture with the label", key="keep labelled picture",
        help="Without its picture a label is no part of an exported evaluation set",
    )  # fmt: skip
    row = st.container(horizontal=True)
    marks = {
        True: row.button("Right", key=f"right {key}", icon=":material/check:", shortcut=RIGHT_KEY),
        False: row.button("Wrong", key=f"wrong {key}", icon=":material/close:", shortcut=WRONG_KEY),
    }
    for verdict, pressed in marks.items():
        if pressed:
            _keep(one, about, verdict, given, note, keep)


def _keep(
    one: Judgeable, about: Subject, right: bool, given: Truth | NotUnderstood, note: str, keep: bool
) -> None:
    if isinstance(given, NotUnderstood):
        st.error(str(given), icon=":material/error:")
        return
    usable = given if not right or one.task not in ("detect", "demographics") else {}
    store, model = label_store(), judging(one.models)
    store.put(
        Label(
            subject=about,
            right=right,
            truth=consistent({**implied(one.task, one.data, about.face, right), **usable}),
            note=note.strip(),
            answer=_without_embeddings(one.data),
            model=model["name"],
            version=model["version"],
            environment=one.environment,
            who=subject(one.environment),
            at=time.time(),
        )
    )
    if keep:
        for digest, picture in zip(one.digests, one.pictures, strict=True):
            store.keep_picture(digest, picture)
    st.rerun()


def _show_earlier(about: Subject) -> None:
    label = label_store().latest(about)
    if label is None:
        return
    verdict = ":material/check_circle: right" if label.right else ":material/cancel: wrong"
    note = f": {label.note}" if label.note else ""
    when = time.strftime("%d %b %H:%M", time.localtime(label.at))
    said, remove = st.columns([4, 1], vertical_alignment="center")
    said.markdown(f"Marked **{verdict}** by {label.who}, {when}{note}")
    if remove.button("Remove", key=f"remove {about}", icon=":material/delete:"):
        label_store().remove(about)
        st.rerun()


def _choose_face(count: int, key: str) -> int:
    if count == 1:
        return 1
    return int(st.selectbox("Face", range(1, count + 1), key=f"face {key}"))


def _give_boxes(one: Judgeable, face: int, key: str) -> Truth | NotUnderstood:
    numbers = range(1, len(one.data["faces"]) + 1)
    false = st.multiselect("Found, but no faces", numbers, key=f"false {key}")
    missing = st.text_input(
        "Missing faces", key=f"missing {key}", placeholder="left top width height; …", help="In pixels"
    )
    try:
        return boxes_truth(one.data, false, missing) if false or missing.strip() else {}
    except NotUnderstood as error:
        return error


def _give_attack(one: Judgeable, face: int, key: str) -> Truth | NotUnderstood:
    attack = st.selectbox("Kind of attack, if it is one", ATTACKS, index=None, key=f"attack {key}")
    return {"attack": attack} if attack else {}


def _give_method(one: Judgeable, face: int, key: str) -> Truth | NotUnderstood:
    method = st.text_input("Method of the forgery, if it is one", key=f"method {key}", max_chars=40)
    return {"method": method.strip()} if method.strip() else {}


def _give_person(one: Judgeable, face: int, key: str) -> Truth | NotUnderstood:
    age = st.text_input("Age", key=f"age {key}", placeholder="34, 30-39 or 70+")
    gender = st.selectbox("Gender", ("female", "male"), index=None, key=f"gender {key}")
    try:
        return person_truth(age, gender)
    except NotUnderstood as error:
        return error


def _give_name(one: Judgeable, face: int, key: str) -> Truth | NotUnderstood:
    person = st.text_input("Who it is", key=f"person {key}", max_chars=200, help="A name or a number")
    return {"person": person.strip()} if person.strip() else {}


def _give_nothing(one: Judgeable, face: int, key: str) -> Truth | NotUnderstood:
    return {}


def _without_embeddings(data: Mapping[str, Any]) -> dict[str, Any]:
    faces = [
        {name: value for name, value in face.items() if name != "embedding"} for face in data.get("faces", [])
    ]
    return {**data, "faces": faces}


_GIVEN = {
    "detect": _give_boxes,
    "liveness": _give_attack,
    "deepfake": _give_method,
    "demographics": _give_person,
    "embed": _give_name,
    "verify": _give_nothing,
}
