"""What the networks of a service see of a face: crops by the cards' rules, each made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.catalogue.card import CropRule, InputSpec, ModelCard
from models.processing.align import align
from models.processing.crop import box_crop


@dataclass(frozen=True, slots=True)
class View:
    """A crop rule at the size of a network's input."""

    crop: CropRule
    width: int
    height: int

    def cut(
        self, pixels: NDArray[np.uint8], box: NDArray[np.float32], points: NDArray[np.float32]
    ) -> NDArray[np.uint8]:
        """Cut a face out of a picture.

        Args:
            pixels: BGR uint8 [h, w, 3].
            box: [4] left, top, width, height in pixels of ``pixels``.
            points: [5, 2] landmarks in pixels of ``pixels``.

        Returns:
            BGR uint8 [height, width, 3].

        Raises:
            LowQuality: Box or points determine no face.
        """
        if self.crop.kind == "align5":
            return align(pixels, points, np.asarray(self.crop.template, np.float32), self.width)
        size = (self.width, self.height)
        return box_crop(pixels, box, self.crop.scale, size, square=self.crop.kind == "square")


@dataclass(frozen=True, slots=True)
class Views:
    """The views of some networks.

    Attributes:
        distinct: Every view once; all of one size.
        of_card: For each card the index of its view.
    """

    distinct: tuple[View, ...]
    of_card: tuple[int, ...]

    def cut(
        self,
        pixels: NDArray[np.uint8],
        box: NDArray[np.float32],
        points: NDArray[np.float32],
        scale: float = 1.0,
    ) -> NDArray[np.uint8]:
        """All views of one face, uint8 [views, height, width, 3].

        Args:
            pixels: BGR uint8 [h, w, 3], perhaps decoded at a reduced size.
            box: [4] left, top, width, height in pixels of the full picture.
            points: [5, 2] landmarks in pixels of the full picture.
            scale: Size of ``pixels`` over the size of the full picture.

        Raises:
            LowQuality: Box or points determine no face.
        """
        box, points = box * np.float32(scale), points * np.float32(scale)
        return np.stack([view.cut(pixels, box, points) for view in self.distinct])


def views_of(cards: Sequence[ModelCard]) -> Views:
    """The views that the cards ask for.

    Raises:
        ValueError: The cards do not take BGR pictures of one size: they cannot form one item of a batch.
    """
    wanted = [_view(card.crop, card.input) for card in cards]
    if len({(view.width, view.height) for view in wanted}) != 1:
        raise ValueError("the models of an ensemble take pictures of one size")
    distinct = tuple(dict.fromkeys(wanted))
    return Views(distinct, tuple(distinct.index(view) for view in wanted))


def _view(crop: CropRule, spec: InputSpec) -> View:
    if spec.colour != "BGR":
        raise ValueError("pictures are BGR throughout; a recipe folds another order into the graph")
    return View(crop, spec.width, spec.height)
