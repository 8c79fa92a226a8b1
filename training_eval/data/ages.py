"""Ages as lists write them."""

from __future__ import annotations

import math
import re

OLDEST = 150
_RANGE = re.compile(r"(\d{1,3})-(\d{1,3})", re.ASCII)
_OPEN = re.compile(r"(\d{1,3})\+", re.ASCII)


def age_range(text: str) -> tuple[float, float] | None:
    """First and last completed year of ``3-9``, or of ``70+`` with infinity for the last; None for anything else."""
    if found := _OPEN.fullmatch(text):
        return float(found[1]), math.inf
    if (found := _RANGE.fullmatch(text)) and int(found[1]) <= int(found[2]) <= OLDEST:
        return float(found[1]), float(found[2])
    return None


def age(text: str) -> float | None:
    """Years, such as ``34`` or ``34.5``; None for anything else, and beyond 150."""
    if not re.fullmatch(r"\d{1,3}(\.\d{1,6})?", text, re.ASCII):
        return None
    return years if (years := float(text)) <= OLDEST else None
