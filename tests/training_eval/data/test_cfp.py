from __future__ import annotations

from pathlib import Path

import pytest

from training_eval.data import PairSample, open_set
from training_eval.errors import DataMissing


@pytest.fixture
def folder(tmp_path: Path, draw, write) -> Path:
    for kind, letter in (("frontal", "F"), ("profile", "P")):
        names = [f"{person:03d}/{kind}/01.jpg" for person in (1, 2)]
        for name in names:
            draw(f"Data/Images/{name}")
        text = "".join(f"{number} ../Data/Images/{name}\r\n" for number, name in enumerate(names, 1))
        write(f"Protocol/Pair_list_{letter}.txt", text)
    for fold in range(1, 11):
        for part in ("FP", "FF"):
            write(f"Protocol/Split/{part}/{fold:02d}/same.txt", "1,1\n2,2\n" if fold == 1 else "2,2\n")
            write(f"Protocol/Split/{part}/{fold:02d}/diff.txt", "1,2\n")
    return tmp_path


def seen(folder: Path, split: str | None = None) -> list[tuple[str, str, bool, int]]:
    images = folder / "Data" / "Images"
    return [
        (str(p.first.relative_to(images)), str(p.second.relative_to(images)), p.same, p.fold)
        for p in open_set("cfp-fp", folder, split).of(PairSample)
    ]


def test_frontal_and_profile(folder: Path) -> None:
    found = seen(folder)
    assert found[:4] == [
        ("001/frontal/01.jpg", "001/profile/01.jpg", True, 1),
        ("002/frontal/01.jpg", "002/profile/01.jpg", True, 1),
        ("001/frontal/01.jpg", "002/profile/01.jpg", False, 1),
        ("002/frontal/01.jpg", "002/profile/01.jpg", True, 2),
    ]
    assert len(found) == 21
    assert {fold for *_, fold in found} == set(range(1, 11))


def test_frontal_and_frontal(folder: Path) -> None:
    assert seen(folder, "ff")[2] == ("001/frontal/01.jpg", "002/frontal/01.jpg", False, 1)
    assert open_set("cfp-fp", folder, "ff").name == "cfp-ff"


def test_the_folder_of_the_archive(folder: Path) -> None:
    (folder / "cfp-dataset").mkdir()
    for name in ("Data", "Protocol"):
        (folder / name).rename(folder / "cfp-dataset" / name)
    assert len(open_set("cfp-fp", folder)) == 21


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("Split/FP/03/diff.txt", "1,2\n1\n", r"03/diff\.txt, line 2: '1' is not a pair of numbers"),
        ("Split/FP/03/diff.txt", "1,2,1\n", "line 1: .* is not a pair of numbers"),
        ("Split/FP/03/diff.txt", "1,x\n", "line 1: 'x' is no whole number"),
        ("Split/FP/03/diff.txt", "1,3\n", "line 1: no picture has the number 3"),
        (
            "Pair_list_P.txt",
            "1 ../Data/Images/001/profile/01.jpg\n1 ../x.jpg\n",
            "line 2: .* is not a new number",
        ),
        ("Pair_list_P.txt", "1\n", "line 1: .* and the name of a picture"),
        ("Pair_list_P.txt", "1 ../../../etc/passwd\n", "same.txt, line 1: .* leads out"),
        ("Pair_list_P.txt", "1 /etc/passwd\n", "same.txt, line 1: there is no file"),
        (
            "Pair_list_P.txt",
            "1 ../Data/Images/009/profile/01.jpg\n",
            r"line 1: there is no file .*009/profile/01\.jpg",
        ),
    ],
)
def test_faults_of_the_lists(folder: Path, name: str, text: str, said: str) -> None:
    (folder / "Protocol" / name).write_text(text)
    with pytest.raises(DataMissing, match=said):
        list(open_set("cfp-fp", folder))


@pytest.mark.parametrize("name", ["Pair_list_F.txt", "Pair_list_P.txt", "Split/FP/07/same.txt"])
def test_what_is_missing_is_named(folder: Path, name: str) -> None:
    (folder / "Protocol" / name).unlink()
    with pytest.raises(DataMissing, match=rf"{name} is missing\. The folder must hold .*cfpw\.io"):
        open_set("cfp-fp", folder)


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match="Protocol is missing"):
        open_set("cfp-fp", tmp_path)
