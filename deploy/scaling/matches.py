"""False matches of an identification that compares a face with everybody."""

from __future__ import annotations

import math


def false_match_chance(rate: float, faces: float) -> float:
    """The chance that a stranger matches anybody among ``faces``: 1 - (1 - FAR)^N.

    Comparisons are taken as independent of each other, as in ISO/IEC 19795-1; look-alikes make it worse.

    Args:
        rate: Chance of a false match in one comparison, FAR, in [0, 1).
        faces: How many are compared with.
    """
    return -math.expm1(faces * math.log1p(-rate))


def rate_for(chance: float, faces: float) -> float:
    """The rate of one comparison at which a search errs with this chance: the inverse, 1 - (1 - chance)^(1 / N)."""
    return -math.expm1(math.log1p(-chance) / faces)


def pairs_to_show(rate: float, confidence: float = 0.95) -> float:
    """Comparisons of different people, none of them a false match, after which a rate is shown with a confidence.

    The "rule of three" (Hanley and Lippman-Hand, JAMA 249, 1983): about 3 / FAR at 95 %.
    """
    return math.log(1 - confidence) / math.log1p(-rate)


def people_for(pairs: float) -> int:
    """How many people have so many pairs, with one picture each: n (n - 1) / 2."""
    return math.ceil((1 + math.sqrt(1 + 8 * pairs)) / 2)
