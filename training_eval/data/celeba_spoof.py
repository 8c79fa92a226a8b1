"""CelebA-Spoof: ``Data/{train,test}/PERSON/{live,spoof}/…`` and ``metas/intra_test/{train,test}_label.json``.

The label files map each picture's path to 44 whole numbers: 40 attributes of live faces, then 40 the kind of
spoof, 41 the illumination and 42 the surroundings (each 0 for live ones), and 43 the label, 0 live and 1
spoof. (The set's README speaks of 43 attributes; the label is the 44th number.) Names of the kinds are in the
order of public readers of the set, its README shows them as a drawing only.

Beside ``NAME.png`` lies ``NAME_BB.txt`` with ``left top width height score`` of the face on a picture
stretched to 224 by 224. Some of these files are known to be damaged: then the face's box is not known.

``items_{train,test}.json``, which some readers of the set write, is read where the label file is missing:
numbers name ``{"path": …, "labels": […], "bbox": […]}``, the box as above.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from models.catalogue.card import Task
from training_eval.data.about import About
from training_eval.data.celeba_boxes import beside, four, scaled
from training_eval.data.dataset import DataSet
from training_eval.data.json_entries import entries
from training_eval.data.lists import Unrepeated, malformed
from training_eval.data.paths import Root
from training_eval.data.samples import LivenessSample

ATTACKS = (
    "photo",
    "poster",
    "A4 paper",
    "face mask",
    "upper body mask",
    "region mask",
    "PC",
    "pad",
    "phone",
    "3D mask",
)
ILLUMINATIONS = ("normal", "strong", "back", "dark")
SURROUNDINGS = ("indoor", "outdoor")
ABOUT = About(
    name="celeba-spoof",
    title="CelebA-Spoof",
    task=Task.ANTISPOOFING,
    home="the CelebA-Spoof repository (github.com/ZhangYuanhan-AI/CelebA-Spoof), for research that is not commercial",
    needs="Data and metas/intra_test/test_label.json (for training: train_label.json)",
    splits=("test", "train"),
)
_ATTACK, _ILLUMINATION, _SURROUNDINGS, _SPOOF, _COUNT = 40, 41, 42, 43, 44


def faces(folder: Path, split: str | None = None) -> DataSet[LivenessSample]:
    """The pictures of a part in the order of its labels; of each the header is read, for the scale of the box.

    Args:
        folder: The set's, or the one that ``CelebA_Spoof`` was unpacked to.
        split: ``test`` (the default) or ``train``.

    Raises:
        DataMissing: The labels are missing.
    """
    part = ABOUT.split(split)
    root = Root(ABOUT.base(folder, "metas", "CelebA_Spoof"))
    metas = root.folder / "metas" / "intra_test"
    items = metas / f"items_{part}.json"
    path = metas / f"{part}_label.json"
    path = items if items.is_file() and not path.is_file() else ABOUT.file(path)
    return DataSet(
        name=f"{ABOUT.name}-{part}",
        task=ABOUT.task,
        kind=LivenessSample,
        root=root.folder,
        read=lambda: _samples(root, path, path == items),
    )


def _samples(root: Root, path: Path, items: bool) -> Iterator[LivenessSample]:
    seen = Unrepeated(path, "entry")
    for number, key, value in entries(path):
        name, given, box = _item(path, number, value) if items else (key, value, None)
        seen.add(name, number)
        labels = _labels(path, number, given)
        image = root.file(name, f"{path}, entry {number}")
        live = labels[_SPOOF] == 0
        yield LivenessSample(
            image=image,
            live=live,
            attack=None if live else _named(path, number, ATTACKS, labels[_ATTACK]),
            box=scaled(image, box or beside(root, image)),
            groups={} if live else _groups(path, number, labels),
        )


def _item(path: Path, number: int, value: object) -> tuple[str, object, list[float] | None]:
    if not isinstance(value, dict) or not isinstance(value.get("path"), str):
        raise malformed(path, number, "path and labels are missing", "entry")
    box = value.get("bbox")
    return value["path"], value.get("labels"), four(box) if isinstance(box, list) else None


def _labels(path: Path, number: int, value: object) -> list[int]:
    if not isinstance(value, list) or len(value) != _COUNT or not all(type(entry) is int for entry in value):
        raise malformed(path, number, f"the labels are not {_COUNT} whole numbers", "entry")
    if value[_SPOOF] not in (0, 1):
        raise malformed(path, number, "the last label is neither 0 (live) nor 1 (spoof)", "entry")
    return value


def _named(path: Path, number: int, names: Sequence[str], label: int) -> str | None:
    """Labels count from 1; 0 says nothing."""
    if not 0 <= label <= len(names):
        raise malformed(path, number, f"there is no label {label} among {', '.join(names)}", "entry")
    return names[label - 1] if label else None


def _groups(path: Path, number: int, labels: list[int]) -> dict[str, str]:
    found = {
        "illumination": _named(path, number, ILLUMINATIONS, labels[_ILLUMINATION]),
        "surroundings": _named(path, number, SURROUNDINGS, labels[_SURROUNDINGS]),
    }
    return {key: value for key, value in found.items() if value is not None}
