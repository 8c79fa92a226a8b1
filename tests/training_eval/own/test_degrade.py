from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from drawn_canvases import drawn_canvas

from training_eval.own import degrade as changes
from training_eval.own.crops import cut_aligned
from training_eval.own.degrade import degrade

CROP = cut_aligned(drawn_canvas(1), np.random.default_rng(0))
ALL = [
    changes.covered,
    changes.recoloured,
    changes.greyed,
    changes.lit,
    changes.blurred,
    changes.shrunk,
    changes.noisy,
    changes.compressed,
]


@pytest.mark.parametrize("change", ALL, ids=lambda change: change.__name__)
@pytest.mark.parametrize("level", [None, 0, 255])
def test_a_change_gives_another_crop_of_the_same_kind(
    change: Callable[[np.ndarray, np.random.Generator], np.ndarray], level: int | None
) -> None:
    crop = CROP if level is None else np.full_like(CROP, level)
    before = crop.copy()
    for seed in range(5):
        changed = change(crop, np.random.default_rng(seed))
        assert (changed.shape, changed.dtype) == (crop.shape, np.uint8)
    np.testing.assert_array_equal(crop, before)
    assert level is not None or not np.array_equal(changed, crop)


def test_the_same_state_gives_the_same_crop() -> None:
    first, again, other = (degrade(CROP, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_some_crops_stay_as_they_are_and_every_change_happens() -> None:
    made = [degrade(CROP, np.random.default_rng(seed)) for seed in range(200)]
    untouched = sum(np.array_equal(crop, CROP) for crop in made)
    grey = sum(np.ptp(crop, axis=2).max() == 0 for crop in made)
    assert 2 < untouched < 60
    assert 3 < grey < 60


def test_grey_has_three_equal_channels_of_the_same_brightness() -> None:
    grey = changes.greyed(CROP, np.random.default_rng(0))
    assert np.ptp(grey, axis=2).max() == 0
    np.testing.assert_allclose(grey[..., 0], CROP @ [0.114, 0.587, 0.299], atol=0.51)


def test_a_shrunken_crop_has_lost_its_details() -> None:
    noise = np.random.default_rng(1).integers(0, 256, CROP.shape, dtype=np.uint8)
    for seed in range(10):
        assert changes.shrunk(noise, np.random.default_rng(seed)).std() < 0.8 * noise.std()


def test_a_cover_hides_a_part_and_no_more() -> None:
    for seed in range(20):
        hidden = (changes.covered(CROP, np.random.default_rng(seed)) != CROP).any(axis=2).mean()
        assert 0 < hidden < 0.25
