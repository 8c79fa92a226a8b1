"""Self-blended images: forgeries made of one face, so that nothing but the blending gives them away.

Source: K. Shiohara, T. Yamasaki, "Detecting Deepfakes with Self-Blended Images", CVPR 2022. A face is changed a little
(colour, sharpness, place, size) and blended back onto itself. Deviations: the region is the hull of ``regions`` and not
of 68 landmarks, and all measures are shares of the face's size, because faces here are of any size.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from training_eval.synthesis.compression import resized
from training_eval.synthesis.optics import Floats, Pixels, blurred, to_bytes, to_unit
from training_eval.synthesis.regions import OUTLINES, Points, elastic, outline, region, softened

_RATIOS = (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)
"""How much of the source is blended in: the paper's choices, each as likely."""


@dataclass(frozen=True, slots=True)
class Blended:
    """A forgery.

    Attributes:
        pixels: BGR uint8 [h, w, 3].
        target: What was blended onto; the same picture bit for bit where the mask is 0.
        mask: float32 [h, w], how much of the other face was blended in.
    """

    pixels: Pixels
    target: Pixels
    mask: Floats


def self_blended(
    pixels: Pixels, points: Points, random: np.random.Generator, strength: float = 1.0
) -> Blended:
    """Blend a changed copy of a face onto itself.

    Args:
        pixels: BGR uint8 [h, w, 3].
        points: [5, 2] landmarks in pixels.
        random: All chance.
        strength: 0 gives the picture unchanged, 1 the paper's changes.

    Raises:
        LowQuality: A landmark is not finite.
    """
    size = (pixels.shape[0], pixels.shape[1])
    if strength <= 0:
        return Blended(pixels.copy(), pixels, np.zeros(size, np.float32))
    mask = _mask(size, points, random)
    source, target = pixels, pixels
    # Either the face or its surroundings is changed: both kinds of difference occur in forgeries.
    if random.random() < 0.5:
        source = altered(pixels, random, strength)
    else:
        target = altered(pixels, random, strength)
    source, mask = _shifted(source, mask, random, strength * face_scale(points))
    weight = mask * np.float32(random.choice(_RATIOS))
    return Blended(blend(source, target, weight), target, weight)


def blend(source: Pixels, target: Pixels, weight: Floats) -> Pixels:
    """``source`` where ``weight`` is 1, exactly ``target`` where it is 0."""
    share = weight[..., None]
    mixed = to_bytes(to_unit(source) * share + to_unit(target) * (1 - share))
    return np.where(share > 0, mixed, target).astype(np.uint8)


def face_scale(points: Points) -> float:
    """Distance from the eyes to the mouth in pixels, at least 1: what measures on a face are shares of."""
    eyes, mouth = points[:2].mean(axis=0), points[3:5].mean(axis=0)
    return max(float(np.linalg.norm(mouth - eyes)), float(np.linalg.norm(points[1] - points[0])), 1.0)


def altered(pixels: Pixels, random: np.random.Generator, strength: float) -> Pixels:
    """Another colour, saturation, light and sharpness of the same picture."""
    values = to_unit(pixels)
    # In a dark picture the same step of colour would be no forger's but a poster's.
    reach = strength * min(1.0, 0.2 + 2 * float(values.mean()))
    values = values + random.uniform(-0.08, 0.08, 3).astype(np.float32) * np.float32(reach)
    grey = values.mean(axis=2, keepdims=True)
    values = grey + (values - grey) * np.float32(1 + random.uniform(-0.3, 0.3) * strength)
    values = (values - 0.5) * np.float32(1 + random.uniform(-0.1, 0.1) * strength) + np.float32(
        0.5 + random.uniform(-0.1, 0.1) * strength
    )
    if random.random() < 0.5:
        softer = blurred(values, 1.0)
        return to_bytes(values + (values - softer) * np.float32(random.uniform(0.2, 0.8) * strength))
    return resized(to_bytes(values), 1 - strength * (1 - 1 / float(random.choice([2, 3, 4]))))


def _mask(size: tuple[int, int], points: Points, random: np.random.Generator) -> Floats:
    corners, side = outline(points, int(random.integers(len(OUTLINES)))), face_scale(points)
    corners = corners + random.normal(0, 0.04 * side, corners.shape).astype(np.float32)
    bumpy = elastic(region(size, corners), random, 0.06 * side, 0.6 * side)
    return softened(bumpy, random.uniform(0.01, 0.16) * side)


def _shifted(source: Pixels, mask: Floats, random: np.random.Generator, side: float) -> tuple[Pixels, Floats]:
    """Move and scale the source and its mask by a few hundredths, so that the features do not quite fit."""
    height, width = mask.shape
    scale = 1 + random.uniform(-0.05, 0.05)
    shift = random.uniform(-0.05, 0.05, 2) * side
    middle = np.array([width, height]) / 2
    matrix = np.column_stack([np.eye(2) * scale, middle - scale * middle + shift])
    moved = cv2.warpAffine(
        source, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    followed = cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_LINEAR)
    return np.asarray(moved, np.uint8), np.asarray(followed, np.float32)
