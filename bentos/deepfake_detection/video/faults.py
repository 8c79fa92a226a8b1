"""What is said of videos that cannot be used, where several parts may find it."""

from __future__ import annotations

from bentos.common.errors import InvalidVideo

WHOLE = 0.8
"""Share of a video that must be there; less is a file that breaks off."""


def require_whole(there_s: float, duration_s: float) -> None:
    """Refuse a video of which a part is missing.

    Args:
        there_s: Seconds that were found.
        duration_s: Seconds that it should have.

    Raises:
        InvalidVideo: It ends early.
    """
    if there_s < WHOLE * duration_s:
        raise InvalidVideo(f"The video breaks off after {there_s:.1f} s of {duration_s:.1f} s.")


def nothing_decoded() -> InvalidVideo:
    """No packet gave a picture."""
    return InvalidVideo("No frame of this video can be decoded.")


def too_large() -> InvalidVideo:
    """The memory allowed does not suffice."""
    return InvalidVideo("Decoding this video needs more memory than is allowed.")
