"""Crops with the answers that they were made with, made when they are first asked for and kept."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Item = tuple[Pixels, Floats]
"""A crop uint8 [side, side, 3] and its answer float32 [K]."""


class Judged:
    """``size`` items by number; item k is the same in every run.

    Args:
        size: How many there are.
        make: Makes an item from a random state; all crops are of one size, all answers of one length.
        seed: Another one gives other items.
    """

    def __init__(self, size: int, make: Callable[[np.random.Generator], Item], seed: int = 0) -> None:
        self._make, self._seed = make, seed
        self._items: list[Item | None] = [None] * size

    def __len__(self) -> int:
        return len(self._items)

    def draw(self, random: np.random.Generator, count: int) -> tuple[Pixels, Floats]:
        """``count`` items, none twice unless there are fewer: uint8 [N, side, side, 3], float32 [N, K]."""
        return self.get(random.choice(len(self), count, replace=count > len(self)))

    def get(self, numbers: NDArray[np.integer]) -> tuple[Pixels, Floats]:
        """Items by number."""
        crops, answers = zip(*(self._item(int(number)) for number in numbers), strict=True)
        return np.stack(crops), np.stack(answers)

    def _item(self, number: int) -> Item:
        item = self._items[number]
        if item is None:
            item = self._make(np.random.default_rng([self._seed, number]))
            self._items[number] = item
        return item


def varied(crops: Pixels, random: np.random.Generator, noise: float = 4.0) -> Floats:
    """Mirror half of the crops, change the light, contrast and colours of each, add a little noise.

    What is kept (``Judged``) is seen many times; so no two times are alike. Colours vary as widely as between cameras:
    a pale or bluish picture is neither an attack nor a forgery.

    Args:
        crops: uint8 [N, H, W, 3].
        random: All chance.
        noise: Largest deviation of the noise, in the values' 0-255.

    Returns:
        float32 [N, H, W, 3], limited to 0-255.
    """
    shape = (len(crops), 1, 1, 1)
    values = np.where(random.random(shape) < 0.5, crops[:, :, ::-1], crops).astype(np.float32)
    grey = values.mean(axis=3, keepdims=True)
    values = grey + (values - grey) * random.uniform(0.4, 1.3, shape).astype(np.float32)
    gains = np.exp(random.normal(0, 0.15, shape) + random.normal(0, 0.1, (len(crops), 1, 1, 3)))
    contrast = np.exp(random.normal(0, 0.15, shape)).astype(np.float32)
    middle = values.mean(axis=(1, 2, 3), keepdims=True)
    values = (middle + (values - middle) * contrast) * gains.astype(np.float32)
    values += random.normal(0, 10, shape).astype(np.float32)
    values += random.standard_normal(crops.shape, dtype=np.float32) * random.uniform(0, noise, shape).astype(
        np.float32
    )
    return np.clip(values, 0, 255)
