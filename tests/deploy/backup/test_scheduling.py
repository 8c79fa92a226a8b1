"""Backups by themselves: when they are due, and what happens after a failure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bentos.common.errors import DependencyUnavailable
from deploy.local.backup.scheduling import AGAIN, Job, Rhythm, run

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class World:
    """Time passes where somebody sleeps; after ``limit`` the test is over."""

    limit: timedelta
    now: datetime = START
    done: list[tuple[str, datetime]] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        if self.now > START + self.limit:
            raise KeyboardInterrupt

    def job(self, name: str, due: Callable[[datetime | None, datetime], datetime | None]) -> Job:
        def work() -> None:
            self.done.append((name, self.now))
            if name in self.failing:
                raise DependencyUnavailable("no", {})

        def last() -> datetime | None:
            return max(
                (at for one, at in self.done if one == name and name not in self.failing), default=None
            )

        return Job(name, lambda now: due(last(), now), work)

    def run(self, rhythm: Rhythm) -> list[tuple[str, datetime]]:
        with pytest.raises(KeyboardInterrupt):
            run(
                [self.job("backup", rhythm.backup_at), self.job("drill", rhythm.drill_at)],
                self.clock,
                self.sleep,
            )
        return self.done


def test_the_first_at_once_and_then_in_its_rhythm() -> None:
    done = World(timedelta(days=3)).run(Rhythm(DAY, None, 2 * DAY))
    assert [(name, (at - START) / DAY) for name, at in done] == [
        ("backup", 0),
        ("drill", 0),
        ("backup", 1),
        ("backup", 2),
        ("drill", 2),
        ("backup", 3),
    ]


def test_at_an_hour_of_utc_and_without_a_key_no_drill() -> None:
    done = World(timedelta(days=2)).run(Rhythm(DAY, 3, None))
    assert [at for _, at in done] == [
        START,
        datetime(2026, 11, 25, 3, tzinfo=UTC),
        datetime(2026, 11, 26, 3, tzinfo=UTC),
    ]


def test_what_fails_is_tried_again_and_stops_nothing_else() -> None:
    world = World(4 * AGAIN, failing={"backup"})
    done = world.run(Rhythm(DAY, None, DAY))
    assert [name for name, _ in done].count("drill") == 1
    tries = [at for name, at in done if name == "backup"]
    assert len(tries) >= 4
    assert all(later - earlier >= AGAIN for earlier, later in pairwise(tries))


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), st.integers(0, 23), st.integers(0, 3000))
def test_a_backup_at_its_hour_is_due_once_a_day(moment: datetime, hour: int, minutes_ago: int) -> None:
    now = moment.replace(tzinfo=UTC)
    last = now - timedelta(minutes=minutes_ago)
    due = Rhythm(DAY, hour, None).backup_at(last, now)
    assert (due.hour, due.minute, due.second) == (hour, 0, 0)
    boundary = last.replace(hour=hour, minute=0, second=0, microsecond=0)
    next_one = boundary if boundary > last else boundary + DAY
    assert (due <= now) is (next_one <= now)
