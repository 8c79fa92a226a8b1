"""LCC-FASD: ``LCC_FASD_{training,development,evaluation}/{real,spoof}``, as public readers of the set find it.

The names of the files may tell device and kind of attack, but no description of them was at hand: the attack
is not said.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from models.catalogue.card import Task
from training_eval.data.about import About
from training_eval.data.dataset import DataSet
from training_eval.data.paths import PICTURES, Root, listed
from training_eval.data.samples import LivenessSample

ABOUT = About(
    name="lcc-fasd",
    title="LCC-FASD",
    task=Task.ANTISPOOFING,
    home="its authors (Large Crowd-collected Facial Anti-Spoofing Dataset, Timoshenko and others, 2019), on request",
    needs="LCC_FASD_evaluation (or LCC_FASD_development, LCC_FASD_training) with real and spoof",
    splits=("evaluation", "development", "training"),
)


def faces(folder: Path, split: str | None = None) -> DataSet[LivenessSample]:
    """The pictures of a part, live ones first, by name.

    Args:
        folder: The set's, or the one that ``LCC_FASD`` was unpacked to.
        split: ``evaluation`` (the default), ``development`` or ``training``.

    Raises:
        DataMissing: One of the part's two folders is missing.
    """
    part = ABOUT.split(split)
    root = Root(ABOUT.base(folder, f"LCC_FASD_{part}", "LCC_FASD"))
    kinds = {kind: ABOUT.subfolder(root.folder / f"LCC_FASD_{part}" / kind) for kind in ("real", "spoof")}
    return DataSet(
        name=f"{ABOUT.name}-{part}",
        task=ABOUT.task,
        kind=LivenessSample,
        root=root.folder,
        read=lambda: _samples(root, kinds),
    )


def _samples(root: Root, kinds: dict[str, Path]) -> Iterator[LivenessSample]:
    for kind, folder in kinds.items():
        for path in listed(folder, PICTURES):
            yield LivenessSample(image=root.inside(path), live=kind == "real")
