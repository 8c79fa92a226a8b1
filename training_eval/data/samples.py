"""One labelled example of each task. Files are named, never opened: whoever measures decodes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Groups = Mapping[str, str]
"""Which parts of a set a sample belongs to, such as ``{"gender": "female", "ethnicity": "Indian"}``."""
Boxes = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DetectionSample:
    """A picture and all faces in it.

    Attributes:
        image: The picture.
        boxes: float32 [N, 4]: left, top, width, height in pixels of the upright picture.
        ignored: bool [N]: faces that neither count when missed nor make a finding false.
        subsets: bool [N] by name, such as WIDER FACE's ``easy``: which faces count in that part of the measure.
        groups: Parts of the set that the picture belongs to.
    """

    image: Path
    boxes: Boxes
    ignored: Flags
    subsets: Mapping[str, Flags] = field(default_factory=dict)
    groups: Groups = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySample:
    """A picture of one person."""

    image: Path
    person: str
    groups: Groups = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSample:
    """Two pictures to be compared.

    Attributes:
        first: A picture.
        second: Another one.
        same: Whether both show one person.
        fold: Which part of the cross-validation the pair belongs to, counted from 1; 0 where there are no parts.
        groups: Parts of the set that the pair belongs to.
    """

    first: Path
    second: Path
    same: bool
    fold: int = 0
    groups: Groups = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LivenessSample:
    """A face before a camera, or a picture of one.

    Attributes:
        image: The picture.
        live: A person in front of the camera.
        attack: What was shown instead, such as ``photo``; None for live ones and where the set does not say.
        box: float32 [4]: left, top, width, height of the face in pixels of the upright picture, where known.
        groups: Parts of the set that the picture belongs to.
    """

    image: Path
    live: bool
    attack: str | None = None
    box: Boxes | None = None
    groups: Groups = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgerySample:
    """A picture or a video, genuine or forged.

    Attributes:
        media: The file.
        forged: Whether a face in it was replaced or made.
        method: Of the forgery, by the set's own name; None for genuine ones and where the set does not say.
        compression: By the set's own name, such as ``c23``.
        video: What the frames of one video share, the same for all its compressions.
        groups: Parts of the set that the file belongs to.
    """

    media: Path
    forged: bool
    method: str | None = None
    compression: str | None = None
    video: str | None = None
    groups: Groups = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemographicSample:
    """A picture of one person whose age or gender is known.

    Attributes:
        image: The picture.
        age: In years.
        age_range: First and last completed year of life that the label allows; infinity where it is open.
        gender: ``female`` or ``male``.
        groups: Parts of the set that the picture belongs to.
    """

    image: Path
    age: float | None = None
    age_range: tuple[float, float] | None = None
    gender: str | None = None
    groups: Groups = field(default_factory=dict)


Sample = DetectionSample | IdentitySample | PairSample | LivenessSample | ForgerySample | DemographicSample
