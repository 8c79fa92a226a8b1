"""Crops with a teacher's answers, made when first asked for and kept: a teacher costs more than its student."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Answers = Mapping[str, NDArray[np.generic]]
Teach = Callable[[Pixels], Answers]
"""Answers for crops uint8 [N, side, side, 3], every array with N first."""
_SEED = 20_260_101


class Pool:
    """``size`` crops by number. Crop k and its answers are the same in every run.

    Args:
        size: How many there are.
        side: Pixels of a crop's sides.
        make: Makes a crop from a random state.
        teach: Asked once for each crop.
        seed: Another one gives other crops.
    """

    def __init__(
        self,
        size: int,
        side: int,
        make: Callable[[np.random.Generator], Pixels],
        teach: Teach,
        seed: int = _SEED,
    ) -> None:
        self._make, self._teach, self._seed = make, teach, seed
        self._crops = np.zeros((size, side, side, 3), np.uint8)
        self._known = np.zeros(size, bool)
        self._answers: dict[str, NDArray[np.generic]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._crops)

    def draw(self, random: np.random.Generator, count: int) -> tuple[Pixels, Answers]:
        """``count`` different crops and their answers."""
        return self.get(random.choice(len(self), min(count, len(self)), replace=False))

    def get(self, numbers: NDArray[np.integer]) -> tuple[Pixels, Answers]:
        """Crops by number, uint8 [N, side, side, 3], and their answers."""
        with self._lock:
            missing = numbers[~self._known[numbers]]
            if len(missing):
                self._add(np.unique(missing))
            return self._crops[numbers], {name: values[numbers] for name, values in self._answers.items()}

    def _add(self, numbers: NDArray[np.integer]) -> None:
        crops = np.stack([self._make(np.random.default_rng([self._seed, int(n)])) for n in numbers])
        for name, values in self._teach(crops).items():
            if name not in self._answers:
                self._answers[name] = np.zeros((len(self), *values.shape[1:]), values.dtype)
            self._answers[name][numbers] = values
        self._crops[numbers] = crops
        self._known[numbers] = True
