"""FaceForensics++: videos in ``original_sequences/SOURCE`` and ``manipulated_sequences/METHOD``.

In each of these are ``COMPRESSION/videos``.

Compressions are ``raw`` (older: ``c0``), ``c23`` and ``c40``. ``splits/{train,val,test}.json`` of its
repository hold pairs ``["071", "054"]``: the originals 071 and 054 and the forgeries 071_054 and 054_071
belong to that part. Videos of actors and of ``DeepFakeDetection`` are in no part and come with ``all`` alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Set
from pathlib import Path

from models.catalogue.card import Task
from training_eval.data.about import About
from training_eval.data.dataset import DataSet
from training_eval.data.paths import VIDEOS, Root, listed, subfolders
from training_eval.data.samples import ForgerySample
from training_eval.errors import DataMissing

ABOUT = About(
    name="faceforensics",
    title="FaceForensics++",
    task=Task.DEEPFAKE_DETECTION,
    home="the FaceForensics repository (github.com/ondyari/FaceForensics), on request; splits in dataset/splits",
    needs=(
        "original_sequences/SOURCE/COMPRESSION/videos, manipulated_sequences/METHOD/COMPRESSION/videos and "
        "splits/test.json (or train.json, val.json; none for the part `all`)"
    ),
    splits=("test", "val", "train", "all"),
)


def videos(folder: Path, split: str | None = None) -> DataSet[ForgerySample]:
    """The videos of a part in all compressions; originals first, by source or method, compression and name.

    Args:
        folder: The set's.
        split: ``test`` (the default), ``val``, ``train`` or ``all``.

    Raises:
        DataMissing: The split's list or one of the two folders is missing.
    """
    part = ABOUT.split(split)
    root = Root(ABOUT.folder(folder))
    originals = ABOUT.subfolder(root.folder / "original_sequences")
    forgeries = ABOUT.subfolder(root.folder / "manipulated_sequences")
    chosen = None if part == "all" else _names(_split(root.folder, part))
    return DataSet(
        name=f"{ABOUT.name}-{part}",
        task=ABOUT.task,
        kind=ForgerySample,
        root=root.folder,
        read=lambda: (
            sample
            for forged, at in ((False, originals), (True, forgeries))
            for sample in _videos(root, at, forged, chosen)
        ),
    )


def _split(folder: Path, part: str) -> Path:
    near = (folder / "splits" / f"{part}.json", folder / f"{part}.json")
    return ABOUT.file(next((path for path in near if path.is_file()), near[0]))


def _names(path: Path) -> Set[str]:
    """Names of the originals and forgeries of a part; the files hold a few hundred pairs."""
    try:
        pairs = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataMissing(f"{path} is no JSON: {error}.") from error
    found: set[str] = set()
    for number, pair in enumerate(pairs if isinstance(pairs, list) else [None], 1):
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(name, str) for name in pair):
            raise DataMissing(f"{path}, entry {number}: this is not a pair of names.")
        first, second = pair
        found.update((first, second, f"{first}_{second}", f"{second}_{first}"))
    return found


def _videos(root: Root, sequences: Path, forged: bool, chosen: Set[str] | None) -> Iterator[ForgerySample]:
    for method in subfolders(sequences):
        for compression in subfolders(method):
            if not (compression / "videos").is_dir():
                continue
            for path in listed(compression / "videos", VIDEOS):
                if chosen is None or path.stem in chosen:
                    yield ForgerySample(
                        media=root.inside(path),
                        forged=forged,
                        method=method.name if forged else None,
                        compression=compression.name,
                        video=f"{method.name}/{path.stem}",
                    )
