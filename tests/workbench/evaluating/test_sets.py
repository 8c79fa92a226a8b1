"""Labelled sets: manifests as training reads them, folders by class, and what is neither."""

from __future__ import annotations

from pathlib import Path

import pytest
from contract_stub import FACE
from small_pictures import small_picture

from bentos.contracts import EmbeddedFace, EmbedResult
from workbench.comparing.asking import Reply
from workbench.evaluating.cases import cases_of
from workbench.evaluating.labelled import LabelledSet, read_set
from workbench.evaluating.truth import SetUnreadable
from workbench.runs.entry import Entry


def entries(*names: str, manifest: str | None = None, folder: str = "") -> list[Entry]:
    pictures = [Entry(name, small_picture(number)) for number, name in enumerate(names)]
    return pictures if manifest is None else [*pictures, Entry(f"{folder}manifest.csv", manifest.encode())]


def read(*names: str, manifest: str | None = None, folder: str = "") -> LabelledSet:
    return read_set("set", entries(*names, manifest=manifest, folder=folder))


@pytest.mark.parametrize(
    ("manifest", "kind", "positives"),
    [
        ("path,live,attack\na.png,1,\nb.png,no,print\n", "liveness", [True, False]),
        ("path,forged\na.png,true\nb.png,0\n", "deepfake", [True, False]),
        ("\ufeffpath,age,gender\na.png,34,female\nb.png,70+,male\n", "demographics", [True, False]),
        ("path,person\na.png,ann\nb.png,bob\n", "person", [None, None]),
        ("first,second,same\na.png,b.png,yes\nb.png,a.png,0\n", "pairs", [True, False]),
    ],
)
def test_columns_say_what_a_manifest_holds(manifest: str, kind: str, positives: list[bool | None]) -> None:
    found = read("a.png", "b.png", manifest=manifest)
    assert found.kind == kind
    assert [truth.positive for truth in found.truths] == positives
    assert len(found.shots) == 2


def test_details_groups_and_ages_are_read() -> None:
    rows = "path,age,group:camera\na.png,34.5,phone\nb.png,30-39,\nc.png,70+,web\n"
    found = read("a.png", "b.png", "c.png", manifest=rows)
    assert [truth.ages for truth in found.truths] == [(34.5, 34.5), (30, 39), (70, 1e9)]
    assert [dict(truth.groups) for truth in found.truths] == [{"camera": "phone"}, {}, {"camera": "web"}]
    spoof = read("a.png", manifest="path,live,attack\na.png,0,replay\n")
    assert spoof.truths[0].detail == "replay"


def test_names_are_relative_to_the_manifest() -> None:
    found = read("top/in/a.png", manifest="path,live\nin/a.png,1\n", folder="top/")
    assert [shot.name for shot in found.shots] == ["top/in/a.png"]


def test_what_is_not_there_is_left_out_and_named() -> None:
    found = read("a.png", manifest="path,live\na.png,1\ngone.png,0\n../out.png,1\n")
    assert len(found.truths) == 1
    assert dict(found.skipped) == {"gone.png": "Not there", "../out.png": "Not there"}


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ("path,boxes\na.png,\n", "Boxes of faces"),
        ("path\na.png\n", "those of one task"),
        ("path,live,forged\na.png,1,1\n", "those of one task"),
        ("live\n1\n", "no column 'path'"),
        ("first,second,same\na.png\n", "row 2"),
        ("path,live\na.png,maybe\n", "neither yes nor no"),
        ("path,age\na.png,old\n", "no age"),
        ("path,gender\na.png,x\n", "neither female nor male"),
        ("path,live\nelse.png,1\n", "no picture of any case"),
        ("", "those of one task"),
        ('path,live\n"a.png,1\n', "manifest.csv, line"),
    ],
)
def test_a_manifest_that_is_none_says_why(manifest: str, said: str) -> None:
    with pytest.raises(SetUnreadable, match=said):
        read("a.png", manifest=manifest)


def test_bytes_that_are_no_text_are_no_manifest() -> None:
    with pytest.raises(SetUnreadable, match="UTF-8"):
        read_set("set", [Entry("manifest.csv", b"\xff\xfe\x00")])


@pytest.mark.parametrize(
    ("names", "kind", "positives"),
    [
        (("live/a.png", "spoof/b.png"), "liveness", [True, False]),
        (("set/Live/a.png", "set/Spoof/print/b.png"), "liveness", [True, False]),
        (("real/a.png", "fake/b.png"), "deepfake", [False, True]),
        (("ann/a.png", "ann/b.png", "bob/c.png"), "person", [None, None, None]),
    ],
)
def test_folders_are_classes(names: tuple[str, ...], kind: str, positives: list[bool | None]) -> None:
    found = read(*names)
    assert found.kind == kind
    assert [truth.positive for truth in found.truths] == positives


def test_the_folder_in_spoof_is_the_kind_of_attack() -> None:
    found = read("live/a.png", "spoof/print/b.png", "spoof/c.png")
    assert [truth.detail for truth in found.truths] == ["", "print", ""]


@pytest.mark.parametrize("names", [("a.png", "b.png"), ("live/a.png",), ("live/a.png", "fake/b.png")])
def test_folders_that_say_nothing_say_what_is_wanted(names: tuple[str, ...]) -> None:
    with pytest.raises(SetUnreadable, match=r"manifest\.csv"):
        read(*names)


def test_people_are_paired_each_with_each() -> None:
    found = read("ann/a.png", "ann/b.png", "bob/c.png")
    vectors = [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]
    replies = {
        number: Reply(
            EmbedResult(
                faces=[EmbeddedFace.model_validate({**FACE.model_dump(), "embedding": vector})], dimension=2
            )
        )
        for number, vector in enumerate(vectors)
    }
    cases = cases_of(found, replies)
    scores = {tuple(shot.name for shot in case.shots): (case.positive, case.score) for case in cases}
    assert scores == {
        ("ann/a.png", "ann/b.png"): (True, pytest.approx(0.6)),
        ("ann/a.png", "bob/c.png"): (False, pytest.approx(0.0)),
        ("ann/b.png", "bob/c.png"): (False, pytest.approx(0.8)),
    }
    silent = cases_of(found, {0: Reply(code="NO_FACE"), 1: replies[1], 2: replies[2]})
    assert [case.why for case in silent].count("NO_FACE") == 2


def test_training_reads_the_same_manifests(tmp_path: Path) -> None:
    manifest = pytest.importorskip("training_eval.data.manifest")
    rows = "path,live,attack,group:camera\na.png,1,,phone\nb.png,no,print,\n"
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(small_picture(1))
    (tmp_path / "manifest.csv").write_text(rows)
    theirs = list(manifest.samples(tmp_path))
    ours = read("a.png", "b.png", manifest=rows).truths
    assert [sample.live for sample in theirs] == [truth.positive for truth in ours]
    assert [sample.attack or "" for sample in theirs] == [truth.detail for truth in ours]
    assert [dict(sample.groups) for sample in theirs] == [dict(truth.groups) for truth in ours]
