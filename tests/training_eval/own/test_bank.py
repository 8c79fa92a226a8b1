from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from coloured_people import ColouredPeople

from training_eval.own.bank import bank_of
from training_eval.own.crops import canvas_of
from training_eval.own.material import Material, Part, Picture
from training_eval.own.split import held_back
from training_eval.settings import TrainingSettings


class Watched(ColouredPeople):
    """Remembers which parts were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: set[str] = set()

    def att(self, part: Part) -> tuple[Picture, ...]:
        self.parts.add(part)
        return super().att(part)

    def photographs(self, folder: str, part: Part) -> tuple[Picture, ...]:
        self.parts.add(part)
        return super().photographs(folder, part)

    def frames(self, part: Part, step: int = 5) -> tuple[Picture, ...]:
        self.parts.add(part)
        return super().frames(part, step)


def test_only_the_training_part_is_read() -> None:
    watched = Watched()
    bank_of(watched.material())
    assert watched.parts == {"training"}


def test_every_face_of_the_training_part_becomes_a_canvas() -> None:
    bank = bank_of(ColouredPeople().material())
    assert {kind: len(canvases) for kind, canvases in bank.kinds.items()} == {
        "grey": 20,
        "portraits": 24,
        "crowds": 0,
        "video": 6,
    }


@pytest.mark.published
@pytest.mark.photos
def test_no_canvas_shows_somebody_who_is_held_back(mirror: Path, photos: Path, tmp_path: Path) -> None:
    settings = TrainingSettings(photos=photos, model_mirror=str(mirror), state_dir=tmp_path)
    if settings.faces is None:
        pytest.skip("FACESOCIAL_TEST_FACES is not set: no faces with identities")
    material = Material.of(settings)
    bank = bank_of(material)
    assert all(len(canvases) > 20 for canvases in bank.kinds.values())
    assert not any(held_back(picture.path) for picture in material.att("training"))
    shown = {canvas.pixels.tobytes() for kind in bank.kinds.values() for canvas in kind}
    hidden = [picture.faces[0] for picture in material.photographs("people", "held back")]
    assert not any(np.ascontiguousarray(canvas_of(face).pixels).tobytes() in shown for face in hidden)
