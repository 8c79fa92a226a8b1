from __future__ import annotations

from pathlib import Path

import pytest

from training_eval.data import IdentitySample, PairSample, open_set
from training_eval.errors import DataMissing

PAIRS = """2\t2
Ann_Lee\t1\t2
Ben\t1\t2
Ann_Lee\t1\tBen\t2
Cid\t1\tBen\t1
Ann_Lee\t2\t1
Ben\t2\t1
Ben\t1\tCid\t1
Ann_Lee\t1\tCid\t1
"""
PICTURES = (
    "Ann_Lee/Ann_Lee_0001.jpg",
    "Ann_Lee/Ann_Lee_0002.jpg",
    "Ben/Ben_0001.jpg",
    "Ben/Ben_0002.jpg",
    "Cid/Cid_0001.jpg",
)


@pytest.fixture(params=["", "lfw/", "lfw_funneled/", "lfw-deepfunneled/lfw-deepfunneled/"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, draw, write) -> Path:
    for name in PICTURES:
        draw(request.param + name)
    write("pairs.txt", PAIRS)
    return tmp_path


def test_pairs_and_folds(folder: Path) -> None:
    pairs = list(open_set("lfw", folder).of(PairSample))
    assert [(p.first.name[:-4], p.second.name[:-4], p.same, p.fold) for p in pairs] == [
        ("Ann_Lee_0001", "Ann_Lee_0002", True, 1),
        ("Ben_0001", "Ben_0002", True, 1),
        ("Ann_Lee_0001", "Ben_0002", False, 1),
        ("Cid_0001", "Ben_0001", False, 1),
        ("Ann_Lee_0002", "Ann_Lee_0001", True, 2),
        ("Ben_0002", "Ben_0001", True, 2),
        ("Ben_0001", "Cid_0001", False, 2),
        ("Ann_Lee_0001", "Cid_0001", False, 2),
    ]


def test_people(folder: Path) -> None:
    people = list(open_set("lfw-people", folder).of(IdentitySample))
    assert [(sample.person, sample.image.name) for sample in people] == [
        tuple(name.split("/")) for name in PICTURES
    ]


def test_the_list_may_lie_beside_the_pictures(tmp_path: Path, draw, write) -> None:
    for name in PICTURES:
        draw(f"lfw_funneled/{name}")
    write("lfw_funneled/pairs.txt", PAIRS)
    data = open_set("lfw", tmp_path)
    assert len(data) == 8
    assert data.notes == ("pictures of lfw_funneled",)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2\t2\n", "8\n", "line 1: the numbers of folds and of pairs are missing"),
        ("2\t2\n", "0\t2\n", "line 1: '0' is no whole number from 1"),
        ("2\t2\n", "3\t2\n", "line 1: 12 pairs are announced, 8 follow"),
        ("2\t2\n", "999999999\t999999999\n", "line 4: .* is not NAME N1 N2"),
        ("2\t2\n", "1\t2\n", "line 6: 4 pairs are announced, here is one more"),
        ("Ben\t1\t2\n", "Ben\t1\n", "line 3: 'Ben.t1' is not NAME N1 N2"),
        ("Cid\t1\tBen\t1\n", "Cid\t1\tBen\n", "line 5: .* is not NAME1 N1 NAME2 N2"),
        ("Ben\t1\t2\n", "Ben\t1\tx\n", "line 3: 'x' is no whole number"),
        ("Ben\t1\t2\n", "Ben\t1\t3\n", r"line 3: there is no file .*Ben_0003\.jpg"),
        ("Ben\t1\t2\n", "../../Ben\t1\t2\n", "line 3: .* leads out of the set's folder"),
        ("Ben\t1\t2\n", "/etc\t1\t2\n", "line 3: .* leads out"),
    ],
)
def test_faults_of_the_list(tmp_path: Path, draw, write, old: str, new: str, said: str) -> None:
    for name in PICTURES:
        draw(f"lfw/{name}")
    write("pairs.txt", PAIRS.replace(old, new, 1))
    with pytest.raises(DataMissing, match=said):
        list(open_set("lfw", tmp_path))


def test_a_list_that_is_not_utf8(tmp_path: Path, draw) -> None:
    draw(f"lfw/{PICTURES[0]}")
    (tmp_path / "pairs.txt").write_bytes(PAIRS.encode().replace(b"Cid\t1\tBen", b"C\xedd\t1\tBen"))
    (tmp_path / "lfw" / "Ann_Lee" / "Ann_Lee_0002.jpg").write_bytes(b"")
    with pytest.raises(DataMissing, match="line 3: there is no file"):
        list(open_set("lfw", tmp_path))
    for name in PICTURES[2:]:
        draw(f"lfw/{name}")
    with pytest.raises(DataMissing, match=r"pairs\.txt, line 5: this is not UTF-8"):
        list(open_set("lfw", tmp_path))


def test_what_is_missing_is_named(tmp_path: Path, draw) -> None:
    with pytest.raises(
        DataMissing, match=r"no folders of people.* must hold pairs\.txt .*vis-www\.cs\.umass\.edu/lfw"
    ):
        open_set("lfw", tmp_path)
    draw(f"lfw/{PICTURES[0]}")
    with pytest.raises(DataMissing, match=r"pairs\.txt is missing"):
        open_set("lfw", tmp_path)
    with pytest.raises(DataMissing, match="there is no folder"):
        open_set("lfw-people", tmp_path / "nowhere")


def test_a_person_who_lies_elsewhere_is_refused(tmp_path: Path, draw) -> None:
    draw("other/Eve_0001.jpg")
    draw(f"set/{PICTURES[0]}")
    (tmp_path / "set" / "Eve").symlink_to(tmp_path / "other")
    with pytest.raises(DataMissing, match="a link that leads out"):
        list(open_set("lfw-people", tmp_path / "set"))
