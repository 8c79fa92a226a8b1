"""From a card to a model that runs, when it is first needed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bentos.common.metrics import MeteredModel, Metrics
from bentos.common.model_set import Chosen
from bentos.common.settings import SessionSettings, Settings
from models.catalogue.card import ModelCard, Task
from models.runtime.batch import BatchModel
from models.runtime.detector import DetectorModel
from models.runtime.elastic import ElasticSession
from models.runtime.ensemble import FaceModel
from models.runtime.session import (
    CPU,
    Floats,
    GpuOptions,
    OrtSession,
    Pixels,
    Session,
    SessionOptions,
    available,
)


@dataclass(frozen=True, slots=True)
class Parallelism:
    """What runs at once.

    Attributes:
        requests: Requests that are worked on.
        workers: Batches in the models of this process.
        threads: Of each batch (0: ONNX Runtime's choice).
    """

    requests: int
    workers: int
    threads: int


def parallelism_of(settings: Settings) -> Parallelism:
    """As set; else on a CPU a thread for each core, and one more for the moments in which one waits for
    Python's lock. Each takes a request from its first byte to its last: that wastes least.

    Elsewhere (a GPU, or a model in a process of its own) threads only wait for batches; there are more of them
    than a batch has items, so that the next one gathers while one runs.

    Raises:
        ModelUnavailable: None of the providers is installed.
    """
    cores = os.cpu_count() or 1
    waits = settings.batch.mode == "service" or available(settings.session.providers)[0] != CPU
    requests = settings.worker_threads or (max(cores, 2 * settings.batch.max_size) if waits else cores + 1)
    workers = settings.batch.workers or (1 if waits else requests)
    return Parallelism(requests, workers, settings.session.threads or (1 if workers > 1 else 0))


def open_session(card: ModelCard, path: Path, settings: Settings, alone: Callable[[], bool]) -> Session:
    """A session for a card's graph; on a CPU one that takes all cores whenever ``alone`` says so.

    Raises:
        ModelUnavailable: It cannot be loaded; the message names the remedy.
    """
    options = SessionOptions(
        providers=settings.session.providers,
        threads=parallelism_of(settings).threads,
        max_batch=settings.batch.max_size,
        gpu=_gpu_of(settings.session),
    )
    session = OrtSession(card, path, options)
    if session.provider != CPU or settings.session.threads or options.threads != 1:
        return session
    return ElasticSession(session, OrtSession(card, path, replace(options, threads=0)), alone)


def open_model(chosen: Chosen, settings: Settings, alone: Callable[[], bool]) -> BatchModel:
    """The models of a task as one batched model.

    Raises:
        ModelUnavailable: As for ``open_session``.
    """
    sessions = [open_session(card, chosen.paths[card.sha256], settings, alone) for card in chosen.cards]
    detects = chosen.cards[0].task is Task.FACE_DETECTION
    return DetectorModel(sessions[0]) if detects else FaceModel(sessions)


def _gpu_of(session: SessionSettings) -> GpuOptions:
    return GpuOptions(
        device_id=session.gpu_device,
        precision=session.gpu_precision,
        memory_limit_bytes=session.gpu_memory_mb and session.gpu_memory_mb * 2**20,
        engine_cache=session.gpu_engines,
    )


class LazyModel:
    """A model that ``warm_up`` loads, in the process that runs it; a failed load can be tried again."""

    def __init__(self, cards: Sequence[ModelCard], load: Callable[[], BatchModel], metrics: Metrics) -> None:
        self._cards = tuple(cards)
        self._load = load
        self._metrics = metrics
        self._model: BatchModel | None = None
        self._loading = threading.Lock()

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        return self._cards

    @property
    def provider(self) -> str:
        return self._loaded().provider

    def warm_up(self) -> None:
        """Load and run once, if that has not happened yet.

        Raises:
            ModelUnavailable: The weights cannot be had or loaded.
        """
        self._loaded()

    def predict(self, items: Sequence[Pixels]) -> list[Floats]:
        return self._loaded().predict(items)

    def _loaded(self) -> BatchModel:
        with self._loading:
            if self._model is None:
                model = self._load()
                model.warm_up()
                self._model = MeteredModel(model, self._metrics)
            return self._model
