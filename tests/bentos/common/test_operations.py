"""Routes over pictures whose answers are remembered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from types import MappingProxyType

import httpx
import jwt
import pytest
from fastapi import APIRouter
from made_models import drawn_generations
from metering import sampled
from starlette.types import ASGIApp
from stores import TimedStore

from bentos.common.app import API, ServiceParts, create_app
from bentos.common.auth import TokenVerifier
from bentos.common.composition import build_parts
from bentos.common.context import Clock
from bentos.common.errors import InferenceFailed
from bentos.common.generations import Generations, Models
from bentos.common.health import HealthMonitor
from bentos.common.keyvalue import KeyValue, ProcessStore
from bentos.common.metrics import Metrics
from bentos.common.observing import AfterAnswer, Make
from bentos.common.operations import add_batch_route, add_image_route
from bentos.common.settings import Settings
from bentos.common.spec import DETECTOR, ServiceSpec
from bentos.common.workers import Workers
from bentos.contracts import DetectOptions, EmbedResult, FaceSelection
from bentos.contracts.base import Message
from bentos.contracts.recognition import EmbeddedFace
from models.catalogue.card import Task
from models.errors import NoFace

SECRET = "0123456789abcdef" * 4
POINT = (0.1, 1e-7)
EMBEDDING = [0.1 + 0.2, 1 / 3, -0.0, 1e-320, 1.0, -5e22]


class Service:
    """A service whose answer is that an image has as many faces as bytes; it remembers what it was asked."""

    def __init__(self, store: KeyValue, size: int = 8, observe: AfterAnswer | None = None) -> None:
        self.asked: list[bytes] = []
        spec = ServiceSpec("test-service", "Test", MappingProxyType({DETECTOR: Task.FACE_DETECTION}), "")
        settings = Settings.model_validate({"jwt_secret": SECRET, "model_cache_size": size})
        self._workers = Workers(2)
        self.generations = drawn_generations(spec)
        self.metrics = Metrics("tests")
        parts = build_parts(spec, settings, self.generations, self._workers, store, self.metrics)
        parts = replace(parts, observe=observe)
        routes = APIRouter(prefix=API)
        add_image_route(routes, parts, "/embed", DetectOptions, EmbedResult, self._make, "Embed", _scores)
        add_batch_route(routes, parts, DetectOptions, EmbedResult, self._make, _scores)
        self.cache = parts.cache
        self._app = _application(spec, settings, routes, self.generations)

    def client(self, tenant: str = "acme") -> httpx.AsyncClient:
        token = jwt.encode({"sub": "ann", "tenant": tenant, "exp": 4_102_444_800}, SECRET, "HS256")
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self._app),
            base_url="http://test",
            headers={"Authorization": f"Bearer {token}"},
        )

    def close(self) -> None:
        self._workers.close()

    def _make(self, models: Models) -> Callable[[bytes, DetectOptions, Clock], EmbedResult]:
        return self._answer

    def _answer(self, image: bytes, options: DetectOptions, clock: Clock) -> EmbedResult:
        self.asked.append(image)
        if image == b"none":
            raise NoFace("There is no face.")
        if image == b"broken":
            raise InferenceFailed("The model failed on this picture.")
        return EmbedResult(faces=[_face(options.min_score) for _ in image], dimension=len(EMBEDDING))


def _scores(found: EmbedResult) -> list[tuple[str, float]]:
    return [("likely", face.score) for face in found.faces]


def _face(score: float) -> EmbeddedFace:
    points = dict.fromkeys(("left_eye", "right_eye", "nose", "mouth_left", "mouth_right"), POINT)
    quality = dict.fromkeys(("score", "sharpness", "brightness", "size", "yaw", "pitch", "roll"), 0.3)
    box = {"x": -1, "y": 2.5, "width": 1e-9, "height": 1e300}
    return EmbeddedFace.model_validate(
        {"box": box, "score": score, "landmarks": points, "quality": quality, "embedding": EMBEDDING}
    )


def _application(
    spec: ServiceSpec, settings: Settings, routes: APIRouter, generations: Generations
) -> ASGIApp:
    return create_app(
        ServiceParts(
            name=spec.name,
            title=spec.title,
            cards=lambda: generations.current.cards,
            health=HealthMonitor(spec.name, "1.2.3", lambda: generations.current.refs),
            metrics=Metrics(spec.name),
            verifier=TokenVerifier(settings.auth),
            max_body_bytes=100_000,
            max_in_flight=8,
            admit=lambda: None,
        ),
        routes,
    )


async def embed(client: httpx.AsyncClient, image: bytes, **options: object) -> tuple[bytes, bool]:
    """The bytes of ``data``, and ``cached``."""
    answer = await client.post(f"{API}/embed", files={"image": image}, data=options)
    assert answer.status_code == 200, answer.text
    data, _, _ = answer.content.partition(b',"meta":')
    return data, answer.json()["meta"]["cached"]


async def batch(client: httpx.AsyncClient, *images: bytes) -> tuple[bytes, bool]:
    answer = await client.post(f"{API}/batch", files=[("images", ("picture", image)) for image in images])
    assert answer.status_code == 200, answer.text
    data, _, _ = answer.content.partition(b',"meta":')
    return data, answer.json()["meta"]["cached"]


@pytest.fixture
def service(timed_store: TimedStore) -> Iterator[Service]:
    with closing(Service(timed_store.store)) as service:
        yield service


async def test_a_remembered_answer_is_the_same_to_the_byte(service: Service) -> None:
    async with service.client() as client:
        first, first_cached = await embed(client, b"ab")
        second, second_cached = await embed(client, b"ab")
    assert (first_cached, second_cached) == (False, True)
    assert first == second
    assert json.loads(first + b"}")["data"]["faces"][1]["embedding"] == EMBEDDING
    assert service.asked == [b"ab"]


async def test_form_and_json_ask_the_same(service: Service) -> None:
    async with service.client() as client:
        first, _ = await embed(client, b"ab", min_score="0.50")
        answer = await client.post(f"{API}/embed", json={"image": "YWI=", "min_score": 0.5})
    assert answer.json()["meta"]["cached"] is True
    assert answer.content.startswith(first)


async def test_other_options_pictures_and_tenants_are_answered_anew(service: Service) -> None:
    async with service.client() as client, service.client("acme2") as other:
        answers = [
            await embed(client, b"a"),
            await embed(client, b"a", min_score=0.7),
            await embed(client, b"b"),
            await embed(other, b"a"),
        ]
    assert [cached for _, cached in answers] == [False] * 4
    assert service.asked == [b"a", b"a", b"b", b"a"]


async def test_each_image_of_a_batch_is_remembered_by_itself(service: Service) -> None:
    async with service.client() as client:
        _, first_cached = await batch(client, b"a", b"bb")
        mixed, mixed_cached = await batch(client, b"bb", b"ccc", b"a")
        again, again_cached = await batch(client, b"bb", b"ccc", b"a")
    assert (first_cached, mixed_cached, again_cached) == (False, False, True)
    assert mixed == again
    assert sorted(service.asked) == [b"a", b"bb", b"ccc"]
    results = json.loads(again + b"}")["data"]["results"]
    assert [len(result["data"]["faces"]) for result in results] == [2, 3, 1]


@pytest.mark.parametrize(("image", "status"), [(b"none", 422), (b"broken", 500)])
async def test_a_failure_is_never_remembered(service: Service, image: bytes, status: int) -> None:
    async with service.client() as client:
        for _ in range(2):
            answer = await client.post(f"{API}/embed", files={"image": image})
            assert answer.status_code == status
        for _ in range(2):
            data, cached = await batch(client, image, b"a")
            assert not cached
            assert [result["success"] for result in json.loads(data + b"}")["data"]["results"]] == [
                False,
                True,
            ]
    assert service.asked.count(image) == 4
    assert service.asked.count(b"a") == 1


async def test_a_forgotten_tenant_is_answered_anew(service: Service) -> None:
    async with service.client() as client, service.client("acme2") as other:
        for one in (client, other):
            await embed(one, b"a")
            await batch(one, b"a")
        assert service.cache.forget_tenant("acme") == 2
        assert [(await embed(one, b"a"))[1] for one in (client, other)] == [False, True]
        assert [(await batch(one, b"a"))[1] for one in (client, other)] == [False, True]


@pytest.mark.parametrize("body", [b"", b"{}", b"no JSON", b'{"faces": [{}], "dimension": 1}'])
async def test_what_is_no_answer_is_computed_anew_and_replaced(body: bytes) -> None:
    class Spoilt(ProcessStore):
        def get(self, key: str) -> bytes | None:
            return body if len(service.asked) < 2 else super().get(key)

    with closing(Service(Spoilt())) as service:
        async with service.client() as client:
            answers = [await embed(client, b"a") for _ in range(3)]
    assert [cached for _, cached in answers] == [False, False, True]
    assert len({data for data, _ in answers}) == 1


class Untouched(ProcessStore):
    def get(self, key: str) -> bytes | None:
        raise AssertionError

    put_bounded = get  # type: ignore[assignment]


async def test_without_a_cache_the_store_is_not_asked_and_every_request_is_answered_anew() -> None:
    with closing(Service(Untouched(), size=0)) as service:
        async with service.client() as client:
            first, second = [await embed(client, b"a") for _ in range(2)]
            assert first == second
            assert first[1] is False
            assert (await batch(client, b"a", b"a"))[1] is False
    assert service.asked == [b"a"] * 4


async def test_who_observes_hears_of_answers_that_were_computed_and_harms_none() -> None:
    heard: list[tuple[bytes, EmbedResult, object]] = []

    def observe(make: object, image: bytes, options: object, result: object, models: object) -> None:
        assert isinstance(result, EmbedResult)
        heard.append((image, result, models))
        raise RuntimeError("the observer's own fault")

    with closing(Service(ProcessStore(), observe=observe)) as service:
        async with service.client() as client:
            first, _ = await embed(client, b"ab")
            assert await embed(client, b"ab") == (first, True)
            await batch(client, b"ab", b"c")
        current = service.generations.current
    assert [(image, len(result.faces), models) for image, result, models in heard] == [
        (b"ab", 2, current),
        (b"ab", 2, current),
        (b"c", 1, current),
    ]


def scored(service: Service) -> dict[str, float]:
    """How many scores were counted, and what they add up to, by the version that said so."""
    text = service.metrics.render().decode()
    return {
        f"{dict(labels)['model_version']} {what}": value
        for what in ("count", "sum")
        for labels, value in sampled(text, f"ai_model_score_{what}", score="likely").items()
    }


async def test_what_models_say_is_counted_for_each_face_and_once_for_remembered_answers(
    service: Service,
) -> None:
    version = service.generations.current.cards[0].version
    async with service.client() as client, service.client("acme2") as other:
        await embed(client, b"ab", min_score=0.25)
        await embed(client, b"ab", min_score=0.25)
        assert scored(service) == {f"{version} count": 2, f"{version} sum": 0.5}
        await batch(client, b"abc", b"none", b"d")
        await batch(client, b"d", b"abc")
        assert scored(service)[f"{version} count"] == 6
        await embed(other, b"ab", min_score=0.25)
        assert scored(service)[f"{version} count"] == 8


async def test_without_a_cache_every_answer_is_counted_and_no_failure() -> None:
    with closing(Service(ProcessStore(), size=0)) as service:
        async with service.client() as client:
            for _ in range(2):
                await embed(client, b"a", min_score=0.5)
            assert (await client.post(f"{API}/embed", files={"image": b"none"})).status_code == 422
        assert sorted(scored(service).values()) == [1.0, 2]


async def test_a_challengers_answers_and_trials_are_not_counted() -> None:
    def observe(make: Make, image: bytes, options: FaceSelection, result: Message, models: Models) -> None:
        service.generations.current.made(make)(image, options, Clock())

    with closing(Service(ProcessStore(), observe=observe)) as service:
        async with service.client() as client:
            await embed(client, b"a", min_score=0.5)
        assert service.asked == [b"a", b"a"]
        assert sorted(scored(service).values()) == [0.5, 1]
