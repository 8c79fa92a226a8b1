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
    faces: list[Face] = []
    for folder in ("groups", "people"):
        for path, image in pictures(options.photos / folder):
            found = load.faces(image)
            print(f"{path.name}: {len(found)} faces")
            faces.extend(face for face in found if face.side >= _REFERENCE)
    print(f"{len(faces)} faces of {_REFERENCE} px or more; found when shrunk to")
    for side in _SIDES:
        hits = [_overlap(load, face, side / face.side) for face in faces]
        print(f"{side:3} px: {np.mean([hit >= 0.5 for hit in hits]):.3f}")


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
