"""A checkpoint is whole or the one before it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from training_eval.errors import TrainingFailed  # noqa: E402
from training_eval.training.checkpoint import NAME, Checkpoint, load, save  # noqa: E402

IDENTITY = {"problem": "p", "steps": 5.0}


def checkpoint(step: int) -> Checkpoint:
    return Checkpoint(
        step=step,
        seconds=1.5,
        identity=IDENTITY,
        network={"w": torch.full((3,), float(step))},
        average={"w": torch.zeros(3)},
        optimiser={"state": {}, "param_groups": []},
        scaler={},
    )


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    save(tmp_path / "new", checkpoint(2))
    found = load(tmp_path / "new", IDENTITY)
    assert found is not None
    assert (found.step, found.seconds, found.network["w"].tolist()) == (2, 1.5, [2.0] * 3)
    assert [path.name for path in (tmp_path / "new").iterdir()] == [NAME]


def test_there_is_none_in_an_empty_folder(tmp_path: Path) -> None:
    assert load(tmp_path, IDENTITY) is None
    assert load(tmp_path / "missing", IDENTITY) is None


def test_an_interrupted_write_leaves_the_last_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path, checkpoint(1))

    def die(number: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", die)
    with pytest.raises(OSError, match="No space"):
        save(tmp_path, checkpoint(2))
    found = load(tmp_path, IDENTITY)
    assert found is not None
    assert found.step == 1


def test_half_a_file_beside_it_is_not_read(tmp_path: Path) -> None:
    save(tmp_path, checkpoint(1))
    (tmp_path / f"{NAME}.new").write_bytes((tmp_path / NAME).read_bytes()[:100])
    found = load(tmp_path, IDENTITY)
    assert found is not None
    save(tmp_path, checkpoint(2))
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 nor this"])
def test_a_damaged_one_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(TrainingFailed, match="remove it"):
        load(tmp_path, IDENTITY)


def test_half_a_checkpoint_is_refused(tmp_path: Path) -> None:
    save(tmp_path, checkpoint(1))
    (tmp_path / NAME).write_bytes((tmp_path / NAME).read_bytes()[:-200])
    with pytest.raises(TrainingFailed):
        load(tmp_path, IDENTITY)


class Harmful:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("harm",)


def test_a_file_that_would_run_something_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"step": Harmful()}, tmp_path / NAME)
    with pytest.raises(TrainingFailed):
        load(tmp_path, IDENTITY)
    assert not (tmp_path / "harm").exists()


def test_one_of_another_run_is_refused(tmp_path: Path) -> None:
    save(tmp_path, checkpoint(1))
    with pytest.raises(TrainingFailed, match="another network or schedule") as error:
        load(tmp_path, {**IDENTITY, "steps": 6.0})
    assert error.value.details["expected"] == {"problem": "p", "steps": 6.0}
