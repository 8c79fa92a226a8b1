"""An embedded index whose process is killed, as ``kill -9`` does, is complete when it is opened again."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from bentos.common.errors import ConfigurationError
from bentos.face_recognition.vectors import MilvusIndex, Vector

People = Callable[..., list[Vector]]
LIMIT_S = 60


@contextmanager
def child(folder: Path, crowd: list[Vector], what: str) -> Iterator[subprocess.Popen[bytes]]:
    """The process of child.py, once it says that all is acknowledged; killed at the end."""
    file = folder.parent.parent / "people.npz"
    named = {"ids": "id", "tenants": "tenant", "galleries": "gallery", "values": "values"}
    np.savez(
        file, **{name: np.array([getattr(one, field) for one in crowd]) for name, field in named.items()}
    )
    command = [sys.executable, str(Path(__file__).with_name("child.py")), str(folder), str(file), what]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"acknowledged\n"
            yield process
        finally:
            process.kill()


def killed(folder: Path, crowd: list[Vector], what: str = "write") -> None:
    with child(folder, crowd, what) as process:
        if what.startswith("purge:"):
            assert process.wait(LIMIT_S) == -signal.SIGKILL


def require_complete(index: MilvusIndex, crowd: list[Vector]) -> None:
    """All that was acknowledged is there, once, and nothing else."""
    gone, kept = crowd[: len(crowd) // 3], crowd[len(crowd) // 3 :]
    found = list(index.ids())
    assert (sorted(found), index.count()) == (sorted(one.id for one in kept), len(kept))
    for gallery in {one.gallery for one in crowd}:
        own = {one.id for one in kept if one.gallery == gallery}
        hits = [hit.id for hit in index.search(crowd[0].tenant, gallery, gone[0].values, len(crowd))]
        assert (len(hits), set(hits)) == (len(own), own)


def two_galleries(people: People, count: int = 150) -> list[Vector]:
    crowd = people(count)
    crowd += people(count, tenant=crowd[0].tenant)
    return crowd[::2] + crowd[1::2]


def test_what_was_acknowledged_is_there(folder: Path, embedded: MilvusIndex, people: People) -> None:
    crowd = two_galleries(people)
    killed(folder, crowd)
    require_complete(embedded, crowd)


def test_what_was_written_as_segments_is_there(folder: Path, embedded: MilvusIndex, people: People) -> None:
    crowd = two_galleries(people, 1_600)  # more than is kept in memory
    killed(folder, crowd)
    assert list(folder.glob("collections/*/partitions/*/data/*.parquet"))
    require_complete(embedded, crowd)


def test_killed_again_and_again(folder: Path, embedded: MilvusIndex, people: People) -> None:
    crowd = two_galleries(people)
    killed(folder, crowd)
    killed(folder, crowd, "idle")
    killed(folder, crowd)
    require_complete(embedded, crowd)


def test_a_crash_between_a_segment_and_its_log_makes_nothing_twice(
    folder: Path, embedded: MilvusIndex, people: People, tmp_path: Path
) -> None:
    crowd = two_galleries(people)
    killed(folder, crowd)
    (log,) = folder.glob("collections/*/wal")
    shutil.copytree(log, tmp_path / "log")
    embedded.open()  # writes what is in the log as segments, and removes the log
    assert not list(log.iterdir())
    embedded.close()
    shutil.copytree(tmp_path / "log", log, dirs_exist_ok=True)

    require_complete(embedded, crowd)
    (more,) = people(1, crowd[0].tenant, crowd[0].gallery)
    embedded.upsert([more])
    embedded.flush()
    embedded.close()
    require_complete(embedded, [*crowd, more])


@pytest.mark.parametrize(
    "step",
    [
        "after-create_collection",
        "after-upsert",
        "before-alter_alias",
        "after-alter_alias",
        "before-drop_collection",
        "removing",
    ],
)
def test_killed_in_the_middle_of_a_purge(
    folder: Path, embedded: MilvusIndex, people: People, step: str
) -> None:
    crowd = two_galleries(people, 30)
    killed(folder, crowd, f"purge:{step}")
    embedded.open()
    assert len(list((folder / "collections").iterdir())) == 1
    require_complete(embedded, crowd)
    embedded.purge()
    require_complete(embedded, crowd)


def test_a_collection_that_no_alias_stands_for_is_removed(
    folder: Path, embedded: MilvusIndex, people: People
) -> None:
    """As after a crash in the very first start."""
    embedded.upsert(people(9))
    embedded.close()
    (folder / "aliases.json").unlink()
    embedded.open()
    assert (embedded.count(), len(list((folder / "collections").iterdir()))) == (0, 1)


def test_a_log_that_a_power_cut_tore(folder: Path, embedded: MilvusIndex, people: People) -> None:
    """What stands before the tear is there, the rest is missing without a word."""
    crowd = two_galleries(people)
    killed(folder, crowd)
    (log,) = folder.glob("collections/*/wal/wal_data_*.arrow")
    log.write_bytes(log.read_bytes()[:-100])
    embedded.open()
    found, whole = set(embedded.ids()), {one.id for one in crowd[len(crowd) // 3 :]}
    assert found < whole
    assert len(found) == embedded.count() > 0


def test_one_process_at_a_time(folder: Path, embedded: MilvusIndex, people: People) -> None:
    crowd = people(9)
    with child(folder, crowd, "write"):
        with pytest.raises(ConfigurationError, match="in use by another process") as caught:
            embedded.open()
        assert str(folder) in caught.value.message
        assert "FACESOCIAL_MILVUS_URI" in caught.value.message
        with pytest.raises(ConfigurationError, match="in use by another process"):
            embedded.reset()
        assert folder.is_dir()
    require_complete(embedded, crowd)
