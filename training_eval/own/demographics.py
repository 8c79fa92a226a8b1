"""Our own age and gender network: a small one that learns the published one's answers.

``python -m training_eval.own age-gender`` makes it, ``--measure`` measures the shipped one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn

from models.catalogue.age_gender import AGE_GENDER_XCEPTION
from models.catalogue.card import Figure
from models.networks.compact_demographics import FEATURES, SIDE, CompactDemographics
from models.runtime.session import OrtSession
from training_eval.losses.demographics import age_loss, soft_cross_entropy, unexplained_share
from training_eval.own.bank import bank_of
from training_eval.own.crops import Bank, Pixels, cut_square
from training_eval.own.degrade import degrade
from training_eval.own.demographics_card import NAME, measured_card, plain_card
from training_eval.own.distilled import finished
from training_eval.own.half import bfloat16
from training_eval.own.labelled import Answers, Pool, Teach
from training_eval.own.made import Made
from training_eval.own.material import Material
from training_eval.own.morphs import new_face
from training_eval.own.opened import opened_inside
from training_eval.own.resemblance import answers, figures
from training_eval.training.loop import Batch, Schedule, train

SCHEDULE = Schedule(steps=8000, batch=64, rate=2e-3, warmup=200, weight_decay=0.02, average=0.998)

_POOL, _CHECKED = 12_000, 256
_CHECK_SEED = 7
_HINTS = 2.0
"""Weight of what the teacher's answers rest on, beside the answers."""
_HINT, _HINT_CHANNELS, _HINT_SIZE = "Flatten_56", 512, 3.0
"""The mean of the published graph's last map, from which both heads read: name (the graph's digest is pinned),
channels, and a usual deviation."""


class Teacher:
    """The published network's answers, and what they rest on.

    Args:
        path: The published graph.
    """

    def __init__(self, path: Path) -> None:
        self._session = opened_inside(AGE_GENDER_XCEPTION, path, _HINT)

    def __call__(self, crops: Pixels) -> Answers:
        """``age`` [N, 1], ``gender`` [N, 2] and ``inner`` float16 [N, 512]."""
        found = self._session.run(crops)
        return {"age": found["age"], "gender": found["gender"], "inner": found[_HINT].astype(np.float16)}


class Apprentice(nn.Module):
    """The student, and what brings the mean of its last map to the teacher's channels while it learns."""

    def __init__(self) -> None:
        super().__init__()
        self.student = CompactDemographics()
        self.hint = nn.Linear(FEATURES, _HINT_CHANNELS)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Years [N, 1], logits [N, 2] and inner values [N, 512] of pictures [N, 3, 112, 112]."""
        features = self.student.features(images)
        return *self.student.heads(features), _HINT_SIZE * self.hint(features)


class DemographicsProblem:
    """Learn the teacher's years and probabilities of faces that are mostly nobody's."""

    name = NAME

    def __init__(self, bank: Bank, teacher: Teach, size: int = _POOL) -> None:
        def make(random: np.random.Generator) -> Pixels:
            crop = cut_square(new_face(bank, random), AGE_GENDER_XCEPTION.crop, random)
            return degrade(crop if random.random() < 0.5 else np.ascontiguousarray(crop[:, ::-1]), random)

        self._pool = Pool(size, SIDE, make, teacher)
        self._check = Pool(min(size, _CHECKED), SIDE, make, teacher, seed=_CHECK_SEED)

    def network(self) -> nn.Module:
        """A new student with what it needs to learn."""
        made: nn.Module = Apprentice().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return made

    def batch(self, random: np.random.Generator, size: int) -> Batch:
        """Crops with all that the teacher says of them."""
        crops, answers = self._pool.draw(random, size)
        return {
            "images": torch.from_numpy(crops),
            **{name: torch.from_numpy(values) for name, values in answers.items()},
        }

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        """Years, genders and inner values, each of the size of one."""
        images = batch["images"].permute(0, 3, 1, 2)
        with bfloat16(images.device):
            age, gender, inner = network(images.float())
        parts = {
            "age": age_loss(age, batch["age"]),
            "gender": soft_cross_entropy(gender, batch["gender"]),
            "inner": unexplained_share(inner.float(), batch["inner"].float()),
        }
        return {"loss": parts["age"] + parts["gender"] + _HINTS * parts["inner"], **parts}

    def evaluate(self, network: nn.Module) -> Mapping[str, float]:
        """Years between student and teacher, and how often they agree, on other mixtures of the same people."""
        crops, answers = self._check.get(np.arange(len(self._check)))
        device = next(network.parameters()).device
        age, gender, _ = network(torch.from_numpy(crops).to(device).permute(0, 3, 1, 2).float())
        years = np.abs(age.cpu().numpy() - answers["age"])
        same = gender.cpu().numpy().argmax(axis=1) == answers["gender"].argmax(axis=1)
        return {"years to the teacher": float(years.mean()), "same gender": float(same.mean())}


def make(material: Material, schedule: Schedule, folder: Path) -> Made:
    """Train, export and measure; ``folder`` keeps the checkpoint.

    Raises:
        DataMissing: No photographs, no AT&T faces or no published weights.
        TrainingFailed: The run cannot go on.
    """
    teacher = Teacher(material.graph(AGE_GENDER_XCEPTION.name))
    trained = train(DemographicsProblem(bank_of(material), teacher), schedule, folder)
    assert isinstance(trained, Apprentice)
    return made_of(trained.student, material)


def made_of(student: CompactDemographics, material: Material) -> Made:
    """Graph and measured card of a trained network."""
    return finished(student, ["age", "gender"], SIDE, plain_card, measured_card, material)


def measure(material: Material, session: OrtSession) -> tuple[Figure, ...]:
    """The card's figures, from the graph that ``session`` runs."""
    return figures(answers(material, session))
