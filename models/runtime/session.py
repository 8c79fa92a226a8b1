"""A graph that runs: the Session protocol, and ONNX Runtime behind it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from models.catalogue.card import ModelCard
from models.errors import ModelUnavailable
from models.runtime.binding import BoundRunner
from models.runtime.opening import Opened, open_graph
from models.runtime.options import CPU, GPU_PROVIDERS, INPUT, GpuOptions, SessionOptions, bucket
from models.runtime.pinned import pinned_on

__all__ = [
    "CPU",
    "INPUT",
    "Floats",
    "GpuOptions",
    "OrtSession",
    "Outputs",
    "Pixels",
    "Session",
    "SessionOptions",
    "available",
]

logger = logging.getLogger(__name__)

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Outputs = Mapping[str, Floats]


class Session(Protocol):
    """One loaded graph."""

    @property
    def card(self) -> ModelCard:
        """What is loaded."""
        ...

    @property
    def provider(self) -> str:
        """What it runs on, in ONNX Runtime's words."""
        ...

    def run(self, images: Pixels) -> Outputs:
        """Outputs by name for uint8 [N, H, W, 3]; every output's first axis is N."""
        ...


class OrtSession:
    """A card's graph in ONNX Runtime.

    On a GPU, batches are padded to few sizes and go through bound, pinned buffers; elsewhere they are run as
    they come.

    Args:
        card: What ``path`` holds.
        path: The ONNX file.
        options: How it runs.

    Raises:
        ModelUnavailable: No provider of the list is installed, or none of them can load the file.
    """

    def __init__(self, card: ModelCard, path: Path, options: SessionOptions | None = None) -> None:
        options = options or SessionOptions()
        opened = open_graph(card, path, available(options.providers), options)
        self._card = card
        self._session = opened.session
        self._provider = opened.provider
        self._max_batch = options.cpu_max_batch if self.provider == CPU else options.max_batch
        self._names = [output.name for output in self._session.get_outputs()]
        self._bound = _on_gpu(self._session, options) if self.provider in GPU_PROVIDERS else None
        _log(card, opened, options)

    @property
    def card(self) -> ModelCard:
        """What is loaded."""
        return self._card

    @property
    def provider(self) -> str:
        """What it runs on."""
        return self._provider

    def run(self, images: Pixels) -> Outputs:
        """Outputs by name for uint8 [N, H, W, 3]."""
        parts = [self._run(images[i : i + self._max_batch]) for i in range(0, len(images), self._max_batch)]
        if len(parts) == 1:
            return parts[0]
        return {name: np.concatenate([part[name] for part in parts]) for name in self._names}

    def _run(self, images: Pixels) -> Outputs:
        if self._bound:
            return self._bound.run(images)
        return dict(zip(self._names, self._session.run(self._names, {INPUT: images}), strict=True))


def available(preferred: Sequence[str]) -> list[str]:
    """The providers of a list that are installed, in its order.

    Raises:
        ModelUnavailable: None is.
    """
    installed = ort.get_available_providers()
    chosen = [name for name in preferred if name in installed]
    if not chosen:
        raise ModelUnavailable(
            f"None of the providers {', '.join(preferred)} is installed (there is {', '.join(installed)}): "
            "change FACESOCIAL_PROVIDERS or install the extra `cpu` or `gpu`."
        )
    return chosen


def _on_gpu(session: ort.InferenceSession, options: SessionOptions) -> BoundRunner:
    return BoundRunner(
        session,
        device="cuda",
        device_id=options.gpu.device_id,
        rows_of=partial(bucket, largest=options.max_batch),
        allocate=pinned_on(options.gpu.device_id),
    )


def _log(card: ModelCard, opened: Opened, options: SessionOptions) -> None:
    passed_over = takewhile(lambda name: name != opened.provider, options.providers)
    reasons = "; ".join(f"{name} is {opened.refused.get(name, 'not installed')}" for name in passed_over)
    fallback = f", because {reasons}" if reasons else ""
    precision = f" in {options.gpu.precision}" if opened.provider in GPU_PROVIDERS else ""
    logger.info("%s %s runs on %s%s%s", card.name, card.version, opened.provider, precision, fallback)
