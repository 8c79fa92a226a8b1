from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from drawn_canvases import drawn_bank, drawn_canvas

from training_eval.own.crops import POINTS, SIDE, Pixels
from training_eval.own.morphs import (
    banded,
    bent,
    blended,
    exchanged,
    mirrored,
    new_face,
    part_mask,
    recoloured,
    tinted,
)

FIRST, SECOND = drawn_canvas(1).pixels, drawn_canvas(2).pixels
WHITE, BLACK = np.full_like(FIRST, 255), np.zeros_like(FIRST)

WAYS: dict[str, Callable[[Pixels, Pixels], Pixels]] = {
    "blended": lambda a, b: blended(a, b, 0.4),
    "banded": lambda a, b: banded(a, b, 4.0),
    "exchanged": lambda a, b: exchanged(a, b, part_mask(np.random.default_rng(1))),
    "tinted": lambda a, b: tinted(a, b),
    "mirrored": lambda a, b: mirrored(a, left=True),
    "bent": lambda a, b: bent(a, np.random.default_rng(2)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("pair", [(FIRST, SECOND), (WHITE, BLACK), (BLACK, WHITE), (BLACK, BLACK)])
def test_a_mixture_is_a_canvas(way: str, pair: tuple[Pixels, Pixels]) -> None:
    first, second = pair[0].copy(), pair[1].copy()
    mixed = WAYS[way](first, second)
    assert (mixed.shape, mixed.dtype) == ((SIDE, SIDE, 3), np.uint8)
    np.testing.assert_array_equal(first, pair[0])
    np.testing.assert_array_equal(second, pair[1])


def test_blending_weighs_both() -> None:
    np.testing.assert_array_equal(blended(WHITE, BLACK, 0.4), np.full_like(WHITE, 102))


def test_banding_takes_the_coarse_of_one_and_the_fine_of_the_other() -> None:
    checked = np.where(np.add.outer(np.arange(SIDE), np.arange(SIDE))[..., None] % 2 > 0, 140, 100)
    mixed = banded(np.full_like(FIRST, 200), checked.astype(np.uint8).repeat(3, axis=2), 4.0)
    middle = mixed[20:-20, 20:-20].astype(float)
    assert middle.mean() == pytest.approx(200, abs=1)
    assert middle.std() == pytest.approx(20, abs=1)


def test_tinting_keeps_the_lightness_and_takes_the_colours() -> None:
    grey = np.repeat(FIRST.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    coloured = tinted(grey, SECOND)
    assert np.ptp(coloured, axis=2).mean() > 10
    first, made = (cv2.cvtColor(pixels, cv2.COLOR_BGR2LAB)[..., 0].astype(int) for pixels in (grey, coloured))
    assert np.corrcoef(first.ravel(), made.ravel())[0, 1] > 0.95
    assert np.ptp(tinted(FIRST, grey), axis=2).max() <= 2


def test_exchanging_leaves_the_rest_alone() -> None:
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[:, :50] = 1
    mixed = exchanged(FIRST, SECOND, mask)
    np.testing.assert_array_equal(mixed[:, 50:], FIRST[:, 50:])
    assert np.abs(mixed[:, :50].astype(int) - FIRST[:, :50]).max() > 20


def test_a_mirrored_face_is_its_own_mirror_image_away_from_the_seam() -> None:
    for left in (True, False):
        made = mirrored(FIRST, left).astype(int)
        difference = np.abs(made - made[:, ::-1])
        assert np.delete(difference, np.arange(76, 116), axis=1).max() <= 1
    kept = np.abs(mirrored(FIRST, left=True).astype(int) - FIRST)[:, :70]
    assert kept.max() <= 1


def test_recolouring_takes_over_mean_and_deviation() -> None:
    made = recoloured(SECOND, FIRST)
    np.testing.assert_allclose(made.mean(axis=(0, 1)), FIRST.mean(axis=(0, 1)), atol=0.1)
    np.testing.assert_allclose(made.std(axis=(0, 1)), FIRST.std(axis=(0, 1)), rtol=0.01)


def test_every_part_has_a_mask_between_nothing_and_all() -> None:
    shares = []
    for seed in range(40):
        mask = part_mask(np.random.default_rng(seed))
        assert mask.shape == (SIDE, SIDE)
        assert 0 <= mask.min() <= mask.max() <= 1.0001
        shares.append(float(mask.mean()))
    assert 0.01 < min(shares) < 0.1
    assert max(shares) > 0.4


def test_bending_moves_parts_by_few_pixels() -> None:
    dots = np.zeros((SIDE, SIDE, 3), np.uint8)
    for x, y in POINTS:
        dots[round(float(y)) - 1 : round(float(y)) + 2, round(float(x)) - 1 : round(float(x)) + 2] = 255
    moved = bent(dots, np.random.default_rng(3))
    assert not np.array_equal(moved, dots)
    for x, y in POINTS:
        around = moved[
            round(float(y)) - 12 : round(float(y)) + 13, round(float(x)) - 12 : round(float(x)) + 13
        ]
        assert around.max() > 100


def test_new_faces_follow_from_the_state_alone() -> None:
    bank = drawn_bank()
    faces = [new_face(bank, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(faces[0].pixels, faces[1].pixels)
    assert not np.array_equal(faces[0].pixels, faces[2].pixels)


def test_most_new_faces_are_nobodys_and_some_are_somebodys() -> None:
    bank = drawn_bank()
    known = [canvas.pixels for kind in bank.kinds.values() for canvas in kind]
    drawn = [new_face(bank, np.random.default_rng(seed)).pixels for seed in range(60)]
    plain = sum(any(np.array_equal(pixels, one) for one in known) for pixels in drawn)
    assert 3 < plain < 30
