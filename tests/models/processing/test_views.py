"""Views of a face as the cards ask for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from models.catalogue.age_gender import AGE_GENDER_XCEPTION
from models.catalogue.antispoofing import MINIFASNET_V1SE, MINIFASNET_V2
from models.catalogue.card import CropRule, InputSpec
from models.catalogue.deepfake import MESO4_DF, MESOINCEPTION_DF
from models.catalogue.recognition import CARDS as RECOGNITION
from models.errors import LowQuality
from models.processing.align import align
from models.processing.crop import box_crop
from models.processing.views import View, views_of

MOBILEFACENET = next(card for card in RECOGNITION if card.crop.kind == "align5")
BOX = np.array([60, 50, 40, 60], np.float32)
POINTS = np.array([[70, 70], [90, 70], [80, 82], [73, 95], [88, 95]], np.float32)


@pytest.fixture
def pixels() -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (200, 240, 3), dtype=np.uint8)


def test_cards_with_one_crop_share_a_view() -> None:
    views = views_of((MESO4_DF, MESOINCEPTION_DF))
    assert len(views.distinct) == 1
    assert views.of_card == (0, 0)


def test_cards_with_two_crops_have_a_view_each_in_their_order() -> None:
    views = views_of((MINIFASNET_V1SE, MINIFASNET_V2, MINIFASNET_V1SE))
    assert [view.crop.scale for view in views.distinct] == [4.0, 2.7]
    assert views.of_card == (0, 1, 0)


def test_each_view_is_the_crop_of_its_rule(pixels: NDArray[np.uint8]) -> None:
    near, wide = views_of((MINIFASNET_V2, MINIFASNET_V1SE)).cut(pixels, BOX, POINTS)
    np.testing.assert_array_equal(near, box_crop(pixels, BOX, 2.7, (80, 80)))
    np.testing.assert_array_equal(wide, box_crop(pixels, BOX, 4.0, (80, 80)))


def test_a_square_view_takes_the_longer_side(pixels: NDArray[np.uint8]) -> None:
    (face,) = views_of((AGE_GENDER_XCEPTION,)).cut(pixels, BOX, POINTS)
    np.testing.assert_array_equal(face, box_crop(pixels, BOX, 1.0, (112, 112), square=True))


def test_an_aligned_view_uses_the_points_alone(pixels: NDArray[np.uint8]) -> None:
    views = views_of((MOBILEFACENET,))
    (face,) = views.cut(pixels, BOX, POINTS)
    template = np.asarray(MOBILEFACENET.crop.template, np.float32)
    np.testing.assert_array_equal(face, align(pixels, POINTS, template, 112))
    np.testing.assert_array_equal(face, views.cut(pixels, BOX + 20, POINTS)[0])


def test_width_and_height_are_not_mixed_up(pixels: NDArray[np.uint8]) -> None:
    assert View(CropRule(kind="box"), width=30, height=20).cut(pixels, BOX, POINTS).shape == (20, 30, 3)


def test_a_picture_decoded_at_half_size_gives_the_same_view(pixels: NDArray[np.uint8]) -> None:
    views = views_of((MINIFASNET_V2,))
    np.testing.assert_array_equal(
        views.cut(pixels, BOX * 2, POINTS * 2, scale=0.5), views.cut(pixels, BOX, POINTS)
    )


@pytest.mark.parametrize("card", [MINIFASNET_V2, AGE_GENDER_XCEPTION])
@pytest.mark.parametrize("box", [(0, 0, 0, 0), (10, 10, -5, 20), (np.nan, 0, 9, 9), (0, 0, np.inf, 9)])
def test_a_box_that_is_none_is_refused(
    pixels: NDArray[np.uint8], card: object, box: tuple[float, ...]
) -> None:
    with pytest.raises(LowQuality):
        views_of((card,)).cut(pixels, np.array(box, np.float32), POINTS)  # type: ignore[arg-type]


@pytest.mark.parametrize("points", [np.zeros((5, 2)), np.full((5, 2), np.nan), np.full((5, 2), 50.0)])
def test_points_that_are_none_are_refused(pixels: NDArray[np.uint8], points: NDArray[np.float64]) -> None:
    with pytest.raises(LowQuality):
        views_of((MOBILEFACENET,)).cut(pixels, BOX, points.astype(np.float32))


def test_a_face_far_outside_gives_a_crop_at_the_border(pixels: NDArray[np.uint8]) -> None:
    far = np.array([5000, -5000, 40, 60], np.float32)
    assert views_of((MINIFASNET_V2,)).cut(pixels, far, POINTS).shape == (1, 80, 80, 3)


def test_networks_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="one size"):
        views_of((MINIFASNET_V2, MESO4_DF))


def test_another_order_of_channels_is_refused() -> None:
    with pytest.raises(ValueError, match="BGR"):
        views_of((replace(MINIFASNET_V2, input=InputSpec(colour="RGB", width=80, height=80)),))
