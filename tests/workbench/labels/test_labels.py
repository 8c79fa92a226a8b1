"""Labels: kept with what they speak of, and exported so that training_eval reads them."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from contract_stub import ANSWERS
from small_pictures import small_picture

from workbench.labels.export import evaluation_set
from workbench.labels.model import WHOLE, Label, Subject, Truth
from workbench.labels.store import LabelStore
from workbench.labels.truth import NotUnderstood, boxes_truth, consistent, implied, person_truth
from workbench.runs.pictures import digest_of

OPERATIONS = {
    "detect": "detect", "liveness": "check", "deepfake": "analyze", "demographics": "estimate", "embed": "embed",
    "verify": "verify",
}  # fmt: skip
DATA = {task: ANSWERS[operation].model_dump(mode="json") for task, operation in OPERATIONS.items()}
FIRST, SECOND = small_picture(1, "JPEG"), small_picture(2)


def label(
    task: str, *, right: bool = True, truth: Truth | None = None, face: int | None = None, **other: object
) -> Label:
    number = (1 if task in ("liveness", "demographics", "embed") else WHOLE) if face is None else face
    second = digest_of(SECOND) if task == "verify" else ""
    known = implied(task, DATA[task], number, right) if truth is None else truth
    values = {
        "subject": Subject(task, digest_of(FIRST), second, number), "right": right, "truth": known, "note": "",
        "answer": DATA[task], "model": "stub", "version": "1.2.3", "environment": "local", "who": "ann", "at": 1.0,
    }  # fmt: skip
    return Label(**{**values, **other})  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> LabelStore:
    return LabelStore(tmp_path / "labels")


@pytest.mark.parametrize(
    ("task", "right", "truth"),
    [
        ("detect", True, {"boxes": "20.00 10.00 30.00 40.00;20.00 10.00 30.00 40.00"}),
        ("detect", False, {}),
        ("liveness", True, {"live": "0", "box": "20.00 10.00 30.00 40.00"}),
        ("liveness", False, {"live": "1", "box": "20.00 10.00 30.00 40.00"}),
        ("deepfake", True, {"forged": "1"}),
        ("deepfake", False, {"forged": "0"}),
        ("demographics", True, {"age": "33-49", "gender": "female"}),
        ("demographics", False, {}),
        ("embed", True, {}),
        ("verify", True, {"same": "1"}),
        ("verify", False, {"same": "0"}),
    ],
)
def test_what_follows_from_right_and_wrong(task: str, right: bool, truth: Truth) -> None:
    assert (
        implied(task, DATA[task], 1 if task in ("liveness", "demographics", "embed") else WHOLE, right)
        == truth
    )


def test_what_somebody_types() -> None:
    assert boxes_truth(DATA["detect"], [2], " 1 2 3 4; 5,6,7,8.5 ") == {
        "boxes": "20.00 10.00 30.00 40.00;1.00 2.00 3.00 4.00;5.00 6.00 7.00 8.50"
    }
    assert boxes_truth(DATA["detect"], [1, 2], "") == {"boxes": ""}
    assert person_truth("30-39", None) == {"age": "30-39"}
    for wrong in ("1 2 3", "a b c d", "1 2 0 4", "1 2 3 nan", "1 2 3 inf"):
        with pytest.raises(NotUnderstood):
            boxes_truth(DATA["detect"], [], wrong)
    for wrong in ("old", "-3", "30-", "1e9"):
        with pytest.raises(NotUnderstood):
            person_truth(wrong, "female")


def test_what_is_live_has_no_attack_and_what_is_genuine_no_method() -> None:
    assert consistent({"live": "1", "attack": "print"}) == {"live": "1"}
    assert consistent({"live": "0", "attack": "print"}) == {"live": "0", "attack": "print"}
    assert consistent({"forged": "0", "method": "swap"}) == {"forged": "0"}


def test_labels_are_kept_and_the_same_person_replaces_their_own(store: LabelStore, tmp_path: Path) -> None:
    store.put(label("deepfake", note="first"))
    store.put(label("deepfake", right=False, note="second", at=2.0))
    store.put(label("deepfake", who="ben", at=3.0))
    store.put(label("detect"))
    again = LabelStore(tmp_path / "labels")
    assert [(one.who, one.right) for one in again.all("deepfake")] == [("ben", True), ("ann", False)]
    assert again.latest(label("deepfake").subject) == label("deepfake", who="ben", at=3.0)
    assert len(again.all()) == 3
    again.remove(label("deepfake").subject)
    assert [one.subject.task for one in again.all()] == ["detect"]


def test_a_picture_goes_with_the_last_label_that_speaks_of_it(store: LabelStore) -> None:
    digest = digest_of(FIRST)
    store.keep_picture(digest, FIRST)
    store.put(label("deepfake"))
    store.put(label("detect"))
    store.remove(label("deepfake").subject)
    assert store.picture(digest) == FIRST
    store.remove(label("detect").subject)
    assert store.picture(digest) is None


def exported(tmp_path: Path, task: str, labels: list[Label], kept: bool = True) -> Path:
    pictures = {digest_of(FIRST): FIRST, digest_of(SECOND): SECOND} if kept else {}
    made = evaluation_set(task, labels, pictures.get)
    folder = tmp_path / f"set {task}"
    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        archive.extractall(folder)
    return folder


def said(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / "labels.csv").read_text())))


def test_what_cannot_be_a_sample_is_said_with_the_reason(tmp_path: Path) -> None:
    labels = [
        label("detect", at=2.0),
        label("detect", who="ben"),
        label("detect", right=False, subject=Subject("detect", "f" * 64)),
    ]
    rows = said(exported(tmp_path, "detect", labels))
    assert [row["left_out"] for row in rows] == ["", "there is a later label", "nobody said what is right"]
    rows = said(exported(tmp_path, "deepfake", [label("deepfake", note="a, b\nc")], kept=False))
    assert [(row["left_out"], row["note"]) for row in rows] == [("the picture was not kept", "a, b\nc")]


def test_an_evaluation_looks_at_the_largest_face_alone(tmp_path: Path) -> None:
    small = {**DATA["demographics"]["faces"][0], "box": {"x": 0, "y": 0, "width": 5, "height": 5}}
    two = {"faces": [small, DATA["demographics"]["faces"][0]]}
    labels = [label("demographics", face=number, answer=two, truth={"age": "30"}) for number in (1, 2)]
    rows = said(exported(tmp_path, "demographics", labels))
    assert [row["left_out"] for row in rows] == ["not the largest face of its picture", ""]


TRUTHS: dict[str, list[Truth | None]] = {
    "detect": [None, {"boxes": ""}],
    "liveness": [None, {"live": "0", "attack": "print", "box": "1.00 2.00 3.00 4.00"}],
    "deepfake": [None, {"forged": "1", "method": "swap, face"}],
    "demographics": [None, {"age": "70+"}, {"gender": "male"}],
    "embed": [{"person": "no. 7"}],
    "verify": [None],
}


@pytest.mark.parametrize("task", TRUTHS)
def test_training_eval_reads_what_was_exported(tmp_path: Path, task: str) -> None:
    manifest = pytest.importorskip("training_eval.data.manifest")
    for number, truth in enumerate(TRUTHS[task]):
        folder = exported(tmp_path / str(number), task, [label(task, truth=truth, right=number == 0)])
        (sample,) = list(manifest.samples(folder, "labels"))
        assert sample.groups["verdict"] == ("right" if number == 0 else "wrong")
        assert sample.groups["model"] == "stub 1.2.3"
        _check(task, number, sample)


def _check(task: str, number: int, sample: object) -> None:
    if task == "verify":
        assert sample.same  # type: ignore[attr-defined]
        assert (sample.first.read_bytes(), sample.second.read_bytes()) == (FIRST, SECOND)  # type: ignore[attr-defined]
        return
    file = sample.media if task == "deepfake" else sample.image  # type: ignore[attr-defined]
    assert file.read_bytes() == FIRST
    assert file.suffix == ".jpg"
    facts = {
        "detect": lambda: len(sample.boxes) == [2, 0][number],  # type: ignore[attr-defined]
        "liveness": lambda: (sample.live, sample.attack) == (False, [None, "print"][number]),  # type: ignore[attr-defined]
        "deepfake": lambda: (sample.forged, sample.method) == (True, [None, "swap, face"][number]),  # type: ignore[attr-defined]
        "demographics": lambda: sample.gender == ["female", None, "male"][number],  # type: ignore[attr-defined]
        "embed": lambda: sample.person == "no. 7",  # type: ignore[attr-defined]
    }
    assert facts[task]()


def test_two_faces_of_one_picture_are_two_samples(tmp_path: Path) -> None:
    manifest = pytest.importorskip("training_eval.data.manifest")
    two = {"faces": DATA["liveness"]["faces"] * 2, "refused": []}
    labels = [label("liveness", face=number, answer=two, truth={"live": "0"}) for number in (1, 2)]
    samples = list(manifest.samples(exported(tmp_path, "liveness", labels), "labels"))
    assert len({sample.image for sample in samples}) == 2
