"""A graph that runs: the Session protocol, and ONNX Runtime behind it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from models.catalogue.card import ModelCard
from models.errors import ModelUnavailable

logger = logging.getLogger(__name__)

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Outputs = Mapping[str, Floats]

INPUT = "images"
CPU = "CPUExecutionProvider"


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


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How a graph runs.

    Attributes:
        providers: ONNX Runtime providers in order of preference; those that are not installed are skipped.
        threads: Threads of one operator (0: ONNX Runtime's choice).
        max_batch: Larger batches are run in parts of this size, so that memory stays bounded.
        cpu_max_batch: The same on a CPU, where a larger batch takes more memory and more time an item.
    """

    providers: Sequence[str] = ("CUDAExecutionProvider", CPU)
    threads: int = 0
    max_batch: int = 16
    cpu_max_batch: int = 1


class OrtSession:
    """A card's graph in ONNX Runtime.

    Args:
        card: What ``path`` holds.
        path: The ONNX file.
        options: How it runs.

    Raises:
        ModelUnavailable: No provider of the list is installed, or the file cannot be loaded.
    """

    def __init__(self, card: ModelCard, path: Path, options: SessionOptions | None = None) -> None:
        options = options or SessionOptions()
        self._card = card
        self._session = _load(path, available(options.providers), options.threads)
        self._max_batch = options.cpu_max_batch if self.provider == CPU else options.max_batch
        self._names = [output.name for output in self._session.get_outputs()]
        _log(card, self.provider, options.providers)

    @property
    def card(self) -> ModelCard:
        """What is loaded."""
        return self._card

    @property
    def provider(self) -> str:
        """What it runs on."""
        return str(self._session.get_providers()[0])

    def run(self, images: Pixels) -> Outputs:
        """Outputs by name for uint8 [N, H, W, 3]."""
        parts = [self._run(images[i : i + self._max_batch]) for i in range(0, len(images), self._max_batch)]
        if len(parts) == 1:
            return parts[0]
        return {name: np.concatenate([part[name] for part in parts]) for name in self._names}

    def _run(self, images: Pixels) -> Outputs:
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


def _log(card: ModelCard, provider: str, preferred: Sequence[str]) -> None:
    passed_over = ", ".join(takewhile(lambda name: name != provider, preferred))
    fallback = f", because {passed_over} cannot be had here" if passed_over else ""
    logger.info("%s %s runs on %s%s", card.name, card.version, provider, fallback)


def _load(path: Path, providers: list[str], threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # ONNX Runtime raises a class of its own for every fault
        raise ModelUnavailable(
            f"{path.name} cannot be loaded: {error}. Pull it again: `make models`."
        ) from error
