"""Training and held-back photographs never mix, and nothing is read before it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from training_eval.calibration.faces import Face, Pixels
from training_eval.errors import DataMissing
from training_eval.own.material import Material, Part, Picture
from training_eval.own.split import held_back
from training_eval.settings import TrainingSettings

PARTS: tuple[Part, ...] = ("training", "held back")


class CountingLoader:
    """Finds no face and counts how often it was asked, and for which scores."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    def faces(self, pixels: Pixels, min_score: float = 0.6) -> list[Face]:
        self.asked.append(min_score)
        return []


def write(path: Path, shade: int = 128) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (56, 46) if path.suffix == ".pgm" else (56, 46, 3)
    assert cv2.imwrite(str(path), np.full(shape, shade, np.uint8))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in ("1.jpg", "2.jpg", "3.jpg", "multiface.jpg"):
        write(tmp_path / "groups" / name)
    for name in ("obama.jpg", "biden2.jpg", "two_people.jpg", "someone.jpg"):
        write(tmp_path / "people" / name)
    for name in ("deepfake/df/a.jpg", "deepfake/real/b.jpg", "liveness/c.jpg"):
        write(tmp_path / name)
    for person in ("s1", "s30", "s31", "s40"):
        for number in (1, 2):
            write(tmp_path / "att" / person / f"{number}.pgm")
    for name in ("video.mp4", "clip.mp4"):
        film(tmp_path / "video" / name)
    return tmp_path


def film(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10, (64, 48))
    for shade in range(0, 120, 10):
        writer.write(np.full((48, 64, 3), shade, np.uint8))
    writer.release()


@pytest.fixture
def loader() -> CountingLoader:
    return CountingLoader()


@pytest.fixture
def material(photos: Path, loader: CountingLoader) -> Material:
    return Material(photos, photos, loader)


Asked = Callable[[Material, Part], tuple[Picture, ...]]
EVERYTHING: dict[str, tuple[Asked, int]] = {
    "groups": (lambda material, part: material.photographs("groups", part), 4),
    "people": (lambda material, part: material.photographs("people", part), 4),
    "liveness": (lambda material, part: material.photographs("liveness", part), 1),
    "df": (lambda material, part: material.photographs("deepfake/df", part), 1),
    "real": (lambda material, part: material.photographs("deepfake/real", part), 1),
    "att": (lambda material, part: material.att(part), 8),
    "video": (lambda material, part: material.frames(part, 5), 6),
}


@pytest.mark.parametrize("name", EVERYTHING)
def test_the_two_parts_share_nothing_and_lose_nothing(material: Material, name: str) -> None:
    ask, count = EVERYTHING[name]
    training, held = (ask(material, part) for part in PARTS)
    assert len(training) + len(held) == count
    assert not {picture.path for picture in training} & {picture.path for picture in held}
    assert not any(held_back(picture.path) for picture in training)
    assert all(held_back(picture.path) for picture in held)


def test_people_and_photographs_are_held_back_as_the_split_says(material: Material) -> None:
    names = {picture.path.name for picture in material.photographs("people", "held back")}
    assert names == {"obama.jpg", "biden2.jpg", "two_people.jpg"}
    assert {picture.person for picture in material.att("training")} == {"s1", "s30"}
    assert {picture.path.name for picture in material.frames("held back")} == {"video.mp4"}


def test_faces_are_looked_for_once_and_only_when_asked_for(
    material: Material, loader: CountingLoader
) -> None:
    pictures = material.photographs("groups", "training")
    assert loader.asked == []
    for _ in range(3):
        assert pictures[0].faces == ()
    assert loader.asked == [0.6]
    assert material.photographs("groups", "training") is pictures


def test_grey_pictures_get_surroundings_and_a_lower_limit(material: Material, loader: CountingLoader) -> None:
    picture = material.att("training")[0]
    assert picture.pixels.shape == (56 * 2 * 2, 46 * 2 + 56 * 2, 3)
    assert picture.faces == ()
    assert loader.asked == [0.3]


def test_every_fifth_frame_is_shown(material: Material) -> None:
    shades = [float(picture.pixels.mean()) for picture in material.frames("training", 5)]
    assert shades == pytest.approx([0, 50, 100], abs=4)


def test_a_held_back_picture_is_not_even_read(material: Material, photos: Path) -> None:
    (photos / "groups" / "3.jpg").write_bytes(b"no picture")
    assert len(material.photographs("groups", "training")) == 2
    with pytest.raises(SystemExit):
        material.photographs("groups", "held back")


def test_what_is_missing_is_named(photos: Path, tmp_path: Path, loader: CountingLoader) -> None:
    with pytest.raises(DataMissing, match="FACESOCIAL_PHOTOS"):
        Material.of(TrainingSettings(photos=tmp_path / "none", model_mirror="x"))
    with pytest.raises(DataMissing, match="FACESOCIAL_MODEL_MIRROR"):
        Material.of(TrainingSettings(photos=photos, model_mirror=None))
    with pytest.raises(DataMissing, match="FACESOCIAL_FACES"):
        Material(photos, None, loader).att("training")


def test_the_digest_is_of_what_is_trained_on(tmp_path: Path) -> None:
    (tmp_path / "groups").mkdir()
    for name in ("1.jpg", "9.jpg"):
        (tmp_path / "groups" / name).write_bytes(b"a picture")
    material = Material(tmp_path, None, None)  # type: ignore[arg-type]
    before = material.digest()
    (tmp_path / "groups" / "9.jpg").write_bytes(b"held back, another one")
    assert material.digest() == before
    (tmp_path / "groups" / "1.jpg").write_bytes(b"another one")
    assert material.digest() != before
