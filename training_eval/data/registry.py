"""The sets that are known by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from training_eval.data import (
    celeb_df,
    celeba_spoof,
    cfp,
    faceforensics,
    fairface,
    lcc_fasd,
    lfw,
    manifest,
    utkface,
    wider_face,
)
from training_eval.data.about import About
from training_eval.data.dataset import DataSet
from training_eval.data.samples import Sample
from training_eval.errors import DataMissing

Opener = Callable[[Path, str | None], DataSet[Sample]]


@dataclass(frozen=True, slots=True)
class KnownSet:
    """A public set and its reader."""

    about: About
    open: Opener


def _whole(about: About, reader: Callable[[Path], DataSet[Sample]]) -> KnownSet:
    """A set that its makers did not divide."""

    def opened(folder: Path, split: str | None) -> DataSet[Sample]:
        about.split(split)
        return reader(folder)

    return KnownSet(about, opened)


SETS: Mapping[str, KnownSet] = MappingProxyType(
    {
        known.about.name: known
        for known in (
            KnownSet(wider_face.ABOUT, wider_face.faces),
            _whole(lfw.PAIRS, lfw.pairs),
            _whole(lfw.PEOPLE, lfw.people),
            KnownSet(cfp.ABOUT, cfp.pairs),
            KnownSet(celeba_spoof.ABOUT, celeba_spoof.faces),
            KnownSet(lcc_fasd.ABOUT, lcc_fasd.faces),
            KnownSet(faceforensics.ABOUT, faceforensics.videos),
            KnownSet(celeb_df.ABOUT, celeb_df.videos),
            _whole(utkface.ABOUT, utkface.faces),
            KnownSet(fairface.ABOUT, fairface.faces),
            _whole(manifest.ABOUT, manifest.samples),
        )
    }
)


def open_set(name: str, folder: Path, split: str | None = None) -> DataSet[Sample]:
    """The set of that name in a folder.

    Args:
        name: One of ``SETS``, or ``manifest:NAME`` for a set of one's own that reports shall call NAME.
        folder: Where it lies.
        split: One of its parts; the one that is measured on where none is named.

    Raises:
        DataMissing: No such set is known, or its folder does not look as it is published; the message says what is
            missing and where the set is had.
    """
    first, _, own = name.partition(":")
    if own and first == manifest.ABOUT.name:
        manifest.ABOUT.split(split)
        return manifest.samples(folder, own)
    if name not in SETS:
        raise DataMissing(
            f"No set is known by the name {name!r}; there are {', '.join(SETS)} and manifest:NAME."
        )
    return SETS[name].open(folder, split)
