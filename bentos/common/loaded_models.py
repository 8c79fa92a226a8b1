"""The models of a service in the inner process that holds them for all others, which say what they want loaded."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bentos.common.batching.base import predict_each
from bentos.common.batching.service import UNKNOWN, Item, Loading
from bentos.common.loading import open_model
from bentos.common.logs import configure_logging
from bentos.common.metrics import MeteredModel, Metrics
from bentos.common.model_set import Chosen, key_of
from bentos.common.settings import Settings
from bentos.common.spec import ServiceSpec
from models.catalogue.serial import card_from_json
from models.errors import FaceSocialError
from models.runtime.batch import BatchModel
from models.runtime.session import Floats

logger = logging.getLogger(__name__)

KEPT = 3
"""Models of a name that stay loaded: the one that serves, the one that takes its place, and a challenger."""

OpenModel = Callable[[Chosen], BatchModel]


class LoadedModels:
    """Loads models beside the ones that answer; items say by which they are to be answered.

    Args:
        spec: Of the service.
        settings: Of the process.
        load: Makes a model; the real one unless a test brings another.
    """

    def __init__(self, spec: ServiceSpec, settings: Settings, load: OpenModel | None = None) -> None:
        configure_logging(settings.log_level)
        self._metrics = Metrics(spec.name, settings.prometheus_multiproc_dir)
        self._waited = {name: self._metrics.waiting(name) for name in spec.tasks}
        self._load = load or (lambda chosen: open_model(chosen, settings, alone=lambda: True))
        self._loading = ThreadPoolExecutor(1, thread_name_prefix="loading")
        self._lock = threading.Lock()
        self._held: dict[str, OrderedDict[str, Future[BatchModel]]] = {
            name: OrderedDict() for name in spec.tasks
        }

    def load(self, name: str, cards: Sequence[Mapping[str, Any]], paths: Mapping[str, str]) -> Loading:
        """Begin to load a model unless it is here, and say how far that is; a load that failed begins anew."""
        chosen = Chosen(
            tuple(map(card_from_json, cards)), {digest: Path(path) for digest, path in paths.items()}
        )
        held, key = self._held[name], key_of(chosen.cards)
        with self._lock:
            if key not in held:
                held[key] = self._loading.submit(self._opened, chosen)
                while len(held) > KEPT:
                    held.popitem(last=False)
            held.move_to_end(key)
            model = held[key]
            if not model.done():
                return Loading()
            if (error := model.exception()) is not None:
                del held[key]
                return Loading(fault=_reason(error))
        return Loading(provider=model.result().provider)

    def predict(self, name: str, items: Sequence[Item]) -> list[Floats | str | None]:
        """A model's answers; None for an item on which it fails alone, ``UNKNOWN`` for one whose model is not here."""
        if items:  # once a batch: the longest wait
            self._waited[name](time.monotonic() - min(sent for _, sent, _ in items))
        answers: list[Floats | str | None] = [UNKNOWN] * len(items)
        for key in dict.fromkeys(key for key, _, _ in items):
            model = self._find(name, key)
            if model is not None:
                places = [place for place, item in enumerate(items) if item[0] == key]
                found = predict_each(model, [items[place][2] for place in places])
                for place, answer in zip(places, found, strict=True):
                    answers[place] = answer
        return answers

    def _find(self, name: str, key: str) -> BatchModel | None:
        held = self._held[name]
        with self._lock:
            model = held.get(key)
            if model is None or not model.done() or model.exception() is not None:
                return None
            held.move_to_end(key)
        return model.result()

    def _opened(self, chosen: Chosen) -> BatchModel:
        try:
            model = self._load(chosen)
            model.warm_up()
        except Exception as error:
            logger.error("a model is not loaded: %s", _reason(error))
            raise
        return MeteredModel(model, self._metrics)


def _reason(error: BaseException) -> str:
    return error.message if isinstance(error, FaceSocialError) else f"{type(error).__name__}: {error}"
