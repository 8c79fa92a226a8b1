"""What each task's evaluation says of subjects whose every answer is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs the extra `train`")

from painted_faces import NOBODY, manifest, paint, subject

from models.catalogue.card import Task
from training_eval.evaluation import demographics, detection, forgery, presentation, recognition
from training_eval.evaluation.figures import Figures
from training_eval.reports import Measure


def measured(figures: Figures) -> dict[str, Measure]:
    return {f"{one.metric} {one.group or ''}".strip(): one for one in figures.measures}


def nothing() -> None:
    """No progress."""


def test_presentations_are_counted_by_attack(tmp_path: Path) -> None:
    # Blue is the probability of live, in percent.
    rows = [
        *(("1", "", 90) for _ in range(8)),
        *(("1", "", 20) for _ in range(2)),
        *(("0", "print", 10) for _ in range(4)),
        *(("0", "replay", 10) for _ in range(3)),
        ("0", "replay", 80),
    ]
    listed = []
    for number, (live, attack, blue) in enumerate(rows):
        paint(tmp_path / f"{number}.png", blue)
        listed.append({"path": f"{number}.png", "live": live, "attack": attack})
    paint(tmp_path / "none.png", 50, NOBODY)
    listed.append({"path": "none.png", "live": "1", "attack": ""})
    judge = subject(
        Task.ANTISPOOFING, lambda c: np.array([(1 - c[0] / 100) / 2, c[0] / 100, (1 - c[0] / 100) / 2]), "p"
    )
    figures = Figures("mine")
    presentation.measure(judge, manifest(tmp_path, listed), figures, nothing)
    found = measured(figures)
    assert found["APCER"].value == found["APCER attack=replay"].value == 0.25
    assert found["APCER attack=print"].value == 0
    assert found["BPCER"].value == pytest.approx(0.2)
    assert found["ACER"].value == pytest.approx(0.225)
    assert found["BPNRR"].value == pytest.approx(1 / 11)
    assert found["BPCER"].low < 0.2 < found["BPCER"].high


def test_people_are_compared_with_each_other(tmp_path: Path) -> None:
    listed = []
    for person, (blue, red) in {"anna": (200, 5), "ben": (5, 200), "carl": (120, 120)}.items():
        for view in range(3):
            paint(tmp_path / person / f"{view}.png", blue + view, 0, red)
            listed.append({"path": f"{person}/{view}.png", "person": person})
    paint(tmp_path / "anna" / "gone.png", 200, NOBODY)
    listed.append({"path": "anna/gone.png", "person": "anna"})
    # Angles between colours are wide between people and narrow within one.
    judge = subject(Task.FACE_RECOGNITION, lambda c: np.resize(c / np.linalg.norm(c), 128), "embedding")
    figures = Figures("mine")
    recognition.measure_people(judge, manifest(tmp_path, listed), figures, nothing)
    found = measured(figures)
    assert found["verification AUC"].value == 1
    assert found["verification AUC"].count == 36
    assert found["verification EER"].value == 0
    assert found["rank-1 identification"].value == 1
    assert found["faces not found"].value == pytest.approx(0.1)
    assert any("0.001" in note for note in figures.notes), (
        "27 pairs of strangers say nothing about 1 in 1,000"
    )


def test_pairs_with_a_lost_face_count_as_two_people(tmp_path: Path) -> None:
    listed = []
    for fold in (1, 2):
        for pair, same in enumerate((True, True, False, False)):
            first, second = f"{fold}-{pair}-a.png", f"{fold}-{pair}-b.png"
            paint(tmp_path / first, 200, 0, 5)
            paint(tmp_path / second, 201 if same else 5, 0, 5 if same else 200)
            listed.append({"first": first, "second": second, "same": int(same), "fold": fold})
    paint(tmp_path / "1-0-a.png", 200, NOBODY)
    judge = subject(Task.FACE_RECOGNITION, lambda c: np.resize(c / np.linalg.norm(c), 128), "embedding")
    figures = Figures("mine")
    recognition.measure_pairs(judge, manifest(tmp_path, listed), figures, nothing)
    found = measured(figures)
    assert found["pairs with a face not found"].value == 1 / 8
    assert found["10-fold accuracy"].value == pytest.approx(7 / 8)


def test_forgeries_are_told_by_method(tmp_path: Path) -> None:
    listed = []
    for number in range(70):
        forged = number < 35
        paint(tmp_path / f"{number}.png", 10 if forged else 90)
        row = {"path": f"{number}.png", "forged": int(forged), "method": "swap" if forged else ""}
        listed.append(row)
    judge = subject(Task.DEEPFAKE_DETECTION, lambda c: np.array([c[0] / 100]), "real")
    figures = Figures("mine")
    forgery.measure(judge, manifest(tmp_path, listed), figures, nothing)
    found = measured(figures)
    assert found["frame AUC"].value == found["frame AUC method=swap"].value == 1
    assert found["frame AUC"].count == 70
    assert found["genuine called forged"].value == 0


def test_ages_and_genders_are_judged_by_group(tmp_path: Path) -> None:
    listed = []
    for number in range(60):
        old = number < 30
        paint(tmp_path / f"{number}.png", 60 if old else 20)
        row = {"path": f"{number}.png", "age": 50 if old else 20, "gender": "male", "group:skin": "ab"[old]}
        listed.append(row)
    judge = subject(Task.AGE_GENDER, lambda c: np.array([c[0], 0.4, 0.6]), "all")
    figures = Figures("mine")
    demographics.measure(judge, manifest(tmp_path, listed), figures, nothing)
    found = measured(figures)
    assert found["age MAE (years)"].value == pytest.approx(5, abs=0.1)
    assert found["age MAE (years) skin=b"].value == pytest.approx(10, abs=0.1)
    assert found["CS at 5 years"].value == 0.5
    assert found["gender accuracy"].value == 0


class Boxes:
    """Finds what it is told to find, by the picture's first value."""

    def __init__(self, by_value):
        from models.catalogue import CATALOGUE

        self.card = CATALOGUE["yunet-n"]
        self._by_value = by_value

    def all(self, pixels, min_score=None):
        from models.runtime.detector import Detection

        rows = self._by_value[int(pixels[0, 0, 0])]
        points = np.zeros((5, 2), np.float32)
        return [Detection(np.array(box, np.float32), points, score) for box, score in rows]


def test_a_detector_is_judged_by_overlap(tmp_path: Path) -> None:
    paint(tmp_path / "1.png", 1)
    paint(tmp_path / "2.png", 2)
    listed = [{"path": "1.png", "boxes": "10 10 50 50;100 100 20 20"}, {"path": "2.png", "boxes": ""}]
    finder = Boxes({1: [((12, 10, 50, 50), 0.9)], 2: [((0, 0, 30, 30), 0.7), ((5, 5, 9, 9), 0.1)]})
    figures = Figures("mine")
    detection.measure(finder, manifest(tmp_path, listed), figures, nothing)
    found = measured(figures)
    assert found["recall at the card's score"].value == 0.5
    assert found["precision at the card's score"].value == 0.5
    assert found["recall at the card's score size=32-64 px"].value == 1
    assert found["recall at the card's score size=16-32 px"].value == 0
