"""Our own embedder: a small network that learns the published one's vectors.

``python -m training_eval.own face-recognition`` makes it, ``--measure`` measures the shipped one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn

from models.catalogue.card import Figure
from models.catalogue.recognition import MOBILEFACENET
from models.networks.compact_embedder import FEATURES, SIDE, CompactEmbedder
from models.runtime.session import OrtSession
from training_eval.losses.embedding import cosine_loss, hint_loss, relational_loss
from training_eval.own.bank import bank_of
from training_eval.own.crops import Bank, Pixels, cut_aligned
from training_eval.own.degrade import degrade
from training_eval.own.distilled import finished
from training_eval.own.embedder_card import NAME, measured_card, plain_card
from training_eval.own.embedder_figures import figures
from training_eval.own.half import bfloat16
from training_eval.own.labelled import Answers, Pool, Teach
from training_eval.own.made import Made
from training_eval.own.material import Material
from training_eval.own.morphs import new_face
from training_eval.own.opened import opened_inside
from training_eval.training.loop import Batch, Schedule, train

SCHEDULE = Schedule(steps=7000, batch=64, rate=2e-3, warmup=200, weight_decay=0.02, average=0.998)

_POOL, _CHECKED = 12_000, 256
_CHECK_SEED = 7
_RELATIONS, _HINTS = 5.0, 1.0
"""Weights of these losses beside that of the vectors themselves."""
_HINT = "/features/features.14/Add_output_0"
"""Name in the published graph, whose digest is pinned: its last map of 128 channels."""
_HINT_SHAPE = (128, 7, 7)


class Teacher:
    """The published embedder's vectors, and its last maps for a crop and for the crop's mirror image.

    Args:
        path: The published graph.
    """

    def __init__(self, path: Path) -> None:
        self._session = opened_inside(MOBILEFACENET, path, _HINT)

    def __call__(self, crops: Pixels) -> Answers:
        """``vectors`` float16 [N, 128] and ``maps`` float16 [N, 2, 128, 7, 7]."""
        found = self._session.run(crops)
        return {
            "vectors": found["embedding"].astype(np.float16),
            "maps": found[_HINT].reshape(len(crops), 2, *_HINT_SHAPE).astype(np.float16),
        }


class Apprentice(nn.Module):
    """The student, and what brings its last map to the teacher's channels while it learns."""

    def __init__(self) -> None:
        super().__init__()
        self.student = CompactEmbedder(int(str(MOBILEFACENET.decoding["dimension"])))
        self.hint = nn.Conv2d(FEATURES, _HINT_SHAPE[0], 1)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Unit vectors [N, D] and maps [N, 128, 7, 7] of pictures [N, 3, 112, 112]."""
        features = self.student.features(images)
        return self.student.vectors(features), self.hint(features)


class EmbeddingProblem:
    """Learn the teacher's vectors of faces that are mostly nobody's."""

    name = NAME

    def __init__(self, bank: Bank, teacher: Teach, size: int = _POOL) -> None:
        def make(random: np.random.Generator) -> Pixels:
            return degrade(cut_aligned(new_face(bank, random), random), random)

        self._pool = Pool(size, SIDE, make, teacher)
        self._check = Pool(min(size, _CHECKED), SIDE, make, teacher, seed=_CHECK_SEED)

    def network(self) -> nn.Module:
        """A new student with what it needs to learn."""
        made: nn.Module = Apprentice().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return made

    def batch(self, random: np.random.Generator, size: int) -> Batch:
        """Crops, every second one mirrored: its vector stays, its map is the mirror image's."""
        crops, answers = self._pool.draw(random, size)
        turned = random.random(len(crops)) < 0.5
        crops = np.where(turned[:, None, None, None], crops[:, :, ::-1], crops)
        maps = answers["maps"][np.arange(len(crops)), turned.astype(int)]
        return {
            "images": torch.from_numpy(crops),
            "vectors": torch.from_numpy(answers["vectors"]),
            "maps": torch.from_numpy(maps),
        }

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        """Vectors, relations of all pairs of the batch, and maps."""
        images = batch["images"].permute(0, 3, 1, 2)
        with bfloat16(images.device):
            vectors, maps = network(images.float())
        wanted = batch["vectors"].float()
        parts = {
            "cosine": cosine_loss(vectors, wanted),
            "relations": relational_loss(vectors, wanted),
            "maps": hint_loss(maps.float(), batch["maps"].float()),
        }
        total = parts["cosine"] + _RELATIONS * parts["relations"] + _HINTS * parts["maps"]
        return {"loss": total, **parts}

    def evaluate(self, network: nn.Module) -> Mapping[str, float]:
        """Cosine to the teacher on crops of other mixtures of the same people."""
        crops, answers = self._check.get(np.arange(len(self._check)))
        device = next(network.parameters()).device
        vectors, _ = network(torch.from_numpy(crops).to(device).permute(0, 3, 1, 2).float())
        cosines = (vectors.cpu() * torch.from_numpy(answers["vectors"]).float()).sum(dim=1)
        return {"cosine to the teacher": float(cosines.mean())}


def make(material: Material, schedule: Schedule, folder: Path) -> Made:
    """Train, export and measure; ``folder`` keeps the checkpoint.

    Raises:
        DataMissing: No photographs, no AT&T faces or no published weights.
        TrainingFailed: The run cannot go on.
    """
    teacher = Teacher(material.graph(MOBILEFACENET.name))
    trained = train(EmbeddingProblem(bank_of(material), teacher), schedule, folder)
    assert isinstance(trained, Apprentice)
    return made_of(trained.student, material)


def made_of(student: CompactEmbedder, material: Material) -> Made:
    """Graph and measured card of a trained network."""
    return finished(student, ["embedding"], SIDE, plain_card, measured_card, material)


def measure(material: Material, session: OrtSession) -> tuple[Figure, ...]:
    """The card's figures, from the graph that ``session`` runs."""
    return figures(material, session, session.card.thresholds)
