"""What can go wrong while models are trained, measured and promoted. The tree is ``models.errors``'.

FaceSocialError
└── TrainingError
    ├── DataMissing         a set of data is not where it was said to be, or not laid out as it is published
    ├── TrainingFailed      a run cannot go on
    ├── RegistryUnavailable the MLflow registry does not answer, or has not what was asked for
    └── PromotionRefused    the gate found something worse; the report says what
"""

from __future__ import annotations

from models.errors import FaceSocialError


class TrainingError(FaceSocialError):
    """Root of this branch."""


class DataMissing(TrainingError):
    """A set of data is not where it was said to be; the message says which file or folder is missing."""


class TrainingFailed(TrainingError):
    """A run cannot go on; the message says why and how it is resumed."""


class RegistryUnavailable(TrainingError):
    """The MLflow registry does not answer, or has not what was asked for."""


class PromotionRefused(TrainingError):
    """The gate found something worse; ``details`` holds its table."""
