"""Whether our detector could be shipped in eight bits: figures and time of both graphs.

``python -m training_eval.own.detector_bytes``
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from models.catalogue.card import ModelCard
from models.catalogue.own import FOLDER, read_cards
from models.runtime.detector import DetectorModel, canvas_of
from models.runtime.session import OrtSession, Pixels, SessionOptions
from training_eval.errors import TrainingFailed
from training_eval.own.agreement import agreement, detections, total
from training_eval.own.detector_card import CARD
from training_eval.own.detector_problem import TEACHER
from training_eval.own.material import Material, Picture
from training_eval.own.measures_detector import SMALLEST
from training_eval.quantisation import TOLERANCE, Quantised, quantise
from training_eval.settings import TrainingSettings

_ROUNDS = 30


def main() -> None:
    material = Material.of(TrainingSettings())
    card = next(card for card in read_cards(FOLDER) if card.name == CARD.name)
    graph = (FOLDER / card.file_name).read_bytes()
    try:
        made = eight_bits(material, card, graph)
    except TrainingFailed as error:
        print(error.message)
        return
    canvas = canvas_of(card, _held_back(material)[0].pixels).canvas[None]
    print(f"faces found, less faces added: {made.before:.4f} in 32 bits, {made.after:.4f} in 8")
    print(f"bytes: {len(graph)} and {len(made.graph)}")
    print(f"time of the 8 bits by that of the 32: {_ratio(card, made.graph, graph, canvas):.2f}")


def eight_bits(material: Material, card: ModelCard, graph: bytes, tolerance: float = TOLERANCE) -> Quantised:
    """The detector in eight bits.

    Raises:
        TrainingFailed: It finds too few of the faces, or adds too many.
    """
    training = [p for folder in ("groups", "people") for p in material.photographs(folder, "training")]
    shown = [canvas_of(card, picture.pixels).canvas[None] for picture in training]
    return quantise(graph, shown, lambda made: figure(material, card, made), tolerance=tolerance)


def figure(material: Material, card: ModelCard, graph: bytes) -> float:
    """Share of the published detector's faces found, less those added, on held-back photographs and frames."""
    teacher = DetectorModel(material.session(TEACHER))
    student = DetectorModel(_session(card, graph))
    counted = total(
        agreement(detections(student, picture.pixels), detections(teacher, picture.pixels), SMALLEST)
        for picture in _held_back(material)
    )
    return (counted.found - counted.extra) / counted.wanted


def _held_back(material: Material) -> list[Picture]:
    photographs = [p for folder in ("groups", "people") for p in material.photographs(folder, "held back")]
    return [*photographs, *material.frames("held back")]


def _ratio(card: ModelCard, first: bytes, second: bytes, canvas: Pixels) -> float:
    """Both in turn, so that a busy machine slows both; the median of the ratios."""
    sessions = [_session(card, graph) for graph in (first, second)]
    ratios = []
    for _ in range(_ROUNDS):
        seconds = []
        for session in sessions:
            before = time.perf_counter()
            session.run(canvas)
            seconds.append(time.perf_counter() - before)
        ratios.append(seconds[0] / seconds[1])
    return float(np.median(ratios))


def _session(card: ModelCard, graph: bytes) -> OrtSession:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / card.file_name
        path.write_bytes(graph)
        return OrtSession(card, path, SessionOptions(threads=1))


if __name__ == "__main__":
    main()
