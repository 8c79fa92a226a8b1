"""A first answer of models that nobody has asked yet: what fails there fails before a caller sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from bentos.common.context import Clock
from bentos.common.errors import DependencyUnavailable, FaceSocialError
from bentos.contracts import FaceSelection
from bentos.contracts.base import Message
from models.errors import ModelUnavailable, Overloaded

if TYPE_CHECKING:
    from bentos.common.generations import Models

Trial = Callable[["Models"], None]
"""Raises unless the models answer as they should."""

SIDE = 480
FACE = {
    "box": {"x": 120.0, "y": 100.0, "width": 240.0, "height": 280.0},
    "landmarks": {
        "left_eye": (190.0, 210.0),
        "right_eye": (290.0, 210.0),
        "nose": (240.0, 265.0),
        "mouth_left": (200.0, 320.0),
        "mouth_right": (280.0, 320.0),
    },
    "score": 0.9,
}
PAUSE_S = 0.25
PATIENCE_S = 15.0


def require_answers(models: Models, trials: list[Trial]) -> None:
    """Have models find faces in a picture without one, and try everything else.

    Raises:
        ModelUnavailable: They fail, or answer with what is no answer.
        Overloaded: Models beside them that are at work have no time; nothing is said of the new ones.
        DependencyUnavailable: The process that holds them does not answer.
    """
    for trial in (_detects, *trials):
        try:
            _patiently(trial, models)
        except (Overloaded, DependencyUnavailable, ModelUnavailable):
            raise
        except Exception as error:
            said = error.message if isinstance(error, FaceSocialError) else f"{type(error).__name__}: {error}"
            names = ", ".join(f"{card.name} {card.version}" for card in models.cards)
            raise ModelUnavailable(f"A trial of {names} failed: {said}") from error


def trial_of(
    make: Callable[[Models], Callable[[bytes, Any, Clock], Message]],
    options: type[FaceSelection],
    result: type[Message],
) -> Trial:
    """An operation on a picture without a face, in which the caller says that one is."""
    given = {"faces": [FACE]} if "faces" in options.model_fields else {}
    chosen = options.model_validate(given)

    def trial(models: Models) -> None:
        answer = models.made(make)(blank(), chosen, Clock())
        result.model_validate_json(answer.model_dump_json(serialize_as_any=True))

    return trial


@cache
def blank() -> bytes:
    """A picture without a face: a ramp of grey, as PNG."""
    ramp = np.linspace(40, 215, SIDE, dtype=np.uint8)
    done, png = cv2.imencode(".png", np.broadcast_to(ramp[:, None, None], (SIDE, SIDE, 3)))
    assert done
    return png.tobytes()


def _detects(models: Models) -> None:
    with models.perception.open(blank(), Clock()) as picture:
        models.perception.find(picture, FaceSelection(min_score=0.0), Clock())


def _patiently(trial: Trial, models: Models) -> None:
    """What serves beside the new models may be at work to its limit for a while."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return trial(models)
        except Overloaded:
            if time.monotonic() > until:
                raise
        time.sleep(PAUSE_S)
