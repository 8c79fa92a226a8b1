"""From a card to a model that runs, when it is first needed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bentos.common.metrics import MeteredModel, Metrics
from bentos.common.settings import Settings
from models.catalogue.card import ModelCard
from models.runtime.batch import BatchModel
from models.runtime.session import CPU, Floats, OrtSession, Pixels, Session, SessionOptions, available
from models.runtime.store import WeightStore


def store_of(settings: Settings) -> WeightStore:
    """The weight store that the settings describe."""
    store = settings.store
    return WeightStore(store.cache, mirror=store.mirror, offline=store.offline)


@dataclass(frozen=True, slots=True)
class Parallelism:
    """Batches that run at once, and threads of each (0: ONNX Runtime's choice)."""

    workers: int
    threads: int


def parallelism_of(settings: Settings) -> Parallelism:
    """As set; else on a CPU a batch for each core with a thread each, which wastes least, and one on a GPU.

    Raises:
        ModelUnavailable: None of the providers is installed.
    """
    on_cpu = available(settings.session.providers)[0] == CPU
    in_process = settings.batch.mode == "process"
    workers = settings.batch.workers or ((os.cpu_count() or 1) if on_cpu and in_process else 1)
    return Parallelism(workers, settings.session.threads or (1 if workers > 1 else 0))


def open_session(card: ModelCard, settings: Settings) -> Session:
    """A session for a card.

    Raises:
        ModelUnavailable: Its weights cannot be had or loaded; the message names the remedy.
    """
    options = SessionOptions(
        providers=settings.session.providers,
        threads=parallelism_of(settings).threads,
        max_batch=settings.batch.max_size,
    )
    return OrtSession(card, store_of(settings).resolve(card), options)


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
