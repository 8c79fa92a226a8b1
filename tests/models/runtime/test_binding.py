"""Bound buffers against plain runs, on the CPU: what differs on a GPU is the device alone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from models.catalogue import CATALOGUE
from models.catalogue.card import ModelCard
from models.runtime.binding import BoundRunner, Floats
from models.runtime.options import CPU, INPUT, bucket
from models.runtime.pinned import Bytes, plain
from models.runtime.store import WeightStore

CARDS = [pytest.param(card, id=card.name) for card in CATALOGUE.values()]


def load(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(str(path), options, providers=[CPU])


def plainly(session: ort.InferenceSession, images: Bytes) -> dict[str, Floats]:
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {INPUT: images}), strict=True))


def pictures(count: int, height: int = 6, width: int = 8, seed: int = 3) -> Bytes:
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def assert_same(outputs: dict[str, Floats], expected: dict[str, Floats], tolerance: float = 0.0) -> None:
    assert list(outputs) == list(expected)
    for name, value in expected.items():
        assert (outputs[name].shape, outputs[name].dtype) == (value.shape, np.float32)
        np.testing.assert_allclose(outputs[name], value, rtol=tolerance, atol=tolerance)


class Padding:
    """Buckets up to eight rows, and a record of the sizes asked for."""

    def __init__(self) -> None:
        self.rows: list[int] = []

    def __call__(self, count: int) -> int:
        self.rows.append(bucket(count, 8))
        return self.rows[-1]


def test_any_batch_and_shape_through_the_same_buffers(network: Path) -> None:
    session = load(network)
    runner = BoundRunner(session)
    for count, height, width in [(1, 6, 8), (5, 6, 8), (2, 20, 4), (8, 3, 3), (1, 30, 30), (3, 6, 8)]:
        images = pictures(count, height, width)
        assert_same(runner.run(images), plainly(session, images))


def test_a_picture_that_is_a_view_of_another(network: Path) -> None:
    session = load(network)
    images = pictures(6, 12, 16)[::2, ::-1, ::2]
    assert_same(BoundRunner(session).run(images), plainly(session, np.ascontiguousarray(images)))


@pytest.mark.parametrize("count", range(1, 9))
def test_padded_rows_change_no_answer(network: Path, count: int) -> None:
    session, padding = load(network), Padding()
    runner = BoundRunner(session, rows_of=padding)
    runner.run(np.full((8, 6, 8, 3), 255, np.uint8))  # leaves its traces in the buffer
    images = pictures(count)
    outputs = runner.run(images)
    assert_same(outputs, plainly(session, images), tolerance=1e-6)
    assert padding.rows == [8, bucket(count, 8)]


@pytest.mark.published
@pytest.mark.parametrize("card", CARDS)
def test_published_graphs_answer_the_same_bound_and_padded(card: ModelCard, published: WeightStore) -> None:
    session = load(published.resolve(card))
    sides = (64, 96) if card.input.stride > 1 else (card.input.height, card.input.width)
    images = pictures(3, *sides)
    runner = BoundRunner(session, rows_of=partial(bucket, largest=4))
    assert_same(runner.run(images), plainly(session, images), tolerance=1e-4)


def test_outputs_stay_after_the_next_run(network: Path) -> None:
    runner = BoundRunner(load(network), rows_of=Padding())
    first = runner.run(pictures(3))
    kept = {name: value.copy() for name, value in first.items()}
    for seed in range(5):
        runner.run(pictures(3, seed=seed + 10))
    assert_same(first, kept)


def test_a_caller_may_write_to_its_outputs(graph: Path) -> None:
    images = pictures(2)
    runner = BoundRunner(load(graph))
    runner.run(images)["pixels"][:] = -1
    np.testing.assert_array_equal(runner.run(images)["pixels"], images.astype(np.float32))


def test_threads_do_not_see_each_other(network: Path) -> None:
    session = load(network)
    runner = BoundRunner(session, rows_of=Padding())
    together = threading.Barrier(4, timeout=20)

    def ask(thread: int) -> None:
        together.wait()
        for turn in range(40):
            images = pictures(1 + (thread + turn) % 8, 6 + turn % 5, 8, seed=100 * thread + turn)
            assert_same(runner.run(images), plainly(session, images), tolerance=1e-5)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(4)))


def test_memory_is_taken_when_a_batch_outgrows_it_and_kept(graph: Path) -> None:
    sizes: list[int] = []

    def allocate(size: int) -> Bytes:
        sizes.append(size)
        return plain(size)

    runner = BoundRunner(load(graph), rows_of=Padding(), allocate=allocate)
    for count in (1, 3, 4, 2, 5, 8, 1):
        runner.run(pictures(count))
    assert sizes == [count * 6 * 8 * 3 for count in (1, 4, 8)]


@pytest.mark.parametrize("kind", [np.float32, np.int8, np.uint16])
def test_pictures_of_another_type_are_refused(graph: Path, kind: type) -> None:
    with pytest.raises(TypeError, match="uint8"):
        BoundRunner(load(graph)).run(pictures(1).astype(kind))


def test_a_run_that_fails_leaves_the_buffers_usable(graph: Path) -> None:
    session = load(graph)
    runner = BoundRunner(session)
    with pytest.raises(Exception, match=r"(?i)dimension|rank|shape"):
        runner.run(np.zeros((1, 6, 8, 5), np.uint8))
    images = pictures(2)
    assert_same(runner.run(images), plainly(session, images))
