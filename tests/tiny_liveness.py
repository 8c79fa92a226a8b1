"""Antispoofing networks that learn in seconds to tell drawn faces from tinted and striped ones."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.catalogue import CATALOGUE
from models.catalogue.card import CropRule, InputSpec, ModelCard
from models.export.torch_graph import export_torch
from models.processing.views import views_of
from models.runtime.bundle import Bundle, write_bundle
from training_eval.evaluation import Finder
from training_eval.training.loop import Batch, Schedule, train

Pixels = NDArray[np.uint8]
SIDE = 48
REPLAY, LIVE, PRINT = 0, 1, 2
KINDS = {REPLAY: "replay", LIVE: "live", PRINT: "print"}
SCHEDULE = Schedule(steps=1, batch=32, rate=0.02, warmup=0, seed=4, average=0.0)


class TinyNetwork(nn.Module):
    """BGR 0-255 [N, 3, 48, 48] to probabilities [N, 3]; a few hundred weights."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.Conv2d(8, 8, 3, stride=2), nn.ReLU()
        )
        self.judged = nn.Linear(8, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        seen = self.seen(images / 255.0 - 0.5).mean(dim=(2, 3))
        return torch.softmax(self.judged(seen), dim=1)


@dataclass(frozen=True)
class TinyProblem:
    """Crops and their kinds; ``mistaken``: with all labels exchanged, so that it learns the wrong thing."""

    crops: NDArray[np.uint8]
    mistaken: bool = False
    name: str = "tiny liveness"

    def network(self) -> nn.Module:
        return TinyNetwork()

    def batch(self, random: np.random.Generator, size: int) -> Batch:
        kinds = random.integers(0, 3, size)
        chosen = self.crops[random.integers(0, len(self.crops), size)]
        shown = [shown_as(crop, int(kind), random) for crop, kind in zip(chosen, kinds, strict=True)]
        labels = (kinds + 1) % 3 if self.mistaken else kinds
        planes = np.stack(shown).transpose(0, 3, 1, 2).astype(np.float32)
        return {"images": torch.from_numpy(planes), "labels": torch.from_numpy(labels)}

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        chances = network(batch["images"])
        return {"loss": nn.functional.nll_loss(torch.log(chances + 1e-7), batch["labels"])}

    def evaluate(self, network: nn.Module) -> Mapping[str, float]:
        return {}


def shown_as(pixels: Pixels, kind: int, random: np.random.Generator) -> Pixels:
    """A face before the camera, on blueish striped glass, or in the yellow and pale colours of paper."""
    values = pixels.astype(np.float32) * random.uniform(0.85, 1.1)
    if kind == REPLAY:
        values *= (1.3, 0.9, 0.5)
        values[::2] *= 0.7
    elif kind == PRINT:
        values = 0.5 * values + (30, 100, 110)
    return np.clip(values, 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Material:
    """Pictures with drawn faces, and what detectors and crops make of them."""

    pictures: Sequence[Pixels]
    crops: NDArray[np.uint8]

    @classmethod
    def of(cls, pictures: Sequence[Pixels], finder: Finder) -> Material:
        views = views_of([_card("0.0.0", b"")])
        crops = [
            views.cut(pixels, face.box, face.points)
            for pixels in pictures
            for face in finder.all(pixels)
            if min(face.box[2:]) >= SIDE
        ]
        return cls(pictures, np.concatenate(crops))

    def write_set(self, folder: Path, each: int) -> Path:
        """A set with a manifest: each picture so many times of each kind."""
        folder.mkdir()
        random = np.random.default_rng(77)
        rows = [("path", "live", "attack")]
        for number in range(each * len(self.pictures)):
            for kind, name in KINDS.items():
                pixels = shown_as(self.pictures[number % len(self.pictures)], kind, random)
                assert cv2.imwrite(str(folder / f"{name}{number}.png"), pixels)
                rows.append((f"{name}{number}.png", str(int(kind == LIVE)), "" if kind == LIVE else name))
        with (folder / "manifest.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)
        return folder

    def trained(self, folder: Path, version: str, steps: int, *, mistaken: bool = False) -> Bundle:
        """A bundle of one network after so many steps."""
        torch.set_num_threads(1)
        problem = TinyProblem(self.crops, mistaken)
        network = train(problem, replace(SCHEDULE, steps=steps), folder / "run", device="cpu")
        size = {"height": SIDE, "width": SIDE, "example": (SIDE, SIDE)}
        graph = export_torch(network, outputs=["probabilities"], name="tiny", **size)  # type: ignore[arg-type]
        return write_bundle(folder / "bundle", [(_card(version, graph), graph)])


def _card(version: str, graph: bytes) -> ModelCard:
    return replace(
        CATALOGUE["minifasnet-v2"],
        name="tiny-liveness",
        version=version,
        summary="Learned in seconds from drawn faces.",
        weights=(),
        recipe="own",
        sha256=hashlib.sha256(graph).hexdigest(),
        input=InputSpec(colour="BGR", width=SIDE, height=SIDE),
        crop=CropRule(kind="box", scale=1.5),
    )
