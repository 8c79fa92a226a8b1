"""Calls of a running service, many at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import httpx
from prometheus_client.parser import text_string_to_metric_families
from service_process import ServiceProcess

T = TypeVar("T")
TIMEOUT_S = 120


def client_of(service: ServiceProcess) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=service.url,
        headers=service.headers(),
        timeout=TIMEOUT_S,
        limits=httpx.Limits(max_connections=None),
        trust_env=False,
    )


async def post(client: httpx.AsyncClient, path: str, image: bytes, **options: object) -> dict[str, Any]:
    """The ``data`` of a successful answer about one image."""
    answer = await client.post(f"/api/v1/{path}", files={"image": image}, data=options)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def post_batch(
    client: httpx.AsyncClient, images: Sequence[bytes], path: str = "batch", **options: object
) -> list[dict[str, Any]]:
    """The results of a batch."""
    files = [("images", (f"{i}", image)) for i, image in enumerate(images)]
    answer = await client.post(f"/api/v1/{path}", files=files, data=options)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["data"]["results"]
    assert [result["index"] for result in results] == list(range(len(images)))
    return results


async def at_once(count: int, calls: Sequence[Callable[[], Awaitable[T]]]) -> list[T]:
    """Results of all calls, in order, at most ``count`` of them under way."""
    gate = asyncio.Semaphore(count)

    async def one(call: Callable[[], Awaitable[T]]) -> T:
        async with gate:
            return await call()

    return list(await asyncio.gather(*map(one, calls)))


def samples_of(service: ServiceProcess, name: str, **labels: str) -> dict[str, float]:
    """A metric's samples whose labels fit, by sample name and ``le``."""
    text = httpx.get(f"{service.url}/metrics", timeout=30, trust_env=False).text
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            if one.name.startswith(name) and labels.items() <= one.labels.items():
                key = one.name + one.labels.get("le", "")
                found[key] = found.get(key, 0.0) + one.value
    return found
