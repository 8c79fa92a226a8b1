from __future__ import annotations

import threading
from collections.abc import Callable

from bentos.common.errors import DependencyUnavailable
from bentos.deepfake_detection.video.heartbeat import Heartbeat

LEASE_S = 0.2
LIMIT_S = 30.0


def beating(renew: Callable[[float], bool], lease_s: float = LEASE_S) -> tuple[Heartbeat, threading.Event]:
    lost = threading.Event()
    return Heartbeat(renew, lease_s, lost.set), lost


def test_it_renews_with_the_progress_until_it_is_stopped() -> None:
    told: list[float] = []
    often = threading.Event()

    def renew(progress: float) -> bool:
        told.append(progress)
        heart.progress = len(told) / 100
        if len(told) == 5:
            often.set()
        return True

    heart, lost = beating(renew)
    heart.start()
    assert often.wait(LIMIT_S)
    heart.stop()
    count = len(told)
    assert told == [number / 100 for number in range(count)]
    assert not lost.wait(LEASE_S)
    assert len(told) == count


def test_a_lease_that_is_another_s_is_lost_at_once() -> None:
    told: list[float] = []
    heart, lost = beating(lambda progress: bool(told.append(progress)), lease_s=3600.0)
    heart.start()
    assert lost.wait(LIMIT_S)
    heart.stop()
    assert len(told) == 1


def test_a_database_that_is_away_for_a_moment_loses_nothing() -> None:
    answers = iter([True, False, True, True])
    done = threading.Event()

    def renew(progress: float) -> bool:
        answer = next(answers, None)
        if answer is None:
            done.set()
        if answer is False:
            raise DependencyUnavailable("The database does not answer.")
        return True

    heart, lost = beating(renew)
    heart.start()
    assert done.wait(LIMIT_S)
    heart.stop()
    assert not lost.is_set()


def test_a_database_that_stays_away_loses_the_lease() -> None:
    tries: list[float] = []

    def renew(progress: float) -> bool:
        tries.append(progress)
        raise DependencyUnavailable("The database does not answer.")

    heart, lost = beating(renew)
    heart.start()
    assert lost.wait(LIMIT_S)
    heart.stop()
    assert len(tries) > 1
