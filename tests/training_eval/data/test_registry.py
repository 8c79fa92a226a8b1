from __future__ import annotations

from pathlib import Path

import pytest

from models.catalogue.card import Task
from training_eval.data import SETS, open_set
from training_eval.errors import DataMissing

NAMES = {
    "lfw",
    "lfw-people",
    "cfp-fp",
    "wider-face",
    "celeba-spoof",
    "lcc-fasd",
    "faceforensics",
    "celeb-df",
    "utkface",
    "fairface",
    "manifest",
}


def test_the_sets_and_their_tasks() -> None:
    assert set(SETS) == NAMES
    assert all(name == known.about.name for name, known in SETS.items())
    assert {known.about.task for known in SETS.values()} == set(Task)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_an_empty_folder_is_told_what_it_needs_and_where_the_set_is_had(name: str, tmp_path: Path) -> None:
    about = SETS[name].about
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DataMissing) as caught:
            open_set(name, folder)
        assert caught.value.message.startswith(f"{about.title}: ")
        assert str(folder) in caught.value.message
        assert about.needs in caught.value.message
        assert about.home in caught.value.message


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_part_that_there_is_not_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match="has no part 'other'; it has "):
        open_set(name, tmp_path, "other")


def test_an_unknown_name_is_told_the_known_ones(tmp_path: Path) -> None:
    for name in ("imagenet", "lfw:mine", "manifest2", ""):
        with pytest.raises(
            DataMissing, match=f"No set is known by the name '{name}'; there are wider-face, lfw"
        ):
            open_set(name, tmp_path)
