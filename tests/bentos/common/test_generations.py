"""Models take the place of others while a service answers, and no answer is made of two generations."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

import httpx
import jwt
import numpy as np
import pytest
from fastapi import APIRouter
from made_models import (
    BATCH,
    SCORE,
    DrawnModel,
    cards_of,
    chosen_of,
    drawn,
    drawn_generations,
    in_process,
)

import bentos.age_gender.routes
import bentos.antispoofing.routes
import bentos.deepfake_detection.routes
import bentos.face_detection.routes
import bentos.face_recognition.routes.inference
from bentos.common.app import API, ServiceParts, create_app
from bentos.common.auth import TokenVerifier
from bentos.common.batching import Batcher, ServiceBatcher
from bentos.common.batching.service import Item
from bentos.common.composition import build_parts
from bentos.common.errors import DependencyUnavailable
from bentos.common.generations import Generations, Models, Open
from bentos.common.health import HealthMonitor
from bentos.common.keyvalue import ProcessStore
from bentos.common.loaded_models import LoadedModels
from bentos.common.metrics import Metrics
from bentos.common.model_set import Chosen, key_of
from bentos.common.settings import Settings
from bentos.common.spec import DETECTOR, FACES, ServiceSpec
from bentos.common.trial import blank
from bentos.common.workers import Workers
from bentos.face_recognition.gallery.assembly import Gallery, Keeping
from bentos.face_recognition.routes.inference import add_embedding, add_verification
from models.catalogue.card import ModelCard, Task
from models.errors import ModelUnavailable, Overloaded
from models.runtime.batch import BatchModel
from models.runtime.session import Floats, Pixels

SECRET = "0123456789abcdef" * 4
CALLERS = 16
SWAPS = 12
LIMIT_S = 60
RECOGNITION, DETECTION = Task.FACE_RECOGNITION, Task.FACE_DETECTION
TASKS = MappingProxyType({FACES: RECOGNITION, DETECTOR: DETECTION})
SPEC = ServiceSpec("tests-service", "Tests", TASKS, routes="")


class Inner:
    """The inner process, without a process: what BentoML would carry is handed over."""

    def __init__(self, models: LoadedModels) -> None:
        self._models = models

    @property
    def to_async(self) -> Any:
        return self

    async def is_ready(self, timeout: int) -> bool:  # noqa: ASYNC109 (the name is BentoML's)
        return timeout > 0

    async def load(self, name: str, cards: list[Any], paths: dict[str, str]) -> list[Any]:
        sent = json.loads(json.dumps(cards))
        return list(await asyncio.to_thread(self._models.load, name, sent, paths))

    async def faces(self, items: Sequence[Item]) -> list[Any]:
        return await asyncio.to_thread(self._models.predict, FACES, items)

    async def detector(self, items: Sequence[Item]) -> list[Any]:
        return await asyncio.to_thread(self._models.predict, DETECTOR, items)


def in_service(load: Callable[[Chosen], BatchModel] = drawn) -> Open:
    inner = Inner(LoadedModels(SPEC, Settings(), load))

    def open_batcher(name: str, cards: Sequence[ModelCard], find: Callable[[], Chosen]) -> Batcher:
        return ServiceBatcher(inner, name, key_of(cards), find, BATCH)

    return open_batcher


class Service:
    """Embedding and comparing with models that tell their version."""

    def __init__(self, open_batcher: Open | None = None, remembered: int = 0) -> None:
        settings = Settings.model_validate({"jwt_secret": SECRET, "model_cache_size": remembered})
        self.metrics = Metrics(SPEC.name)
        self.generations = drawn_generations(SPEC, 1, self.metrics, open_batcher)
        self.workers = Workers(8)
        parts = build_parts(SPEC, settings, self.generations, self.workers, ProcessStore(), self.metrics)
        routes = APIRouter(prefix=API)
        add_embedding(routes, parts)
        add_verification(routes, parts)
        service = ServiceParts(
            name=SPEC.name,
            title=SPEC.title,
            cards=lambda: self.generations.current.cards,
            health=HealthMonitor(SPEC.name, "1.2.3", lambda: self.generations.current.refs),
            metrics=self.metrics,
            verifier=TokenVerifier(settings.auth),
            max_body_bytes=10_000_000,
            max_in_flight=100,
            admit=lambda: None,
        )
        self.app = create_app(service, routes)

    def client(self) -> httpx.AsyncClient:
        token = jwt.encode({"sub": "ann", "tenant": "acme", "exp": 4_102_444_800}, SECRET, "HS256")
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url="http://test",
            headers={"Authorization": f"Bearer {token}"},
        )


@contextmanager
def serving(open_batcher: Open | None = None, remembered: int = 0) -> Iterator[Service]:
    service = Service(open_batcher, remembered)
    yield service
    service.workers.close()


async def replaced(generations: Generations, task: Task, version: int) -> Models:
    return await asyncio.to_thread(generations.replace, task, chosen_of(task, version))


def versions(meta: dict[str, Any]) -> tuple[int, int]:
    """Of the recognition and the detection that an answer says it was made with."""
    found = {model["task"]: int(model["version"].partition(".")[0]) for model in meta["models"]}
    return found[RECOGNITION.value], found[DETECTION.value]


def require_one_generation(data: dict[str, Any], recognition: int, detection: int) -> None:
    """Network, crop, card and detector of an embedding are those that its answer names."""
    (face,) = data["faces"]
    network, crop, *_ = face["embedding"]
    assert (network, crop, data["dimension"]) == (recognition,) * 3
    assert face["score"] == pytest.approx(SCORE + detection / 1000)


async def embed(client: httpx.AsyncClient) -> tuple[int, int]:
    answer = await client.post(f"{API}/embed", files={"image": blank()})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    found = versions(body["meta"])
    require_one_generation(body["data"], *found)
    return found


async def embed_many(client: httpx.AsyncClient) -> tuple[int, int]:
    answer = await client.post(f"{API}/batch", files=[("images", ("p", blank()))] * 3)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    found = versions(body["meta"])
    for result in body["data"]["results"]:
        require_one_generation(result["data"], *found)
    return found


async def verify(client: httpx.AsyncClient) -> tuple[int, int]:
    files = {"image_a": blank(), "image_b": blank()}
    answer = await client.post(f"{API}/verify", files=files, data={"far": 0.001})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    recognition, detection = versions(body["meta"])
    assert body["data"]["threshold"] == recognition / 1000
    assert body["data"]["similarity"] == pytest.approx(1)  # embeddings of two versions point elsewhere
    for name in ("face_a", "face_b"):
        assert body["data"][name]["score"] == pytest.approx(SCORE + detection / 1000)
    return recognition, detection


async def calling(
    client: httpx.AsyncClient,
    call: Callable[[httpx.AsyncClient], Any],
    over: asyncio.Event,
    seen: set[tuple[int, int]],
) -> None:
    while not over.is_set():
        seen.add(await call(client))


async def swapping(generations: Generations, over: asyncio.Event) -> None:
    try:
        for version in range(2, SWAPS + 2):
            await replaced(generations, RECOGNITION, version)
            await replaced(generations, DETECTION, version)
    finally:
        over.set()


@pytest.mark.parametrize("remembered", [0, 100], ids=["computed", "remembered"])
@pytest.mark.parametrize("mode", ["process", "service"])
async def test_no_answer_is_made_of_two_generations(mode: str, remembered: int) -> None:
    over, seen = asyncio.Event(), set[tuple[int, int]]()
    with serving(in_service() if mode == "service" else None, remembered) as service:
        await service.generations.start()
        async with service.client() as client, asyncio.timeout(LIMIT_S):
            async with asyncio.TaskGroup() as group:
                for at in range(CALLERS):
                    call = (embed, embed_many, verify, embed)[at % 4]
                    group.create_task(calling(client, call, over, seen))
                group.create_task(swapping(service.generations, over))
            assert await embed(client) == (SWAPS + 1, SWAPS + 1)
    assert len(seen) > 3


async def test_a_request_ends_with_the_models_that_it_began_with() -> None:
    held, go_on = threading.Event(), threading.Event()

    class Slow(DrawnModel):
        def predict(self, items: Sequence[Pixels]) -> list[Floats]:
            held.set()
            assert go_on.wait(LIMIT_S)
            return super().predict(items)

    def load(chosen: Chosen) -> BatchModel:
        return Slow(chosen.cards) if chosen.cards == cards_of(DETECTION, 1) else drawn(chosen)

    metrics = Metrics("tests")
    with serving(in_process(metrics, load)) as service:
        await service.generations.start()
        async with service.client() as client, asyncio.timeout(LIMIT_S):
            early = asyncio.create_task(embed(client))
            await asyncio.to_thread(held.wait, LIMIT_S)
            await replaced(service.generations, DETECTION, 2)
            trial = asyncio.create_task(replaced(service.generations, RECOGNITION, 2))
            assert await trial
            assert await embed(client) == (2, 2)
            go_on.set()
            assert await early == (1, 1)


async def test_everything_that_names_the_models_names_the_new_ones() -> None:
    with serving() as service:
        await service.generations.start()
        async with service.client() as client:
            await replaced(service.generations, RECOGNITION, 2)
            card = (await client.get(f"{API}/model")).json()["data"]
            health = (await client.get("/health")).json()
    assert card["digest"] == cards_of(RECOGNITION, 2)[0].sha256
    assert [model["version"] for model in card["models"]] == ["2.0.0", "1.0.0"]
    assert [model["version"] for model in health["models"]] == ["2.0.0", "1.0.0"]
    lines = [line for line in service.metrics.render().decode().splitlines() if "ai_model_info{" in line]
    assert len(lines) == 2
    assert any('model_version="2.0.0"' in line and "DrawnExecutionProvider" in line for line in lines)


def broken(fault: Exception | None = None, width: int = 4) -> Callable[[Chosen], BatchModel]:
    """Version 2 loads, and fails when it is asked, or says something else than its card promises."""

    class Odd(DrawnModel):
        def predict(self, items: Sequence[Pixels]) -> list[Floats]:
            return [np.full(width, np.nan, np.float32) for _ in super().predict(items)]

    def load(chosen: Chosen) -> BatchModel:
        if not chosen.cards[0].version.startswith("2."):
            return drawn(chosen)
        return Odd(chosen.cards) if fault is None else DrawnModel(chosen.cards, fault=fault)

    return load


def unloadable(fault: Exception) -> Callable[[Chosen], BatchModel]:
    def load(chosen: Chosen) -> BatchModel:
        if chosen.cards[0].version.startswith("2."):
            raise fault
        return drawn(chosen)

    return load


FAULTS = {
    "no graph": (unloadable(ModelUnavailable("the graph is gone")), "the graph is gone"),
    "not a graph": (unloadable(KeyError("strides")), "KeyError: 'strides'"),
    "fails when asked": (broken(RuntimeError("shapes differ")), "failed on this picture"),
    "no numbers": (broken(), "trial"),
}


@pytest.mark.parametrize("mode", ["process", "service"])
@pytest.mark.parametrize(
    ("case", "task"),
    [(case, task) for case in FAULTS for task in (RECOGNITION, DETECTION)][
        :-1
    ],  # no score, no face: an answer
)
async def test_models_that_do_not_work_leave_the_others_in_their_place(
    case: str, task: Task, mode: str
) -> None:
    load, reason = FAULTS[case]
    opened = in_service(load) if mode == "service" else in_process(Metrics("tests"), load)
    with serving(opened) as service:
        await service.generations.start()
        before = service.generations.current
        for attempt in (service.generations.replace, service.generations.beside):
            with pytest.raises(ModelUnavailable, match=reason):
                await asyncio.to_thread(attempt, task, chosen_of(task, 2))
        assert service.generations.current is before
        async with service.client() as client:
            assert await embed(client) == (1, 1)
        await replaced(service.generations, task, 3)
        assert service.generations.current.members[FACES if task is RECOGNITION else DETECTOR].cards == (
            cards_of(task, 3)
        )


async def test_a_service_without_time_for_a_trial_blames_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bentos.common.trial.PATIENCE_S", 0.0)

    with serving() as service:
        await service.generations.start()
        before = service.generations.current

        def full(models: Models) -> None:
            raise Overloaded("the queue is full")

        service.generations.add_trial(full)
        with pytest.raises(Overloaded):
            await replaced(service.generations, RECOGNITION, 2)
        assert service.generations.current is before


async def test_models_of_another_task_or_service_are_refused() -> None:
    generations = drawn_generations(SPEC)
    await generations.start()
    wrong = Chosen(cards_of(DETECTION, 2), MappingProxyType({}))
    several = Chosen((*cards_of(DETECTION, 2), *cards_of(DETECTION, 3)), MappingProxyType({}))
    empty = Chosen((), MappingProxyType({}))
    for task, chosen in (
        (RECOGNITION, wrong),
        (RECOGNITION, empty),
        (DETECTION, several),
        (Task.AGE_GENDER, chosen_of(Task.AGE_GENDER, 2)),
    ):
        with pytest.raises(ModelUnavailable):
            await asyncio.to_thread(generations.replace, task, chosen)


async def test_what_serves_already_is_not_loaded_again() -> None:
    loads: list[int] = []

    def load(chosen: Chosen) -> BatchModel:
        loads.append(1)
        return drawn(chosen)

    generations = drawn_generations(SPEC, open_batcher=in_process(Metrics("tests"), load))
    await generations.start()
    before = generations.current
    assert await replaced(generations, RECOGNITION, 1) is before
    assert len(loads) == 2


async def test_a_challenger_answers_beside_and_nobody_else() -> None:
    with serving() as service:
        await service.generations.start()
        beside = await asyncio.to_thread(service.generations.beside, RECOGNITION, chosen_of(RECOGNITION, 2))
        assert [card.version for card in beside.cards] == ["2.0.0", "1.0.0"]
        assert beside.members[DETECTOR] is service.generations.current.members[DETECTOR]
        async with service.client() as client:
            assert await embed(client) == (1, 1)
        assert "2.0.0" not in service.metrics.render().decode().split("ai_model_info{", 1)[1]


async def test_what_was_kept_with_a_model_fixes_it_from_the_moment_on_that_it_is_settled() -> None:
    spec = ServiceSpec("tests-service", "Tests", TASKS, routes="", fixed=(FACES,))
    generations = drawn_generations(spec)
    await generations.start()
    await replaced(generations, RECOGNITION, 2)
    generations.settle()
    with pytest.raises(ModelUnavailable, match="started again"):
        await replaced(generations, RECOGNITION, 3)
    await replaced(generations, DETECTION, 3)
    assert [card.version for card in generations.current.cards] == ["2.0.0", "3.0.0"]
    await asyncio.to_thread(generations.beside, RECOGNITION, chosen_of(RECOGNITION, 4))


def test_before_the_start_and_after_the_end_nothing_is_loaded() -> None:
    generations = drawn_generations(SPEC)
    with pytest.raises(DependencyUnavailable):
        generations.replace(RECOGNITION, chosen_of(RECOGNITION, 2))
    asyncio.run(generations.start())
    generations.close()
    with pytest.raises(DependencyUnavailable):
        generations.replace(RECOGNITION, chosen_of(RECOGNITION, 2))


async def test_an_end_waits_for_no_load() -> None:
    go_on, loading = threading.Event(), threading.Event()

    def load(chosen: Chosen) -> BatchModel:
        if chosen.cards == cards_of(RECOGNITION, 2):
            loading.set()
            assert go_on.wait(LIMIT_S)
        return drawn(chosen)

    generations = drawn_generations(SPEC, open_batcher=in_process(Metrics("tests"), load))
    await generations.start()
    swap = asyncio.create_task(replaced(generations, RECOGNITION, 2))
    await asyncio.to_thread(loading.wait, LIMIT_S)
    generations.close()
    with pytest.raises(DependencyUnavailable):
        await asyncio.wait_for(swap, LIMIT_S)
    go_on.set()


def _gallery(models: Models) -> Gallery:
    keeping = SimpleNamespace(stores=None, following=None, settlement=None)
    return Gallery.around(cast(Keeping, keeping), models.analysis)


MADE: dict[str, tuple[Task | None, Callable[[Models], object]]] = {
    "detect": (None, bentos.face_detection.routes._answer),
    "embed": (RECOGNITION, bentos.face_recognition.routes.inference._embed),
    "verify": (RECOGNITION, bentos.face_recognition.routes.inference._verify),
    "gallery": (RECOGNITION, _gallery),
    "check": (Task.ANTISPOOFING, bentos.antispoofing.routes._answer),
    "analyze": (Task.DEEPFAKE_DETECTION, bentos.deepfake_detection.routes._answer),
    "estimate": (Task.AGE_GENDER, bentos.age_gender.routes._answer),
}


@pytest.mark.parametrize("name", MADE)
async def test_a_generation_ends_with_its_last_request_and_needs_no_collector(name: str) -> None:
    task, make = MADE[name]
    tasks = {DETECTOR: DETECTION} if task is None else {FACES: task, DETECTOR: DETECTION}
    models: list[weakref.ref[DrawnModel]] = []

    def load(chosen: Chosen) -> BatchModel:
        model = DrawnModel(chosen.cards)
        models.append(weakref.ref(model))
        return model

    spec = ServiceSpec("tests-service", "Tests", MappingProxyType(tasks), routes="")
    generations = drawn_generations(spec, open_batcher=in_process(Metrics("tests"), load))
    await generations.start()
    old = generations.current
    assert old.made(make) is old.made(make)
    gone, detector = weakref.ref(old), models[-1]
    gc.collect()
    gc.disable()  # the collector does not look at what was there at the start of a service
    try:
        await replaced(generations, DETECTION, 2)
        assert gone() is old
        del old
        assert gone() is None
        assert detector() is None
    finally:
        gc.enable()
    assert generations.current.made(make)
