"""What a service says of itself while it starts, runs and loses a dependency."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

import pytest

from bentos.common import health
from bentos.common.answers import model_refs
from bentos.common.errors import DependencyUnavailable
from bentos.common.health import HealthMonitor, Probe
from models.catalogue.detection import YUNET_N
from models.errors import FaceSocialError, WeightsMissing


class Dependency:
    """A store that answers, until it does not."""

    def __init__(self, up: bool = True) -> None:
        self.up = up

    async def probe(self) -> None:
        if not self.up:
            raise ConnectionRefusedError("nobody listens")


async def hang() -> None:
    await asyncio.Event().wait()


async def loaded() -> None:
    """All models load at once."""


def monitor(probes: Mapping[str, Probe] | None = None) -> HealthMonitor:
    return HealthMonitor("face-detection-service", "1.2.3", lambda: model_refs((YUNET_N,)), probes)


async def test_starting_then_ok() -> None:
    one = monitor()
    assert (await one.report()).status == "starting"
    with pytest.raises(DependencyUnavailable, match="being loaded") as refused:
        await one.require_ready()
    assert refused.value.details == {"dependency": "models"}
    await one.warm_up(loaded)
    assert (await one.report()).status == "ok"
    await one.require_ready()


async def test_the_report_names_the_service_and_its_models() -> None:
    report = await monitor().report()
    assert (report.service, report.version) == ("face-detection-service", "1.2.3")
    assert [(model.task, model.name) for model in report.models] == [("face-detection", "yunet-n")]
    assert report.dependencies == {}


async def test_a_dependency_that_goes_and_comes_back() -> None:
    store, other = Dependency(), Dependency()
    one = monitor({"qdrant": store.probe, "postgres": other.probe})
    await one.warm_up(loaded)
    assert (await one.report()).dependencies == {"qdrant": "ok", "postgres": "ok"}
    store.up = False
    report = await one.report()
    assert report.status == "degraded"
    assert report.dependencies == {"qdrant": "unavailable", "postgres": "ok"}
    with pytest.raises(DependencyUnavailable, match="qdrant does not answer") as refused:
        await one.require_ready()
    assert refused.value.details == {"dependency": "qdrant"}
    store.up = True
    assert (await one.report()).status == "ok"
    await one.require_ready()


async def test_every_dependency_that_is_down_is_named() -> None:
    one = monitor({"qdrant": Dependency(up=False).probe, "postgres": Dependency(up=False).probe})
    await one.warm_up(loaded)
    with pytest.raises(DependencyUnavailable, match="postgres, qdrant"):
        await one.require_ready()


async def test_starting_is_said_even_with_a_dependency_down() -> None:
    report = await monitor({"qdrant": Dependency(up=False).probe}).report()
    assert report.status == "starting"
    assert report.dependencies == {"qdrant": "unavailable"}


async def test_probes_that_hang_count_as_unavailable_after_one_wait_for_all_of_them() -> None:
    one = monitor({"first": hang, "second": hang, "third": Dependency().probe})
    await one.warm_up(loaded)
    started = asyncio.get_running_loop().time()
    report = await one.report()
    assert report.dependencies == {"first": "unavailable", "second": "unavailable", "third": "ok"}
    assert asyncio.get_running_loop().time() - started < 1.8 * health.PROBE_TIMEOUT_S


class Faulty:
    """Raises one reason after the other, and stands still after the last until it is cancelled."""

    def __init__(self, reasons: Sequence[FaceSocialError]) -> None:
        self._reasons = list(reasons)

    async def start(self) -> None:
        if self._reasons:
            raise self._reasons.pop(0)


async def _faulty(one: HealthMonitor, *reasons: str) -> None:
    """Start once for each reason; the retry after it is cut short."""
    start = Faulty([WeightsMissing(reason) for reason in reasons]).start
    for _ in reasons:
        attempt = asyncio.create_task(one.warm_up(start))
        for _ in range(3):
            await asyncio.sleep(0)
        attempt.cancel()
        await asyncio.wait([attempt])


async def test_a_new_reason_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    one = monitor()
    with caplog.at_level(logging.ERROR):
        await _faulty(one, "no mirror", "no mirror", "no mirror", "wrong digest", "wrong digest")
    said = [record.getMessage() for record in caplog.records if record.name == health.__name__]
    assert said == [
        "face-detection-service is not ready: no mirror",
        "face-detection-service is not ready: wrong digest",
    ]


async def test_what_is_wrong_is_raised_until_the_models_are_there() -> None:
    one = monitor()
    await _faulty(one, "no mirror")
    assert (await one.report()).status == "starting"
    with pytest.raises(WeightsMissing, match="no mirror"):
        await one.require_ready()
    await one.warm_up(loaded)
    await one.require_ready()
    assert (await one.report()).status == "ok"


async def test_a_bug_in_starting_is_not_taken_for_a_reason() -> None:
    async def bug() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await monitor().warm_up(bug)


async def test_a_warm_service_is_not_started_again() -> None:
    one = monitor()
    await one.warm_up(loaded)
    await one.warm_up(Faulty([WeightsMissing("never asked")]).start)
    await one.require_ready()
