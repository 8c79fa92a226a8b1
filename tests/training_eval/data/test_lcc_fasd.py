from __future__ import annotations

from pathlib import Path

import pytest

from training_eval.data import LivenessSample, open_set
from training_eval.errors import DataMissing


@pytest.fixture
def folder(tmp_path: Path, draw) -> Path:
    for part in ("evaluation", "training"):
        for name in ("real/b.png", "real/a.png", "spoof/c.png"):
            draw(f"LCC_FASD_{part}/{name}")
    return tmp_path


def test_live_and_spoof(folder: Path) -> None:
    data = open_set("lcc-fasd", folder).of(LivenessSample)
    assert [(s.image.name, s.live, s.attack, s.box) for s in data] == [
        ("a.png", True, None, None),
        ("b.png", True, None, None),
        ("c.png", False, None, None),
    ]
    assert data.name == "lcc-fasd-evaluation"


def test_the_parts(folder: Path) -> None:
    training = open_set("lcc-fasd", folder, "training").of(LivenessSample)
    assert {s.image.parent.parent.name for s in training} == {"LCC_FASD_training"}
    with pytest.raises(DataMissing, match="LCC_FASD_development is missing"):
        open_set("lcc-fasd", folder, "development")
    with pytest.raises(DataMissing, match="has no part 'test'; it has evaluation, development, training"):
        open_set("lcc-fasd", folder, "test")


def test_the_folder_of_the_archive(folder: Path) -> None:
    (folder / "LCC_FASD").mkdir()
    (folder / "LCC_FASD_evaluation").rename(folder / "LCC_FASD" / "LCC_FASD_evaluation")
    assert len(open_set("lcc-fasd", folder)) == 3


def test_what_is_missing_is_named(folder: Path) -> None:
    (folder / "LCC_FASD_evaluation" / "spoof").rename(folder / "spoof")
    with pytest.raises(DataMissing, match="LCC_FASD_evaluation/spoof is missing"):
        open_set("lcc-fasd", folder)


def test_empty_folders(tmp_path: Path) -> None:
    for kind in ("real", "spoof"):
        (tmp_path / "LCC_FASD_evaluation" / kind).mkdir(parents=True)
    with pytest.raises(DataMissing, match="not one sample"):
        list(open_set("lcc-fasd", tmp_path))
