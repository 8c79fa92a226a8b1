"""Readers of public sets of data by their own layouts, and of sets of one's own by a manifest.

``open_set(name, folder)`` gives a ``DataSet``: a stream of typed samples of one task. Nothing is downloaded
and no picture is decoded; ``SETS`` says what each set needs and where it is had.
"""

from training_eval.data.about import About
from training_eval.data.dataset import DataSet
from training_eval.data.registry import SETS, KnownSet, open_set
from training_eval.data.samples import (
    DemographicSample,
    DetectionSample,
    ForgerySample,
    IdentitySample,
    LivenessSample,
    PairSample,
    Sample,
)

__all__ = [
    "SETS",
    "About",
    "DataSet",
    "DemographicSample",
    "DetectionSample",
    "ForgerySample",
    "IdentitySample",
    "KnownSet",
    "LivenessSample",
    "PairSample",
    "Sample",
    "open_set",
]
