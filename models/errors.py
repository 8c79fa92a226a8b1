"""The root of the one error tree and the branches that need no service to happen.

The services extend it in ``bentos.common.errors``, where the whole tree is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping


class FaceSocialError(Exception):
    """Root of every error that this project raises on purpose.

    Args:
        message: One sentence for a person: what is wrong and, where possible, what to do next.
        details: Measured facts for a program (plain JSON values, never biometric data).
    """

    def __init__(self, message: str, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, object] = dict(details or {})


class ImageError(FaceSocialError):
    """The bytes cannot become a picture."""


class InvalidImage(ImageError):
    """Not an image, truncated, or of a kind that is not read here."""


class ImageTooLarge(ImageError):
    """More bytes or more pixels than allowed."""


class FaceError(FaceSocialError):
    """The picture is sound, its faces do not fit the question."""


class NoFace(FaceError):
    """No face where at least one is needed."""


class MultipleFaces(FaceError):
    """More than one face where exactly one is needed."""


class LowQuality(FaceError):
    """The face is too poor to judge; ``details`` holds the measured reasons."""


class ModelUnavailable(FaceSocialError):
    """A model cannot be loaded; the message names the remedy."""


class WeightsMissing(ModelUnavailable):
    """A weight file is in no place that was looked at."""


class DigestMismatch(ModelUnavailable):
    """A weight file is not the one that its card names."""


class Overloaded(FaceSocialError):
    """The bounded queue is full; try again after ``retry_after_s`` seconds."""

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message, {"retry_after_s": retry_after_s})
        self.retry_after_s = retry_after_s
