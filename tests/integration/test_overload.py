"""More requests than a service can answer: some are refused at once, the others are answered, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping

import httpx
import pytest
from integration.calls import client_of, post
from integration.pictures import encoded, sample
from service_process import ServiceProcess

AT_ONCE = 4
CALLERS = 48


@pytest.fixture(scope="module")
def small(detection: Callable[[Mapping[str, str]], ServiceProcess]) -> Iterator[ServiceProcess]:
    """A service that lets few requests in."""
    with detection({"FACESOCIAL_MAX_IN_FLIGHT": str(AT_ONCE)}) as service:
        yield service


async def _crowd(client: httpx.AsyncClient, image: bytes) -> list[httpx.Response]:
    async def one() -> httpx.Response:
        return await client.post("/api/v1/detect", files={"image": image})

    return await asyncio.gather(*(one() for _ in range(CALLERS)))


async def test_what_is_too_much_is_refused_with_a_time_to_come_back(small: ServiceProcess) -> None:
    image = encoded(sample("group").resize((1280, 720)))
    async with client_of(small) as client:
        answers = await _crowd(client, image)
        refused = [answer for answer in answers if answer.status_code == 503]
        good = [answer for answer in answers if answer.status_code == 200]
        assert len(good) + len(refused) == CALLERS
        assert len(good) >= AT_ONCE
        assert refused
        for answer in refused:
            assert answer.json()["error"]["code"] == "OVERLOADED"
            assert int(answer.headers["Retry-After"]) >= 1
            assert answer.headers["X-Request-ID"]
        assert {len(answer.json()["data"]["faces"]) for answer in good} == {5}
        again = await post(client, "detect", image)
    assert len(again["faces"]) == 5


async def test_health_is_told_while_requests_are_refused(small: ServiceProcess) -> None:
    image = encoded(sample("group").resize((1280, 720)))
    async with client_of(small) as client:
        crowd = asyncio.create_task(_crowd(client, image))
        await asyncio.sleep(0)
        statuses = [(await client.get(path)).status_code for path in ("/livez", "/readyz", "/metrics")]
        await crowd
        counted = (await client.get("/metrics")).text
    assert statuses == [200, 200, 200]
    assert 'status="503"' in counted
