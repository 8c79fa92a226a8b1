"""Whether a face is large and whole enough to be judged."""

from __future__ import annotations

from collections.abc import Mapping

from models.errors import LowQuality
from models.processing.crop import BoxLike


def require_visible(box: BoxLike, picture: tuple[int, int], rules: Mapping[str, float]) -> None:
    """Refuse a face that is too small, or cut off by the picture's border.

    Args:
        box: Left, top, width, height in pixels; may reach over the border.
        picture: Width and height in pixels.
        rules: ``min_side``, pixels of the box's shorter side; ``min_inside``, share of the box's area
            that must lie in the picture.

    Raises:
        LowQuality: ``details`` holds the reasons (``too_small``, ``cut_off``) and what was measured.
    """
    x, y, width, height = (float(value) for value in box)
    shorter = min(width, height)
    seen_w = max(0.0, min(x + width, picture[0]) - max(x, 0.0))
    seen_h = max(0.0, min(y + height, picture[1]) - max(y, 0.0))
    inside = seen_w * seen_h / (width * height)
    failed = {
        "too_small": shorter < rules["min_side"],
        "cut_off": inside < rules["min_inside"],
    }
    reasons = [reason for reason, holds in failed.items() if holds]
    if reasons:
        raise LowQuality(
            f"The face cannot be judged ({', '.join(reasons)}): its shorter side has {shorter:.0f} pixels of at least "
            f"{rules['min_side']:.0f}, and {inside:.0%} of it lie in the picture; send it larger and whole.",
            {
                "reasons": reasons,
                "size_px": round(shorter, 1),
                "inside": round(inside, 3),
                "needed": dict(rules),
            },
        )
