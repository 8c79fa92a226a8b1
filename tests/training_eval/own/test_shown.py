"""The three parts of the material share nobody, and what is cut of it is where it should be."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from drawn_material import drawn_part, face_of
from drawn_portraits import draw

from training_eval.errors import DataMissing
from training_eval.own.material import Material, Picture
from training_eval.own.shown import RESERVED_ATT, RESERVED_PHOTOGRAPHS, ShownPart, shown

PARTS: tuple[ShownPart, ...] = ("training", "reserved", "held back")


def picture(name: str) -> Picture:
    drawn = draw()
    return Picture(Path(name), drawn.pixels, lambda _: [face_of(drawn)])


@dataclass
class Folders:
    """What ``Material`` gives, without files."""

    def photographs(self, folder: str, part: str) -> tuple[Picture, ...]:
        names = {"training": ["1.jpg", *sorted(RESERVED_PHOTOGRAPHS)], "held back": ["20.jpg"]}[part]
        return tuple(picture(f"{folder}/{name}") for name in names)

    def frames(self, part: str, step: int) -> tuple[Picture, ...]:
        return (picture(f"video/{part}.mp4"),)

    def att(self, part: str) -> tuple[Picture, ...]:
        names = {"training": ["s1", *sorted(RESERVED_ATT)], "held back": ["s40"]}[part]
        return tuple(picture(f"att/{name}/1.pgm") for name in names)


def material() -> Material:
    return cast(Material, cast(Any, Folders()))


def test_no_file_and_no_person_is_in_two_parts() -> None:
    found = [shown(material(), part, smallest=40, grey=True) for part in PARTS]
    files, people = ([set(getattr(part, name)) for part in found] for name in ("sources", "people"))
    for kind in (files, people):
        assert all(kind)
        assert not kind[0] & kind[1]
        assert not kind[0] & kind[2]
        assert not kind[1] & kind[2]
    assert files[1] == RESERVED_PHOTOGRAPHS
    assert people[1] == RESERVED_ATT


def test_videos_and_grey_faces_can_be_left_out() -> None:
    with_all = shown(material(), "held back", smallest=40, grey=True)
    without = shown(material(), "held back", smallest=40, videos=False)
    assert len(with_all.faces) == len(without.faces) + 1
    assert with_all.faces[: len(without.faces)] == with_all.faces[:-1]  # the video's come last
    assert not without.grey


def test_small_faces_are_left_out_and_none_is_an_error() -> None:
    with pytest.raises(DataMissing, match="no face of 4000 pixels"):
        shown(material(), "training", smallest=4000)


def test_a_file_with_many_faces_is_drawn_more_often_by_the_root() -> None:
    part = drawn_part(5, 0)
    lopsided = type(part)(part.faces, ("a", "a", "a", "a", "b"), (), (), part.backgrounds)
    random = np.random.default_rng(0)
    file_of = {id(face): file for face, file in zip(lopsided.faces, lopsided.sources, strict=True)}
    drawn = Counter(file_of[id(lopsided.face(random))] for _ in range(900))
    assert drawn["a"] / 900 == pytest.approx(2 / 3, abs=0.06)


def test_any_place_lies_in_its_picture() -> None:
    part = drawn_part(3, 0)
    for seed in range(20):
        pixels, (left, top, width, height) = part.place(np.random.default_rng(seed))
        assert min(left, top) >= 0
        assert left + width <= pixels.shape[1] + 1e-3
        assert top + height <= pixels.shape[0] + 1e-3
        assert width > 1 < height
