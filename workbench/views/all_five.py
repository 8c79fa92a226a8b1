"""One picture, all five services; faces are found once and sent along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
import streamlit as st

from bentos.contracts import CheckOptions, Face, FaceOptions, GivenFace
from workbench.client import ClientError, FaceSocialClient
from workbench.components.ask import ask
from workbench.components.bench import Bench
from workbench.components.envelope import show_json
from workbench.components.health import title_of
from workbench.components.picture import choose_picture
from workbench.components.problems import advice_for
from workbench.components.verdicts import percent, show_picture

Found = Any


def render(bench: Bench) -> None:
    """Draw the page."""
    st.title("All five on one picture", anchor=False)
    picture = choose_picture()
    if picture is None:
        st.info("Choose a sample picture, or upload one of your own.", icon=":material/add_photo_alternate:")
        return
    answer = ask(lambda: bench.client.detect(picture.data), doing="Looking for faces", key="all five")
    if answer is None:
        return
    faces = answer.value.data.faces
    if not faces:
        st.info("**No face was found.** The other services judge faces.", icon=":material/person_search:")
        return
    show_picture(picture, faces, [f"{face.score:.2f}" for face in faces])
    _show_table(faces, _ask_others(bench.client, picture.data, faces))
    show_json(answer.value)


def _ask_others(
    client: FaceSocialClient, image: bytes, faces: Sequence[Face]
) -> dict[str, Found | ClientError]:
    """Answers by service; one that fails does not keep the others."""
    given = tuple(GivenFace.model_validate(face.model_dump()) for face in faces)
    calls: dict[str, Callable[[], Found]] = {
        "face-recognition-service": lambda: client.embed(image, FaceOptions(faces=given)),
        "antispoofing-service": lambda: client.check(image, CheckOptions(faces=given)),
        "deepfake-detection-service": lambda: client.analyze(image, FaceOptions(faces=given)),
        "age-gender-service": lambda: client.estimate(image, FaceOptions(faces=given)),
    }
    with st.spinner("Asking the other four…"), ThreadPoolExecutor(len(calls)) as threads:
        return dict(zip(calls, threads.map(_quietly, calls.values()), strict=True))


def _quietly(call: Callable[[], Found]) -> Found | ClientError:
    try:
        return call()
    except ClientError as error:
        return error


def _show_table(faces: Sequence[Face], answers: dict[str, Found | ClientError]) -> None:
    rows: list[dict[str, object]] = [
        {"Face": number, "Found": f"{face.score:.2f}"} for number, face in enumerate(faces, 1)
    ]
    for service, answer in answers.items():
        if isinstance(answer, ClientError):
            st.warning(f"**{title_of(service)}**: {advice_for(answer).title}. {answer.message}")
            continue
        places = {_place(face): row for face, row in zip(faces, rows, strict=True)}
        for face in answer.data.faces:
            places[_place(face)].update(_columns(service, face))
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt=f"What five services say of {len(faces)} faces")


def _place(face: Face) -> tuple[float, float]:
    return (face.box.x, face.box.y)


def _columns(service: str, face: Any) -> dict[str, object]:
    if service == "face-recognition-service":
        return {"Embedding": f"{len(face.embedding)} numbers"}
    if service == "antispoofing-service":
        return {"Live": f"{'yes' if face.live else 'no'} ({percent(face.score)})"}
    if service == "deepfake-detection-service":
        return {"Forged": f"{'suspicious' if face.fake else 'nothing found'} ({percent(face.score)})"}
    low, high = face.age_range
    return {"Age": f"{face.age:.0f} ({low:.0f} to {high:.0f})", "Gender": face.gender.label}
