"""Which backups stay: grandfather, father and son, by days, ISO weeks and months of UTC."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

YOUNG = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Keeping:
    """So many days, weeks and months with a backup keep their newest one."""

    daily: int
    weekly: int
    monthly: int


def surplus(found: Mapping[str, datetime], keeping: Keeping, now: datetime) -> list[str]:
    """Names of the backups that may go, the oldest first; never the newest one, nor one younger than a day.

    Args:
        found: Good backups, and when each was begun (aware).
        keeping: How many stay.
        now: At this moment (aware).
    """
    newest_first = sorted(found, key=lambda name: (found[name], name), reverse=True)
    stays = set(newest_first[:1])
    stays |= {name for name in newest_first if now - found[name] < YOUNG}
    for count, period in ((keeping.daily, _day), (keeping.weekly, _week), (keeping.monthly, _month)):
        stays |= _newest_of_each(newest_first, found, period, count)
    return [name for name in reversed(newest_first) if name not in stays]


def _newest_of_each(
    newest_first: list[str], found: Mapping[str, datetime], period: Callable[[datetime], Hashable], count: int
) -> set[str]:
    chosen: dict[Hashable, str] = {}
    for name in newest_first:
        if len(chosen) == count:
            break
        chosen.setdefault(period(found[name].astimezone(UTC)), name)
    return set(chosen.values())


def _day(at: datetime) -> Hashable:
    return at.date()


def _week(at: datetime) -> Hashable:
    return at.isocalendar()[:2]


def _month(at: datetime) -> Hashable:
    return at.year, at.month
