"""Pictures of one shape run together; answers come back in the order of the questions."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.catalogue.detection import YUNET_N
from models.runtime.batch import run_by_shape
from models.runtime.fake import FakeSession
from models.runtime.session import Outputs, Pixels


def summary(images: Pixels) -> Outputs:
    first = images[:, 0, 0, 0].astype(np.float32)
    return {"value": first[:, None], "area": np.full((len(images), 2), images[0].size, np.float32)}


def picture(value: int, height: int, width: int) -> Pixels:
    return np.full((height, width, 3), value, np.uint8)


def test_each_shape_runs_once_and_the_order_stays() -> None:
    session = FakeSession(YUNET_N, summary)
    items = [picture(1, 2, 2), picture(2, 4, 2), picture(3, 2, 2), picture(4, 2, 4), picture(5, 4, 2)]
    answers = run_by_shape(session, items)
    assert [answer["value"].tolist() for answer in answers] == [[1.0], [2.0], [3.0], [4.0], [5.0]]
    assert session.batches == [(2, 2, 2, 3), (2, 4, 2, 3), (1, 2, 4, 3)]


def test_no_items_no_run() -> None:
    session = FakeSession(YUNET_N, summary)
    assert run_by_shape(session, []) == []
    assert session.batches == []


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(1, 3), st.integers(1, 3)), max_size=30))
def test_every_item_gets_its_own_answer(shapes: list[tuple[int, int, int]]) -> None:
    session = FakeSession(YUNET_N, summary)
    answers = run_by_shape(session, [picture(*shape) for shape in shapes])
    assert [(int(one["value"][0]), int(one["area"][1])) for one in answers] == [
        (value, height * width * 3) for value, height, width in shapes
    ]
    assert len(session.batches) == len({shape[1:] for shape in shapes})
