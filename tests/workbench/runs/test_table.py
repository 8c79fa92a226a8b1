"""Results as tables: one row a face, each picture in it, and what filters leave."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest
from contract_stub import ANSWERS

from workbench.runs.choice import Choice, chosen, summary
from workbench.runs.latency import quantiles, requests_of
from workbench.runs.model import Item, ItemState
from workbench.runs.table import COLUMNS, as_csv, as_parquet, face_table, judging

OPERATIONS = {
    "detect": "detect",
    "liveness": "check",
    "deepfake": "analyze",
    "demographics": "estimate",
    "embed": "embed",
}
MODELS = json.dumps(
    [
        {"task": "anti-spoofing", "name": "judge", "version": "2"},
        {"task": "face-detection", "name": "finder", "version": "1"},
    ]
)


def item(number: int, state: ItemState = ItemState.DONE, reason: str = "") -> Item:
    return Item(number, f"picture {number}.png", f"{number:064x}", None, state, reason)


def answer(number: int, task: str, **other: object) -> dict[str, object]:
    data = ANSWERS[OPERATIONS[task]].model_dump_json()
    row = {
        "number": number, "task": task, "state": "done", "data": data, "code": None, "message": None,
        "request_id": f"r{number}", "models": MODELS, "latency_ms": 10.0 * number, "service_ms": 5.0, "together": 1,
    }  # fmt: skip
    return row | other


FAILED = {
    "state": "failed",
    "data": None,
    "code": "NO_FACE",
    "message": "Nobody.",
    "latency_ms": None,
    "models": "[]",
}
ITEMS = [
    item(1),
    item(2),
    item(3, ItemState.FAILED),
    item(4, ItemState.SKIPPED, "An empty file"),
    item(5, ItemState.WAITING),
]
ROWS = [*(answer(1, task) for task in OPERATIONS), answer(2, "liveness"), answer(3, "detect", **FAILED)]


@pytest.fixture
def table() -> pd.DataFrame:
    return face_table(ITEMS, ROWS)


def test_each_face_of_each_task_has_a_row_and_each_picture_one_at_least(table: pd.DataFrame) -> None:
    assert list(table.columns) == list(COLUMNS)
    assert set(table["number"]) == {1, 2, 3, 4, 5}
    assert table.groupby("number").size().to_dict() == {1: 2 + 2 + 1 + 1 + 1, 2: 2, 3: 1, 4: 1, 5: 1}


def test_what_was_said_stands_in_the_columns(table: pd.DataFrame) -> None:
    said = {(row.task, row.face): row for row in table[table["number"] == 1].itertuples()}
    live = said["liveness", 1]
    assert (live.verdict, live.score, live.attack_print, live.detection_score) == (
        "not live",
        0.31,
        0.6,
        0.93,
    )
    assert (said["liveness", 2].verdict, said["liveness", 2].refused) == ("not judged", "too_small")
    assert (said["deepfake", 1].verdict, said["deepfake", 1].score) == ("suspicious", 0.83)
    old = said["demographics", 1]
    assert (old.verdict, old.age, old.age_low, old.age_high) == ("female", 41.2, 33, 49)
    assert said["embed", 1].dimension == 2
    assert (live.model, live.model_version, live.left, live.width) == ("judge", "2", 20, 30)


def test_the_model_that_judged_is_named_whatever_their_order() -> None:
    finder, judge = (
        {"task": task, "name": task, "version": "1"} for task in ("face-detection", "age-gender")
    )
    assert judging([finder, judge]) == judging([judge, finder]) == judge
    assert judging([finder]) == finder
    assert judging([])["name"] == ""


def test_parquet_and_csv_hold_the_same(table: pd.DataFrame) -> None:
    parquet = pd.read_parquet(io.BytesIO(as_parquet(table)))
    csv = pd.read_csv(io.BytesIO(as_csv(table)))
    assert list(parquet.columns) == list(csv.columns) == list(COLUMNS)
    assert len(parquet) == len(csv) == len(table)
    assert (
        list(parquet["embedding"].dropna().iloc[0])
        == json.loads(csv["embedding"].dropna().iloc[0])
        == [0.6, 0.8]
    )
    assert parquet["score"].equals(csv["score"])


def test_a_run_without_answers_has_files_too() -> None:
    table = face_table([item(1, ItemState.WAITING)], [])
    assert len(pd.read_parquet(io.BytesIO(as_parquet(table)))) == 1
    assert face_table([], []).empty


def test_a_spreadsheet_takes_no_name_for_a_formula() -> None:
    hostile = Item(1, "=HYPERLINK(1)", None, None, ItemState.SKIPPED, "@x")
    text = as_csv(face_table([hostile], [])).decode()
    assert "'=HYPERLINK(1)" in text
    assert "'@x" in text


@pytest.mark.parametrize(
    ("choice", "numbers"),
    [
        (Choice(), [1, 2, 3, 4, 5]),
        (Choice(states=("failed", "skipped")), [3, 4]),
        (Choice(verdicts=("suspicious",)), [1]),
        (Choice(verdicts=("not judged",)), [1, 2]),
        (Choice(scores=(0.8, 1.0)), [1]),
        (Choice(scores=(0.3, 0.4)), [1, 2]),
        (Choice(faces=(1, 9)), [1, 2]),
        (Choice(text="no_face"), [3]),
        (Choice(text="PICTURE 4"), [4]),
        (Choice(text="empty"), [4]),
        (Choice(text="(["), []),
        (Choice(text="r2"), [2]),
        (Choice(states=("done",), verdicts=("female",), text="picture 1"), [1]),
    ],
)
def test_filters(table: pd.DataFrame, choice: Choice, numbers: list[int]) -> None:
    assert list(chosen(table, summary(ITEMS, table), choice)["number"]) == numbers


def test_a_picture_in_one_line(table: pd.DataFrame) -> None:
    rows = summary(ITEMS, table).set_index("number")
    assert rows.loc[1, "said"] == "not live 31%, not judged, suspicious 83%, female 41"
    assert list(rows["faces"]) == [2, 2, 0, 0, 0]
    assert (rows.loc[3, "why"], rows.loc[4, "why"]) == ("detect: NO_FACE", "An empty file")


def test_a_request_counts_once_however_many_pictures_it_had() -> None:
    together = [
        answer(number, "detect", request_id="one", latency_ms=40.0, together=3) for number in (1, 2, 3)
    ]
    alone = [answer(number, "detect", latency_ms=100.0) for number in (4, 5)]
    requests = requests_of(face_table([item(number) for number in range(1, 6)], together + alone))
    assert sorted(requests["latency_ms"]) == [40, 100, 100]
    row = quantiles(requests).iloc[0]
    assert (row["requests"], row["p50"]) == (3, 100)
    assert quantiles(requests_of(face_table([], []))).empty
