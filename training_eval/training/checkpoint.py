"""A run's state on disk: whole or not there."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from training_eval.errors import TrainingFailed

NAME = "checkpoint.pt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """All that the next step depends on.

    Attributes:
        step: Steps done.
        seconds: Time of training so far.
        identity: Of problem and schedule.
        network: Its state dict.
        average: State dict of the averaged weights.
        optimiser: Its state dict.
        scaler: State dict of the gradient scaler; empty where none is used.
    """

    step: int
    seconds: float
    identity: Mapping[str, Any]
    network: Mapping[str, torch.Tensor]
    average: Mapping[str, torch.Tensor]
    optimiser: Mapping[str, Any]
    scaler: Mapping[str, Any]


def save(folder: Path, checkpoint: Checkpoint) -> None:
    """Write it beside the last one, then take that one's place in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f"{NAME}.new"
    plain = {name: _plain(value) for name, value in _fields(checkpoint).items()}
    with new.open("wb") as file:
        torch.save(plain, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / NAME)


def load(folder: Path, identity: Mapping[str, Any]) -> Checkpoint | None:
    """The checkpoint of a folder, on the CPU; None where there is none.

    Raises:
        TrainingFailed: It is damaged, or of another problem or schedule.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        found = Checkpoint(**torch.load(path, map_location="cpu", weights_only=True))
    except (EOFError, OSError, RuntimeError, TypeError, ValueError, pickle.UnpicklingError) as error:
        raise TrainingFailed(f"{path} cannot be read: remove it and train from the start.") from error
    if dict(found.identity) != dict(identity):
        raise TrainingFailed(
            f"{path} belongs to a run with another network or schedule: give another folder, or remove it.",
            {"found": dict(found.identity), "expected": dict(identity)},
        )
    return found


def _fields(checkpoint: Checkpoint) -> dict[str, Any]:
    return {name: getattr(checkpoint, name) for name in Checkpoint.__dataclass_fields__}


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value
