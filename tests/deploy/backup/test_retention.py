"""Which backups stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from deploy.local.backup.retention import YOUNG, Keeping, surplus

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
COUNTS = st.integers(0, 6)
KEEPING = st.builds(Keeping, COUNTS, COUNTS, COUNTS)
MOMENTS = st.lists(st.integers(0, 60 * 24 * 900), max_size=80, unique=True).map(
    lambda minutes: {f"backup-{one:07}": NOW - timedelta(minutes=one) for one in minutes}
)


def periods(at: datetime) -> tuple[object, object, object]:
    return at.date(), at.isocalendar()[:2], (at.year, at.month)


@given(MOMENTS, KEEPING)
def test_the_newest_of_each_period_stays(found: dict[str, datetime], keeping: Keeping) -> None:
    gone = set(surplus(found, keeping, NOW))
    kept = {name: at for name, at in found.items() if name not in gone}
    for index, count in enumerate((keeping.daily, keeping.weekly, keeping.monthly)):
        there = sorted({periods(at)[index] for at in found.values()}, reverse=True)[:count]  # type: ignore[type-var]
        for period in there:
            newest = max(at for at in found.values() if periods(at)[index] == period)
            assert newest in kept.values()


@given(MOMENTS, KEEPING)
def test_no_more_stay_than_there_is_a_reason_for(found: dict[str, datetime], keeping: Keeping) -> None:
    gone = set(surplus(found, keeping, NOW))
    old = [name for name in found if name not in gone and NOW - found[name] >= YOUNG]
    assert len(old) <= keeping.daily + keeping.weekly + keeping.monthly + 1


@given(MOMENTS, KEEPING)
def test_neither_the_newest_nor_a_young_one_goes(found: dict[str, datetime], keeping: Keeping) -> None:
    gone = surplus(found, keeping, NOW)
    assert all(NOW - found[name] >= YOUNG for name in gone)
    if found:
        assert max(found, key=lambda name: found[name]) not in gone


@given(MOMENTS, KEEPING)
def test_pruning_twice_is_pruning_once(found: dict[str, datetime], keeping: Keeping) -> None:
    gone = surplus(found, keeping, NOW)
    left = {name: at for name, at in found.items() if name not in gone}
    assert surplus(left, keeping, NOW) == []
    assert gone == sorted(gone, key=lambda name: found[name])


@given(MOMENTS, KEEPING)
def test_a_day_later_what_was_let_go_is_not_missed(found: dict[str, datetime], keeping: Keeping) -> None:
    """Pruning every day keeps what pruning only once at the end would keep."""
    steps, left = sorted(found.items(), key=lambda one: one[1]), dict[str, datetime]()
    for name, at in steps:
        left[name] = at
        for old in surplus(left, keeping, at):
            del left[old]
    end = NOW + timedelta(days=2)
    at_once = set(found) - set(surplus(found, keeping, end))
    assert at_once <= set(left)


def test_a_year_of_nights() -> None:
    nights = {f"n{day:03}": NOW - timedelta(days=day) for day in range(400)}
    kept = set(nights) - set(surplus(nights, Keeping(7, 5, 12), NOW))
    assert {f"n{day:03}" for day in range(7)} <= kept
    assert len(kept) == 7 + 4 + 10, sorted(kept)


def test_days_are_of_utc_whatever_the_clock_says() -> None:
    tokyo = timezone(timedelta(hours=9))
    late = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
    found = {
        "late": late.astimezone(tokyo),
        "early": (late - timedelta(hours=1)).astimezone(tokyo),
        "new": NOW,
    }
    assert surplus(found, Keeping(3, 0, 0), NOW) == []
    found["early"] = (late - timedelta(minutes=29)).astimezone(tokyo)
    assert surplus(found, Keeping(3, 0, 0), NOW) == ["early"]
