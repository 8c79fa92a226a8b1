"""Down to which size the default detector finds a face.

``python -m training_eval.calibration.detection --mirror DIR --photos DIR``

``--photos`` holds ``groups/`` and ``people/``. Each large face is shrunk with its picture; it counts as found
if a box lies on it (overlap of 0.5 or more) with the score that the card uses.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from training_eval.calibration.faces import Face, Loader, loader, parser, pictures

_SIDES = (8, 10, 12, 14, 16, 20, 24, 32, 48)
_REFERENCE = 100


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--photos", type=Path, required=True)
    options = arguments.parse_args()
    load = loader(options)
    faces = large_faces(load, options.photos)
    print(f"{len(faces)} faces of {_REFERENCE} px or more; found when shrunk to")
    for side in _SIDES:
        print(f"{side:3} px: {share_found(load, faces, side):.3f}")


def large_faces(load: Loader, photos: Path) -> list[Face]:
    """Faces large enough to be shrunk."""
    images = (image for folder in ("groups", "people") for _, image in pictures(photos / folder))
    return [face for image in images for face in load.faces(image) if face.side >= _REFERENCE]


def share_found(load: Loader, faces: list[Face], side: float) -> float:
    """Share of the faces that are found when ``side`` pixels long."""
    return float(np.mean([_overlap(load, face, side / face.side) >= 0.5 for face in faces]))


def _overlap(load: Loader, face: Face, scale: float) -> float:
    """Best overlap of a box in the shrunk picture with the face."""
    small = cv2.resize(face.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    wanted = np.array(face.box) * scale
    return max(
        (_iou(wanted, np.array(found.box)) for found in load.faces(small.astype(np.uint8))), default=0.0
    )


def _iou(
    a: np.ndarray[tuple[int], np.dtype[np.float64]], b: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> float:
    """Overlap of two boxes (left, top, width, height)."""
    shared = np.minimum(a[:2] + a[2:], b[:2] + b[2:]) - np.maximum(a[:2], b[:2])
    common = float(np.prod(np.clip(shared, 0, None)))
    return common / float(np.prod(a[2:]) + np.prod(b[2:]) - common)


if __name__ == "__main__":
    main()
