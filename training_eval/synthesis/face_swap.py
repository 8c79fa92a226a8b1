"""One person's face on another's: a method of forgery that no training here sees, kept for measuring.

The classical swap: the source is brought onto the target by its points, takes the target's colours, and is blended
in (E. Reinhard et al., "Color Transfer between Images", IEEE CG&A 21(5), 2001; P. Perez, M. Gangnet, A. Blake, "Poisson
Image Editing", SIGGRAPH 2003; the same steps as "FaceSwap" of A. Roessler et al., "FaceForensics++", ICCV 2019).
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from models.processing.align import similarity_transform
from training_eval.synthesis.optics import Floats, Pixels
from training_eval.synthesis.regions import Points, outline, region, softened
from training_eval.synthesis.self_blended import Blended, blend, face_scale

_SMALLEST = 5
"""Pixels of a region's side below which Poisson blending has no inside to solve for."""


def face_swapped(
    target: Pixels,
    target_points: Points,
    source: Pixels,
    source_points: Points,
    random: np.random.Generator,
    method: Literal["alpha", "poisson"] = "alpha",
) -> Blended:
    """Put the face of ``source`` over that of ``target``.

    Args:
        target: BGR uint8 [h, w, 3].
        target_points: [5, 2] landmarks in its pixels.
        source: BGR uint8, another person's.
        source_points: [5, 2] landmarks in its pixels.
        random: Which region, and how soft its edge.
        method: Blend by a soft mask, or solve for the colours inside.

    Raises:
        LowQuality: The source's points determine no face.
    """
    size = (target.shape[0], target.shape[1])
    matrix = similarity_transform(source_points, target_points)
    moved = cv2.warpAffine(
        source, matrix, (size[1], size[0]), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    solid = region(size, outline(target_points, int(random.integers(2))))
    weight = softened(solid, random.uniform(0.03, 0.12) * face_scale(target_points))
    coloured = recoloured(np.asarray(moved, np.uint8), target, solid)
    if method == "poisson":
        coloured = _solved(coloured, target, solid)
    return Blended(blend(coloured, target, weight), target, weight)


def recoloured(source: Pixels, target: Pixels, mask: Floats) -> Pixels:
    """``source`` with the mean and deviation of ``target``'s colours (CIE Lab) inside the mask."""
    inside = mask > 0
    if inside.sum() < 2:
        return source
    ours, theirs = _lab(source), _lab(target)
    mean, spread = ours[inside].mean(axis=0), ours[inside].std(axis=0) + 1e-3
    wanted, width = theirs[inside].mean(axis=0), theirs[inside].std(axis=0)
    moved = (ours - mean) * np.clip(width / spread, 0.5, 2.0) + wanted
    back = cv2.cvtColor(np.asarray(moved, np.float32), cv2.COLOR_Lab2BGR)
    return np.rint(np.clip(back, 0, 1) * 255).astype(np.uint8)


def _lab(pixels: Pixels) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_BGR2Lab), np.float32)


def _solved(source: Pixels, target: Pixels, mask: Floats) -> Pixels:
    """Poisson blending; the plain source where the region is too small or touches the border."""
    inner = np.zeros(mask.shape, np.uint8)
    inner[2:-2, 2:-2] = (mask[2:-2, 2:-2] > 0) * 255
    left, top, width, height = cv2.boundingRect(inner)
    if min(width, height) < _SMALLEST:
        return source
    centre = (left + width // 2, top + height // 2)
    return np.asarray(cv2.seamlessClone(source, target, inner, centre, cv2.NORMAL_CLONE), np.uint8)
