"""The parts put together: a server that speaks MLflow's REST, real generations, what ``/metrics`` shows."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fake_registry import TASK, FakeRegistry
from made_models import drawn_generations
from odd_server import Answer, Handler, OddServer, answer

from bentos.common.errors import ConfigurationError
from bentos.common.generations import Generations, Models
from bentos.common.metrics import Metrics
from bentos.common.registry import open_follower
from bentos.common.settings import Settings
from bentos.common.spec import face_service
from bentos.contracts import DetectResult, FaceSelection

SPEC = face_service("the-service", "The service", TASK, "routes:none", "tables:None")
NOTHING = DetectResult(width=1, height=1, faces=[])


def _speaking(registry: FakeRegistry) -> Answer:
    """What MLflow answers of a registry."""

    def send(handler: Handler) -> None:
        parts = urlsplit(handler.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path == "/model-versions/get-artifact":
            path = registry.folder / query["name"] / query["version"] / query["path"]
            answer(path.read_bytes())(handler)
        elif (aliases := registry.named.get(query["name"])) is None:
            answer(json.dumps({"error_code": "RESOURCE_DOES_NOT_EXIST"}).encode(), 404)(handler)
        else:
            named = [{"alias": alias, "version": number} for alias, number in aliases.items()]
            answer(json.dumps({"registered_model": {"aliases": named}}).encode())(handler)

    return send


@pytest.fixture
def registry(tmp_path: Path) -> FakeRegistry:
    registry = FakeRegistry(tmp_path / "registry")
    for number in ("4", "5"):
        registry.put(number)
    registry.name("champion", "4")
    return registry


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(SPEC.name)


@pytest.fixture
async def generations(metrics: Metrics) -> Generations:
    generations = drawn_generations(SPEC, 1, metrics)
    await generations.start()
    return generations


def _until(holds: Callable[[], bool], limit_s: float = 30) -> None:
    limit = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.02)


def _settings(uri: str, folder: Path, **more: Any) -> Settings:
    return Settings(
        model_source="mlflow",
        mlflow_uri=uri,
        model_refresh_s=0.1,
        model_dir=folder / "models",
        prometheus_multiproc_dir=None,
        **more,
    )


async def test_a_champion_serves_and_a_challenger_is_asked(
    registry: FakeRegistry, generations: Generations, metrics: Metrics, tmp_path: Path
) -> None:
    asked: list[str] = []

    def make(models: Models) -> Any:
        version = models.cards[0].version

        def answer(image: bytes, options: object, clock: object) -> DetectResult:
            asked.append(version)
            return NOTHING

        return answer

    with OddServer(_speaking(registry)) as server:
        settings = _settings(server.url, tmp_path, shadow_share=1)
        follower = open_follower(SPEC, settings, generations, metrics)
        await asyncio.to_thread(follower.first)
        assert [card.version for card in generations.current.cards] == ["4.0.0", "1.0.0"]
        registry.name("challenger", "5")
        follower.start()
        assert follower.observe is not None
        observe = follower.observe

        def tried() -> bool:
            observe(make, b"picture", FaceSelection(), NOTHING, generations.current)
            return bool(asked)

        await asyncio.to_thread(_until, tried)
        registry.name("champion", "5")
        await asyncio.to_thread(_until, lambda: generations.current.cards[0].version == "5.0.0")
        await asyncio.to_thread(follower.close)
    assert set(asked) == {"5.0.0"}
    shown = metrics.render().decode()
    assert shown.count('ai_model_registry_up{service="the-service"} 1.0') == 1
    assert 'ai_model_shadow_requests_total{outcome="compared",service="the-service"}' in shown


async def test_without_a_share_nothing_is_tried(
    registry: FakeRegistry, generations: Generations, metrics: Metrics, tmp_path: Path
) -> None:
    registry.name("challenger", "5")
    with OddServer(_speaking(registry)) as server:
        follower = open_follower(SPEC, _settings(server.url, tmp_path), generations, metrics)
        await asyncio.to_thread(follower.first)
        await asyncio.to_thread(follower.look)
    assert follower.observe is None
    assert [asked.path for asked in server.asked if "version=5" in asked.path] == []


@pytest.mark.parametrize("uri", ["", "sqlite:///somewhere", None])
async def test_a_registry_has_an_address(
    uri: str | None, generations: Generations, metrics: Metrics, tmp_path: Path
) -> None:
    settings = Settings(model_source="mlflow", mlflow_uri=uri, model_dir=tmp_path)
    with pytest.raises(ConfigurationError, match="MLFLOW_URI"):
        open_follower(SPEC, settings, generations, metrics)
