"""What is right, in the columns that training_eval's reader of own sets takes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.labels.model import WHOLE, Truth

BY_FACE = frozenset({"liveness", "demographics", "embed"})
"""Tasks whose labels speak of one face."""
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "detect": ("path", "boxes"),
    "liveness": ("path", "live", "attack", "box"),
    "deepfake": ("path", "forged", "method"),
    "demographics": ("path", "age", "gender"),
    "embed": ("path", "person"),
    "verify": ("first", "second", "same"),
}
_AGE = re.compile(r"\d{1,3}(-\d{1,3}|\+)?")


class NotUnderstood(ValueError):
    """What somebody typed is no such value; the message says what is wanted."""


def implied(task: str, data: Mapping[str, Any], face: int, right: bool) -> Truth:
    """What follows from "right" or "wrong" alone; empty where nothing does.

    Args:
        task: One of ``COLUMNS``.
        data: The answer's data.
        face: Its number, or ``WHOLE``.
        right: What was said of the answer.
    """
    one = data["faces"][face - 1] if face != WHOLE else {}
    if task == "liveness":
        return {"live": _flag(one["live"] is right), "box": box_text(one["box"])}
    if task == "deepfake":
        return {"forged": _flag(data["fake"] is right)}
    if task == "verify":
        return {"same": _flag(data["match"] is right)}
    if not right:
        return {}
    if task == "detect":
        return {"boxes": ";".join(box_text(found["box"]) for found in data["faces"])}
    if task == "demographics":
        low, high = one["age_range"]
        return {"age": f"{max(0, round(low))}-{max(0, round(high))}", "gender": one["gender"]["label"]}
    return {}


def boxes_truth(data: Mapping[str, Any], false: Sequence[int], missing: str) -> Truth:
    """Boxes without those of the faces that are none, and with those that are missing.

    Args:
        data: The answer's data.
        false: Numbers of faces that are none.
        missing: ``left top width height``, separated by semicolons, in pixels of the upright picture.

    Raises:
        NotUnderstood: A box is none.
    """
    kept = [box_text(face["box"]) for number, face in enumerate(data["faces"], 1) if number not in set(false)]
    return {"boxes": ";".join([*kept, *(_typed_box(part) for part in missing.split(";") if part.strip())])}


def person_truth(age: str, gender: str | None) -> Truth:
    """Age (34, 30-39, 70+) and gender; what is not known is left out.

    Raises:
        NotUnderstood: The age is none.
    """
    age = age.strip()
    if age and not _AGE.fullmatch(age):
        raise NotUnderstood("An age is a number of years (34), a range (30-39), or open (70+).")
    return ({"age": age} if age else {}) | ({"gender": gender} if gender else {})


def consistent(truth: Truth) -> Truth:
    """Without the kind of attack of what is live, and the method of what is genuine."""
    dropped = {"attack"} if truth.get("live") == "1" else {"method"} if truth.get("forged") == "0" else set()
    return {name: value for name, value in truth.items() if name not in dropped}


def box_text(box: Mapping[str, float]) -> str:
    """``left top width height`` of a box of the contract."""
    return " ".join(f"{box[name]:.2f}" for name in ("x", "y", "width", "height"))


def _typed_box(text: str) -> str:
    try:
        left, top, width, height = (float(part) for part in text.replace(",", " ").split())
    except ValueError:
        raise NotUnderstood("A box has four numbers: left top width height.") from None
    if not (width > 0 and height > 0 and max(map(abs, (left, top, width, height))) < 1e6):
        raise NotUnderstood("A box needs a width and a height.")
    return f"{left:.2f} {top:.2f} {width:.2f} {height:.2f}"


def _flag(value: bool) -> str:
    return "1" if value else "0"
