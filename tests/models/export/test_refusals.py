"""Recipes on a machine without any weights."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from models.errors import ModelUnavailable
from models.export import RECIPES
from models.export.__main__ import main


def test_importing_the_recipes_loads_no_reader() -> None:
    code = (
        "import sys, models.export, models.catalogue;"
        "sys.exit(any(name in sys.modules for name in ('onnx', 'h5py', 'torch', 'onnxruntime')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_no_file_is_refused(recipe: str) -> None:
    with pytest.raises(ModelUnavailable):
        RECIPES[recipe]({})


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_a_missing_file_is_refused(recipe: str, tmp_path: Path) -> None:
    names = ("manifest.json", "shard1") if recipe == "age-gender-xception" else ("weights",)
    with pytest.raises(ModelUnavailable):
        RECIPES[recipe]({name: tmp_path / name for name in names})


@pytest.mark.parametrize("recipe", sorted(RECIPES))
@pytest.mark.parametrize(
    "content", [b"", b"not weights at all", b"\x80\x04cos\nsystem\n(X\x02\x00\x00\x00idtR."]
)
def test_a_file_of_another_kind_is_refused(recipe: str, content: bytes, tmp_path: Path) -> None:
    names = ("manifest.json", "shard1") if recipe == "age-gender-xception" else ("weights",)
    for name in names:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelUnavailable):
        RECIPES[recipe]({name: tmp_path / name for name in names})


def test_an_empty_mirror_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable):
        main(["--mirror", str(tmp_path)])
