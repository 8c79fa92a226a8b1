"""Files that a power cut tore, and what else a folder can be."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bentos.common.errors import ConfigurationError, DependencyUnavailable
from bentos.face_recognition.vectors import MilvusIndex, Vector

People = Callable[..., list[Vector]]


@pytest.fixture
def filled(folder: Path, embedded: MilvusIndex, people: People) -> list[Vector]:
    """The people in an index that was closed, in segments with a graph."""
    crowd = people(200)
    embedded.upsert(crowd)
    embedded.close()
    embedded.open()
    embedded.close()
    assert list(folder.glob("collections/*/partitions/*/indexes/*.idx"))
    return crowd


def tear(folder: Path, pattern: str) -> None:
    (file,) = folder.glob(pattern)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize(
    "torn",
    [
        "collections/*/partitions/*/data/*.parquet",
        "collections/*/schema.json",
        "aliases.json",
    ],
)
def test_damage_is_told_and_can_be_begun_anew(
    folder: Path, embedded: MilvusIndex, filled: list[Vector], torn: str
) -> None:
    tear(folder, torn)
    for _ in range(2):
        with pytest.raises(DependencyUnavailable, match="damaged") as caught:
            embedded.count()
        assert caught.value.details == {"dependency": "milvus", "damaged": True}

    embedded.reset()

    assert embedded.count() == 0
    (aside,) = folder.parent.glob("milvus.db.damaged-*")
    assert list(aside.rglob("*.parquet"))
    assert not list(folder.rglob("*.parquet"))
    embedded.upsert(filled)
    embedded.close()
    assert set(embedded.ids()) == {one.id for one in filled}


def test_one_models_damage_is_its_own(
    folder: Path, embedded: MilvusIndex, filled: list[Vector], opened: Callable[..., MilvusIndex]
) -> None:
    tear(folder, "collections/*/partitions/*/data/*.parquet")
    other = opened(folder, "cd" * 32)
    other.upsert(filled[:7])
    with pytest.raises(DependencyUnavailable, match="damaged"):
        embedded.open()
    embedded.reset()
    embedded.upsert(filled[:3])
    assert (embedded.count(), other.count()) == (3, 7)


def test_twice_in_one_process(
    folder: Path, embedded: MilvusIndex, opened: Callable[..., MilvusIndex]
) -> None:
    twin = opened(folder)
    embedded.open()
    with pytest.raises(ConfigurationError, match="open already in this process"):
        twin.open()
    assert embedded.count() == 0
    embedded.close()
    assert twin.count() == 0


def test_a_torn_graph_is_built_again(folder: Path, embedded: MilvusIndex, filled: list[Vector]) -> None:
    tear(folder, "collections/*/partitions/*/indexes/*.idx")
    one = filled[5]
    assert embedded.search(one.tenant, one.gallery, one.values, 1)[0].id == one.id
    assert embedded.count() == 200


def test_a_healthy_index_can_be_begun_anew(index: MilvusIndex, people: People) -> None:
    index.upsert(people(5))
    index.reset()
    assert index.count() == 0
    index.upsert(people(3))
    assert index.count() == 3


def test_the_folder_is_for_this_user_alone(folder: Path, embedded: MilvusIndex) -> None:
    embedded.open()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_whose_name_is_too_long_for_a_socket(
    tmp_path: Path, opened: Callable[..., MilvusIndex], people: People
) -> None:
    index = opened(tmp_path / ("long" * 25) / "milvus.db")
    index.upsert(people(2))
    assert index.count() == 2


def test_no_port_is_opened(embedded: MilvusIndex) -> None:
    import psutil

    before = len(psutil.Process().net_connections("inet"))
    embedded.open()
    assert len(psutil.Process().net_connections("inet")) == before


@pytest.mark.parametrize("kind", ["file", "below a file"])
def test_a_path_that_is_no_folder(folder: Path, embedded: MilvusIndex, kind: str) -> None:
    folder.parent.parent.mkdir(exist_ok=True)
    if kind == "file":
        folder.parent.mkdir()
        folder.write_text("an index of Milvus Lite 2")
    else:
        folder.parent.write_text("")
    with pytest.raises(ConfigurationError, match="cannot be used") as caught:
        embedded.open()
    assert str(folder) in caught.value.message


def test_closing_twice_and_using_it_again(embedded: MilvusIndex, people: People) -> None:
    embedded.upsert(people(2))
    embedded.close()
    embedded.close()
    assert embedded.count() == 2


def test_nothing_is_written_to_what_is_closed(embedded: MilvusIndex, people: People) -> None:
    """As when another thread closes it, or makes it anew, between two steps of a call."""
    crowd = people(2)
    embedded.upsert(crowd)
    embedded._store.close()
    calls: list[Callable[[], object]] = [
        lambda: embedded.upsert(crowd),
        lambda: embedded.delete(None, [crowd[0].id]),
        lambda: list(embedded.ids()),
        embedded.flush,
        embedded.purge,
        embedded.drop,
    ]
    for call in calls:
        with pytest.raises(DependencyUnavailable, match="not open"):
            call()
        embedded._open = True
    embedded.open()
    assert embedded.count() == 2


@pytest.mark.parametrize("missing", ["pymilvus", "milvus_lite"])
def test_without_the_extra(
    folder: Path, embedded: MilvusIndex, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ConfigurationError, match="extra `gallery`"):
        embedded.open()


def test_milvus_is_imported_when_it_is_used() -> None:
    code = (
        "import sys, bentos.face_recognition.vectors as v;"
        "assert not {'pymilvus', 'milvus_lite', 'grpc', 'faiss'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
