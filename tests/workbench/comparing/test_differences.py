"""Two answers about one picture: which faces are the same, and what differs most."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from contract_stub import ANALYZED, CHECKED, ESTIMATED, FACE, REFUSED

from bentos.contracts import AnalyzeResult, Box, CheckedFace, CheckResult, DetectResult, EstimateResult, Face
from workbench.comparing.asking import Asking, Reply
from workbench.comparing.difference import Kind, difference
from workbench.comparing.faces import matched, overlap
from workbench.comparing.shots import Shot
from workbench.comparing.summary import (
    csv_of,
    differences,
    face_table,
    mean_latency,
    picture_table,
    score_table,
    summary,
)
from workbench.runs.model import RunSettings

SHOT = Shot("one.png", "d" * 64, b"")


def moved(face: Face, right: float) -> dict[str, object]:
    return {"box": face.box.model_copy(update={"x": face.box.x + right})}


def checked(*changes: dict[str, object]) -> Reply:
    return Reply(
        CheckResult(faces=[CHECKED.model_copy(update=change) for change in changes]), latency_ms=10.0
    )


def kind_of(first: Reply | None, second: Reply | None, task: str = "liveness", span: float = 1.0) -> Kind:
    return difference(task, 0, SHOT, first, second, span).kind


def test_overlap_is_intersection_over_union() -> None:
    one = Box(x=0, y=0, width=10, height=10)
    assert overlap(one, one) == 1
    assert overlap(one, Box(x=5, y=0, width=10, height=10)) == pytest.approx(1 / 3)
    assert overlap(one, Box(x=10, y=0, width=10, height=10)) == 0


def test_each_face_has_one_partner_the_nearest() -> None:
    def box(x: float) -> Box:
        return Box(x=x, y=0, width=10, height=10)

    matches = matched([box(0), box(2), box(50)], [box(2), box(80), box(1)])
    assert [(match.first, match.second) for match in matches] == [(0, 2), (1, 0), (2, None), (None, 1)]


@pytest.mark.parametrize(
    ("second", "kind"),
    [
        ({}, Kind.SAME),
        ({"score": 0.3105}, Kind.SAME),
        ({"score": 0.4}, Kind.SCORE),
        (moved(CHECKED, 3), Kind.BOX),
        (moved(CHECKED, 30), Kind.FACES),
        ({"live": True, "score": 0.7, **moved(CHECKED, 3)}, Kind.VERDICT),
    ],
)
def test_what_differs_most_names_it(second: dict[str, object], kind: Kind) -> None:
    assert kind_of(checked({}), checked(second)) is kind


def test_a_face_that_one_side_did_not_judge_is_another_verdict() -> None:
    silent = Reply(CheckResult(faces=[], refused=[REFUSED.model_copy(update={"box": CHECKED.box})]))
    assert kind_of(checked({}), silent) is Kind.VERDICT


def test_sides_that_refuse_or_wait() -> None:
    refused = Reply(code="NO_FACE", message="None.")
    assert kind_of(checked({}), refused) is Kind.ONE_SIDE
    assert kind_of(refused, refused) is Kind.NEITHER
    assert kind_of(checked({}), None) is Kind.WAITING


def test_every_task_is_compared_by_its_own_verdict() -> None:
    fake = Reply(AnalyzeResult(faces=[ANALYZED], fake=True, score=0.83))
    genuine = ANALYZED.model_copy(update={"fake": False, "score": 0.2})
    assert (
        kind_of(fake, Reply(AnalyzeResult(faces=[genuine], fake=False, score=0.2)), "deepfake")
        is Kind.VERDICT
    )
    old = ESTIMATED.model_copy(update={"age": 44.0})
    answers = Reply(EstimateResult(faces=[ESTIMATED])), Reply(EstimateResult(faces=[old]))
    found = difference("demographics", 0, SHOT, *answers, 100.0)
    assert found.kind is Kind.SCORE
    assert found.gap == pytest.approx(2.8)
    sure = FACE.model_copy(update={"score": 0.5})
    one, other = (Reply(DetectResult(width=9, height=9, faces=[face])) for face in (FACE, sure))
    assert kind_of(one, other, "detect") is Kind.SCORE


@pytest.fixture
def sides() -> tuple[Asking, Asking]:
    shots = [Shot(f"{name}.png", name * 64, b"") for name in "abcde"]
    first, second = (Asking(shots, "liveness", RunSettings(tasks=("liveness",))) for _ in "AB")
    first.replies.update(dict.fromkeys(range(5), checked({})))
    second.replies.update(
        {
            0: checked({}),
            1: checked({"score": 0.5}),
            2: checked({"live": True, "score": 0.6}),
            3: checked({"live": True, "score": 0.9}),
            4: Reply(code="NO_FACE", message="=None"),
        }
    )
    return first, second


def test_disagreements_come_first_and_the_farthest_before_the_nearer(sides: tuple[Asking, Asking]) -> None:
    found = differences(*sides)
    assert [one.shot.name[0] for one in found] == ["d", "c", "e", "b", "a"]
    counts = summary(found)
    assert (counts.agreed, counts.compared) == (2, 4)
    assert counts.kinds[Kind.VERDICT] == 2


def test_tables_hold_what_both_said(sides: tuple[Asking, Asking]) -> None:
    found = differences(*sides)
    row = picture_table(found).iloc[0]
    assert (row["A"], row["B"], row["kind"]) == ("not live 31%", "live 90%", "verdict differs")
    scores = score_table(found)
    assert scores.shape == (4, 4)
    assert list(scores["verdict"]) == ["differs", "differs", "same", "same"]
    table = pd.read_csv(io.BytesIO(csv_of(face_table(found))))
    assert len(table) == 5
    assert table.loc[0, ["verdict_A", "verdict_B", "score_B"]].tolist() == ["not live", "live", 0.9]
    assert table.loc[2, "code_B"] == "NO_FACE"


def test_a_formula_stays_text() -> None:
    assert csv_of(pd.DataFrame({"picture": ["=1+1", "-a", "b"], "gap": [-1.0, 2, 3]})) == (
        b"picture,gap\n'=1+1,-1.0\n'-a,2.0\nb,3.0\n"
    )


def test_remembered_answers_do_not_make_a_side_quick(sides: tuple[Asking, Asking]) -> None:
    first, _ = sides
    first.replies[0] = Reply(
        CheckResult(faces=[CheckedFace(**CHECKED.model_dump())]), latency_ms=1.0, cached=True
    )
    assert mean_latency(first) == 10.0
