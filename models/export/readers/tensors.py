"""Named tensors of one weight file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelUnavailable

Floats = NDArray[np.float32]


class Tensors(Mapping[str, Floats]):
    """The tensors of one file by name; what is missing or misshapen is said in a sentence.

    Args:
        source: Name of the file, for messages.
        values: float32 arrays by name.
    """

    def __init__(self, source: str, values: Mapping[str, Floats]) -> None:
        self._source = source
        self._values = dict(values)

    def __getitem__(self, name: str) -> Floats:
        try:
            return self._values[name]
        except KeyError:
            raise ModelUnavailable(f"{self._source} has no tensor {name}: it is another network's.") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def take(self, name: str, *shape: int) -> Floats:
        """Return the tensor ``name`` of exactly this shape.

        Raises:
            ModelUnavailable: There is no such tensor, or its shape is another.
        """
        values = self[name]
        if values.shape != shape:
            raise ModelUnavailable(f"{self._source}: {name} has shape {values.shape}, {shape} is expected.")
        return values
