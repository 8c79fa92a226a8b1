"""How long jobs take, counted in the database: workers come and go, and have no address to be asked at."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from sqlalchemy import select
from sqlalchemy.orm import Session

from bentos.common.database.conflicts import upsert
from bentos.deepfake_detection.tables import VideoDuration

BOUNDS_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0)
BEYOND_S = 1e9
"""Bound of the last bucket: beyond any job."""


def count_duration(session: Session, seconds: float) -> None:
    """Count one job that ended, inside the caller's transaction."""
    place = bisect_left(BOUNDS_S, seconds)
    upto = BOUNDS_S[place] if place < len(BOUNDS_S) else BEYOND_S
    first = upsert(session, VideoDuration).values(upto_s=upto, jobs=1, seconds=seconds)
    more = {"jobs": VideoDuration.jobs + 1, "seconds": VideoDuration.seconds + seconds}
    session.execute(first.on_conflict_do_update(index_elements=[VideoDuration.upto_s], set_=more))


def durations_of(session: Session) -> tuple[Sequence[tuple[float, int]], float]:
    """How many jobs ended within each bound, the smaller ones included, and all their seconds together."""
    found = {row.upto_s: row for row in session.scalars(select(VideoDuration))}
    bounds = (*BOUNDS_S, BEYOND_S)
    counts = accumulate(found[upto].jobs if upto in found else 0 for upto in bounds)
    return list(zip(bounds, counts, strict=True)), sum(row.seconds for row in found.values())
