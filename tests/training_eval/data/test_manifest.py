from __future__ import annotations

import math
from pathlib import Path

import pytest

from models.catalogue.card import Task
from training_eval.data import (
    DemographicSample,
    DetectionSample,
    ForgerySample,
    IdentitySample,
    LivenessSample,
    PairSample,
    open_set,
)
from training_eval.errors import DataMissing


@pytest.fixture
def folder(tmp_path: Path, draw) -> Path:
    for name in ("a.png", "b.png", "sub/c.png"):
        draw(name)
    return tmp_path


@pytest.fixture
def opened(folder: Path, write):
    def made(text: str):
        write("manifest.csv", text)
        return open_set("manifest", folder)

    return made


def test_faces(opened) -> None:
    data = opened("path,boxes,group:place\na.png,1 2 3 4;5.5 6 7 8,street\nb.png,,\n")
    assert (data.task, data.kind) == (Task.FACE_DETECTION, DetectionSample)
    first, second = data.of(DetectionSample)
    assert first.boxes.tolist() == [[1, 2, 3, 4], [5.5, 6, 7, 8]]
    assert first.ignored.tolist() == [False, False]
    assert first.groups == {"place": "street"}
    assert (second.boxes.shape, second.groups) == ((0, 4), {})


def test_people(opened, folder: Path) -> None:
    data = opened("person,path\nAnn,sub/c.png\n")
    assert list(data.of(IdentitySample)) == [IdentitySample(image=folder / "sub" / "c.png", person="Ann")]
    assert data.task is Task.FACE_RECOGNITION


def test_pairs(opened) -> None:
    pairs = list(opened("first,second,same,fold\na.png,b.png,yes,2\nb.png,a.png,FALSE,\n").of(PairSample))
    assert [(p.first.name, p.second.name, p.same, p.fold) for p in pairs] == [
        ("a.png", "b.png", True, 2),
        ("b.png", "a.png", False, 0),
    ]
    assert [p.fold for p in opened("first,second,same\na.png,b.png,1\n").of(PairSample)] == [0]


def test_liveness(opened) -> None:
    data = opened("path,live,attack,box\na.png,1,,1 2 3 4\nb.png,0,print,\n")
    live, attack = data.of(LivenessSample)
    assert (live.live, live.attack, live.box.tolist()) == (True, None, [1, 2, 3, 4])
    assert (attack.live, attack.attack, attack.box) == (False, "print", None)
    assert data.task is Task.ANTISPOOFING


def test_forgeries(opened) -> None:
    data = opened("path,forged,method,compression,video\na.png,0,,c23,v1\nb.png,1,swap,,\n")
    genuine, forged = data.of(ForgerySample)
    assert (genuine.forged, genuine.method, genuine.compression, genuine.video) == (False, None, "c23", "v1")
    assert (forged.forged, forged.method, forged.compression, forged.video) == (True, "swap", None, None)
    assert data.task is Task.DEEPFAKE_DETECTION


def test_ages_and_genders(opened) -> None:
    data = opened("path,age,gender\na.png,34.5,female\nb.png,30-39,\nsub/c.png,70+,male\n")
    assert [(s.age, s.age_range, s.gender) for s in data.of(DemographicSample)] == [
        (34.5, None, "female"),
        (None, (30, 39), None),
        (None, (70, math.inf), "male"),
    ]
    assert [s.gender for s in opened("path,gender\na.png,male\n").of(DemographicSample)] == ["male"]
    assert [s.age for s in opened("path,age\na.png,34\n").of(DemographicSample)] == [34]


def test_a_set_may_have_a_name_of_its_own(opened, folder: Path) -> None:
    opened("path,person\na.png,Ann\n")
    assert open_set("manifest", folder).name == "manifest"
    assert open_set("manifest:office", folder).name == "office"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: the names of the columns are missing"),
        ("path,name\n", "line 1: .* those of one task, here are none of them"),
        ("path,person,boxes\n", "line 1: .* those of one task, here are boxes and person"),
        ("path,person,persn\n", "line 1: the column 'persn' is none of path, person"),
        ("path,person,person\n", "line 1: a column comes twice"),
        ("person\nAnn\n", "line 1: the column 'path' is missing"),
        ("first,second\na.png,b.png\n", "line 1: the column 'same' is missing"),
        ("path,person\na.png\n", "line 2: 1 values for 2 columns"),
        ("path,person\na.png,\n", "line 2: the person is missing"),
        ("path,person\n,Ann\n", "line 2: the name of a file is missing"),
        ("path,person\na.png,Ann\na.png,Ben\n", r"line 3: a\.png stands in line 2 already"),
        ("first,second,same\na.png,b.png,1\na.png,b.png,0\n", r"line 3: a\.png with b\.png stands in line 2"),
        ("first,second,same\na.png,b.png,maybe\n", "line 2: same is 'maybe', neither yes nor no"),
        ("first,second,same,fold\na.png,b.png,1,x\n", "line 2: 'x' is no whole number"),
        ("first,second,same\na.png,../b.png,1\n", "line 2: .* leads out"),
        ("path,person\n/etc/passwd,Ann\n", "line 2: .* leads out"),
        ("path,person\nno.png,Ann\n", r"line 2: there is no file .*no\.png"),
        ("path,person\nsub,Ann\n", "line 2: .* is no file"),
        ("path,boxes\na.png,1 2 3\n", "line 2: '1 2 3' are not 4 numbers"),
        ("path,boxes\na.png,1 2 3 inf\n", "line 2: .* are not 4 numbers"),
        ("path,boxes\na.png,1 2 0 4\n", "line 2: the box '1 2 0 4' has no area"),
        ("path,live,attack\na.png,1,print\n", "line 2: a live face is no attack"),
        ("path,live,box\na.png,1,1 2\n", "line 2: '1 2' are not 4 numbers"),
        ("path,forged,method\na.png,0,swap\n", "line 2: what is genuine has no method"),
        ("path,age\na.png,old\n", "line 2: 'old' is no age"),
        ("path,age\na.png,-3\n", "line 2: '-3' is no age"),
        ("path,age\na.png,nan\n", "line 2: 'nan' is no age"),
        ("path,age\na.png,151\n", "line 2: '151' is no age"),
        ("path,gender\na.png,other\n", "line 2: gender is neither"),
        ("path,age,gender\na.png,,\n", "line 2: age and gender are missing"),
    ],
)
def test_faults_are_named_by_their_line(opened, text: str, said: str) -> None:
    with pytest.raises(DataMissing, match=rf"manifest\.csv, {said}"):
        list(opened(text))


def test_a_manifest_that_is_not_utf8(folder: Path) -> None:
    (folder / "manifest.csv").write_bytes(b"path,person\na.png,Ann\nb.png,B\xf6b\n")
    with pytest.raises(DataMissing, match=r"manifest\.csv, line 3: this is not UTF-8"):
        list(open_set("manifest", folder))


def test_a_link_that_leads_out(opened, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other") / "d.png"
    other.write_bytes(b"d")
    (folder / "d.png").symlink_to(other)
    with pytest.raises(DataMissing, match=r"line 2: .* is a link that leads out"):
        list(opened("path,person\nd.png,Ann\n"))


def test_a_folder_without_a_manifest(folder: Path) -> None:
    with pytest.raises(DataMissing, match=r"manifest\.csv is missing"):
        open_set("manifest", folder)
    with pytest.raises(DataMissing, match="there is no folder"):
        open_set("manifest", folder / "nowhere")
