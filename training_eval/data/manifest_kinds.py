"""What a manifest may hold, by its columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from models.catalogue.card import Task
from training_eval.data import manifest_rows
from training_eval.data.manifest_rows import Record
from training_eval.data.samples import (
    DemographicSample,
    DetectionSample,
    ForgerySample,
    Groups,
    IdentitySample,
    LivenessSample,
    PairSample,
    Sample,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a manifest's columns say.

    Attributes:
        telling: Columns of which one at least is there with this kind alone.
        needed: Columns without which no sample can be made.
        optional: Others that mean something.
        keys: Columns that no two rows have in common.
    """

    task: Task
    sample: type[Sample]
    telling: tuple[str, ...]
    needed: tuple[str, ...]
    read: Callable[[Record, Groups], Sample]
    optional: tuple[str, ...] = ()
    keys: tuple[str, ...] = ("path",)


KINDS = (
    Kind(
        task=Task.FACE_DETECTION,
        sample=DetectionSample,
        telling=("boxes",),
        needed=("path", "boxes"),
        read=manifest_rows.detection,
    ),
    Kind(
        task=Task.FACE_RECOGNITION,
        sample=IdentitySample,
        telling=("person",),
        needed=("path", "person"),
        read=manifest_rows.identity,
    ),
    Kind(
        task=Task.FACE_RECOGNITION,
        sample=PairSample,
        telling=("first", "second", "same"),
        needed=("first", "second", "same"),
        optional=("fold",),
        keys=("first", "second"),
        read=manifest_rows.pair,
    ),
    Kind(
        task=Task.ANTISPOOFING,
        sample=LivenessSample,
        telling=("live",),
        needed=("path", "live"),
        optional=("attack", "box"),
        read=manifest_rows.liveness,
    ),
    Kind(
        task=Task.DEEPFAKE_DETECTION,
        sample=ForgerySample,
        telling=("forged",),
        needed=("path", "forged"),
        optional=("method", "compression", "video"),
        read=manifest_rows.forgery,
    ),
    Kind(
        task=Task.AGE_GENDER,
        sample=DemographicSample,
        telling=("age", "gender"),
        needed=("path",),
        read=manifest_rows.demographic,
    ),
)
