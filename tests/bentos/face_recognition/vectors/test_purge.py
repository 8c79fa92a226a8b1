"""After a purge no file holds a vector that was deleted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import faiss
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from milvus_lite import MilvusLite

from bentos.common.errors import DependencyUnavailable
from bentos.face_recognition.vectors import MilvusIndex, Vector
from bentos.face_recognition.vectors.generation import Generation

People = Callable[..., list[Vector]]
PIECE = 4


def holds(file: Path, vector: Vector) -> bool:
    """Whether a vector stands in a file: decoded where its kind is known, and a few of its bytes in any case."""
    unit = (vector.values[None] / np.linalg.norm(vector.values[None], axis=1, keepdims=True))[0]
    if any(
        np.allclose(found, wanted, atol=1e-6) for found in decoded(file) for wanted in (vector.values, unit)
    ):
        return True
    data = file.read_bytes()
    pieces = [
        values[start : start + PIECE] for values in (vector.values, unit) for start in range(0, 64, PIECE)
    ]
    return any(piece.tobytes() in data for piece in pieces)


def decoded(file: Path) -> Iterator[np.ndarray]:
    if file.suffix == ".parquet" and "vector" in (table := pq.read_table(file)).column_names:
        yield from np.array(table["vector"].to_pylist(), np.float32)
    elif file.suffix == ".arrow" and "data" in file.name:
        with pa.OSFile(str(file)) as source:
            for batch in pa.ipc.open_stream(source):
                yield from np.array(batch["vector"].to_pylist(), np.float32)
    elif file.suffix == ".idx":
        graph = faiss.read_index(str(file))
        yield from graph.reconstruct_n(0, graph.ntotal)


def kinds(folder: Path, vector: Vector) -> set[str]:
    """Which kinds of files hold a vector."""
    return {file.suffix for file in folder.rglob("*") if file.is_file() and holds(file, vector)}


def wait_for_graph(folder: Path, vector: Vector) -> None:
    limit = time.monotonic() + 20
    while ".idx" not in kinds(folder, vector):
        assert time.monotonic() < limit, "no graph was written"
        time.sleep(0.05)


def test_nothing_of_the_log_is_left(folder: Path, embedded: MilvusIndex, people: People) -> None:
    crowd = people(50)
    embedded.upsert(crowd)
    embedded.delete(crowd[0].tenant, [crowd[7].id])
    assert kinds(folder, crowd[7]) == {".arrow"}
    embedded.purge()
    assert kinds(folder, crowd[7]) == set()
    assert kinds(folder, crowd[8]) >= {".parquet"}


def test_nothing_of_segments_and_graphs_is_left(folder: Path, embedded: MilvusIndex, people: People) -> None:
    crowd = [*people(60), *people(60)]
    embedded.upsert(crowd)
    embedded.flush()
    wait_for_graph(folder, crowd[7])
    embedded.delete(crowd[0].tenant, [crowd[7].id])
    embedded.flush()
    assert kinds(folder, crowd[7]) == {".parquet", ".idx"}

    embedded.purge()

    assert kinds(folder, crowd[7]) == set()
    wait_for_graph(folder, crowd[8])
    assert embedded.count() == 119
    assert embedded.search(crowd[8].tenant, crowd[8].gallery, crowd[8].values, 1)[0].id == crowd[8].id
    embedded.close()
    assert kinds(folder, crowd[7]) == set()
    assert set(embedded.ids()) == {one.id for one in crowd} - {crowd[7].id}


def test_nothing_of_a_replaced_vector_is_left(folder: Path, embedded: MilvusIndex, people: People) -> None:
    old, new = people(2)
    embedded.upsert([old])
    embedded.flush()
    embedded.upsert([Vector(old.id, old.tenant, old.gallery, new.values)])
    assert kinds(folder, old) >= {".parquet"}
    embedded.purge()
    assert kinds(folder, old) == set()
    assert embedded.search(old.tenant, old.gallery, new.values, 1)[0].similarity == pytest.approx(
        1.0, abs=1e-6
    )


def test_everything_can_be_erased(folder: Path, embedded: MilvusIndex, people: People) -> None:
    crowd = people(20)
    embedded.upsert(crowd)
    embedded.flush()
    embedded.delete(crowd[0].tenant, [one.id for one in crowd])
    embedded.purge()
    assert (embedded.count(), list(embedded.ids())) == (0, [])
    assert all(kinds(folder, one) == set() for one in crowd)


def test_others_read_and_write_meanwhile(folder: Path, embedded: MilvusIndex, people: People) -> None:
    """Purge upon purge, while others put in, take out and find: nothing is lost, nothing comes back."""
    still, busy = people(150), people(60)
    embedded.upsert(still)
    done = threading.Event()

    def read() -> int:
        rounds = 0
        while not done.is_set():
            one = still[rounds % len(still)]
            assert embedded.search(one.tenant, one.gallery, one.values, 1)[0].id == one.id
            assert embedded.count() >= len(still)
            rounds += 1
        return rounds

    def write() -> None:
        for one in busy:
            embedded.upsert([one])
            assert embedded.search(one.tenant, one.gallery, one.values, 1)[0].id == one.id
            if one in busy[::2]:
                embedded.delete(one.tenant, [one.id])
                assert one.id not in [
                    hit.id for hit in embedded.search(one.tenant, one.gallery, one.values, 5)
                ]

    with ThreadPoolExecutor(2) as pool:
        reading, writing = pool.submit(read), pool.submit(write)
        try:
            purges = 0
            while not writing.done() or purges < 2:
                embedded.purge()
                purges += 1
        finally:
            done.set()
        writing.result(60)
        assert reading.result(60) > 0
    embedded.purge()
    assert set(embedded.ids()) == {one.id for one in (*still, *busy[1::2])}
    assert embedded.count() == 180
    assert all(kinds(folder, one) == set() for one in busy[:40:2])


def test_a_copy_that_is_not_complete_is_given_up(
    folder: Path, embedded: MilvusIndex, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = people(30)
    embedded.upsert(crowd)
    with monkeypatch.context() as broken:
        broken.setattr(Generation, "upsert", lambda self, rows: None)
        with pytest.raises(DependencyUnavailable, match="could not all be copied"):
            embedded.purge()
    assert len(list((folder / "collections").iterdir())) == 1
    (more,) = people(1, crowd[0].tenant, crowd[0].gallery)
    embedded.upsert([more])
    assert (embedded.count(), len(list(embedded.ids()))) == (31, 31)


def test_a_disk_that_is_full_when_the_copy_is_ready(
    folder: Path, embedded: MilvusIndex, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Milvus Lite has turned the alias already when it cannot write it."""
    crowd = people(30)
    embedded.upsert(crowd)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(MilvusLite, "_save_aliases", full)
        with pytest.raises(DependencyUnavailable, match="No space left"):
            embedded.purge()
    assert set(embedded.ids()) == {one.id for one in crowd}
    embedded.close()
    assert set(embedded.ids()) == {one.id for one in crowd}
    embedded.purge()
    assert set(embedded.ids()) == {one.id for one in crowd}


def test_a_server_is_asked_to_compact(
    milvus_server_uri: str, opened: Callable[..., MilvusIndex], people: People
) -> None:
    index = opened(milvus_server_uri, "5e" * 32)
    crowd = people(30)
    index.upsert(crowd)
    index.delete(crowd[0].tenant, [crowd[0].id])
    index.purge()
    assert set(index.ids()) == {one.id for one in crowd[1:]}
    index.drop()
