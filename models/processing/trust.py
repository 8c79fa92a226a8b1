"""How far a score can be believed, by what it was measured on."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def size_trust(side: ArrayLike, limits: tuple[float, float]) -> NDArray[np.float64]:
    """Share of a network's evidence that a face of this size carries.

    Faces far smaller than a network's input are enlarged, and the blur of that looks like forgery.

    Args:
        side: Longer side of the face's box, in pixels of the picture as it was sent.
        limits: Side up to which nothing is believed, and side from which everything is.

    Returns:
        float64 of the shape of ``side``, in [0, 1], linear in between.
    """
    nothing, everything = limits
    return np.clip((np.asarray(side, np.float64) - nothing) / (everything - nothing), 0.0, 1.0)
