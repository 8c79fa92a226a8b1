"""The results of a run as flat tables."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from workbench.runs.model import Item

Row = dict[str, Any]
FINDING = "face-detection"
"""Task of the model that every service finds faces with."""

COLUMNS: Mapping[str, str] = {
    "number": "The picture's number in the run, from 1",
    "picture": "Its name",
    "digest": "SHA-256 of the file; empty where it was skipped",
    "picture_state": "waiting, sent, done, failed or skipped",
    "reason": "Why it was skipped",
    "task": "detect, liveness, deepfake, demographics or embed",
    "state": "Of this task's answer",
    "code": "Error code of a failed one",
    "message": "What the service said of it",
    "face": "The face's number in the answer, from 1; empty where there is none",
    "left": "Of its box, in pixels of the upright picture",
    "top": "The same",
    "width": "The same",
    "height": "The same",
    "detection_score": "How sure the detector is, 0 to 1",
    "quality": "How well the face can be judged, 0 to 1",
    "sharpness": "0 to 1",
    "brightness": "0 to 1",
    "yaw": "Degrees",
    "pitch": "Degrees",
    "roll": "Degrees",
    "verdict": "live, not live, not judged, suspicious, nothing found, female or male",
    "score": "Of the verdict, 0 to 1: live, forged, or sure of the gender",
    "attack_print": "Probability of a printed picture",
    "attack_replay": "Probability of a screen",
    "refused": "Reasons why a face was not judged",
    "age": "Years",
    "age_low": "About 80 % of cases lie from here",
    "age_high": "to here",
    "dimension": "Numbers of an embedding",
    "embedding": "The numbers, where the run keeps them",
    "model": "Name of the task's model",
    "model_version": "Its version",
    "request_id": "Finds the request in the service's log",
    "latency_ms": "From sending the request to having read its answer; all pictures of a request have the same",
    "service_ms": "What the service needed for the request",
    "together": "Pictures in the request",
}
_NUMBERS = (
    "left", "top", "width", "height", "detection_score", "quality", "sharpness", "brightness", "yaw", "pitch",
    "roll", "score", "attack_print", "attack_replay", "age", "age_low", "age_high", "latency_ms", "service_ms",
)  # fmt: skip
_WHOLE = ("number", "face", "dimension", "together")


def face_table(items: Sequence[Item], answers: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row a face and task, with the columns of ``COLUMNS``.

    Args:
        items: Pictures of the run.
        answers: Rows of the table ``answers``.

    Returns:
        A picture without an answer, and an answer without a face, have a row without a face.
    """
    by_number = {item.number: _item_row(item) for item in items}
    rows = [{**by_number[answer["number"]], **row} for answer in answers for row in _answer_rows(answer)]
    seen = {row["number"] for row in rows}
    rows += [row for number, row in by_number.items() if number not in seen]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("number", kind="stable")
    kinds = dict.fromkeys(_NUMBERS, "float64") | dict.fromkeys(_WHOLE, "Int64")
    return table.astype(kinds).reset_index(drop=True)


def as_csv(table: pd.DataFrame) -> bytes:
    """UTF-8 with a line of names; what a spreadsheet would take for a formula is quoted with an apostrophe."""
    safe = table.assign(
        **{name: table[name].map(_no_formula) for name in ("picture", "reason", "message", "code")},
        embedding=table["embedding"].map(
            lambda value: json.dumps(value) if isinstance(value, list) else None
        ),
    )
    return safe.to_csv(index=False).encode()


def as_parquet(table: pd.DataFrame) -> bytes:
    """Apache Parquet; an embedding is a list of numbers."""
    stream = io.BytesIO()
    table.to_parquet(stream, index=False)
    return stream.getvalue()


def _no_formula(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


def _item_row(item: Item) -> Row:
    return {
        "number": item.number,
        "picture": item.name,
        "digest": item.digest,
        "picture_state": str(item.state),
        "reason": item.reason or None,
    }


def _answer_rows(answer: Mapping[str, Any]) -> list[Row]:
    names = ("task", "state", "code", "message", "request_id", "latency_ms", "service_ms", "together")
    shared: Row = {name: answer[name] for name in names} | _model_row(answer)
    data = json.loads(answer["data"]) if answer["data"] else {}
    faces = [_face_row(answer["task"], face, data) for face in data.get("faces", [])]
    faces += [_refused_row(face) for face in data.get("refused", [])]
    return [{**shared, "face": number, **face} for number, face in enumerate(faces, 1)] or [shared]


def judging(models: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    """The model of an answer that judged: another one finds the faces, except where finding them is the task."""
    others = [model for model in models if model["task"] != FINDING]
    return (others or list(models) or [{"name": "", "version": ""}])[0]


def _model_row(answer: Mapping[str, Any]) -> Row:
    model = judging(json.loads(answer["models"]))
    return {"model": model["name"] or None, "model_version": model["version"] or None}


def _face_row(task: str, face: Row, data: Row) -> Row:
    quality = face["quality"]
    row = {
        **_box(face["box"]),
        "detection_score": face.get("detection_score", face["score"]),
        "quality": quality["score"],
        **{name: quality[name] for name in ("sharpness", "brightness", "yaw", "pitch", "roll")},
    }
    return row | _VERDICTS[task](face, data)


def _refused_row(face: Row) -> Row:
    return {**_box(face["box"]), "verdict": "not judged", "refused": ", ".join(face["reasons"])}


def _box(box: Row) -> Row:
    return {"left": box["x"], "top": box["y"], "width": box["width"], "height": box["height"]}


def _liveness(face: Row, data: Row) -> Row:
    attack = face.get("attack") or {}
    return {
        "verdict": "live" if face["live"] else "not live",
        "score": face["score"],
        "attack_print": attack.get("print"),
        "attack_replay": attack.get("replay"),
    }


def _deepfake(face: Row, data: Row) -> Row:
    return {"verdict": "suspicious" if face["fake"] else "nothing found", "score": face["score"]}


def _demographics(face: Row, data: Row) -> Row:
    low, high = face["age_range"]
    gender = face["gender"]
    return {
        "verdict": gender["label"],
        "score": gender["confidence"],
        "age": face["age"],
        "age_low": low,
        "age_high": high,
    }


def _embed(face: Row, data: Row) -> Row:
    return {"dimension": data["dimension"], "embedding": face.get("embedding")}


_VERDICTS = {
    "detect": lambda face, data: {},
    "liveness": _liveness,
    "deepfake": _deepfake,
    "demographics": _demographics,
    "embed": _embed,
}
