"""Our own liveness network: live faces as the published pair judges them, attacks simulated.

``python -m training_eval.own antispoofing`` makes it, ``--measure`` measures the shipped one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from models.catalogue import DEFAULTS
from models.catalogue.card import Figure, Task
from models.export.torch_graph import export_torch
from models.networks.compact_classifier import CompactClassifier
from models.runtime.session import Session
from training_eval.calibration.fit import Scores
from training_eval.own.half import bfloat16
from training_eval.own.judged import Judged, varied
from training_eval.own.liveness_card import SIDE, liveness_card
from training_eval.own.liveness_figures import SMALLEST, liveness_figures, score_of
from training_eval.own.made import Made
from training_eval.own.material import Material
from training_eval.own.opened import opened
from training_eval.own.shown import Shown, ShownPart, shown
from training_eval.own.spoofs import KINDS, attack_classes, maker, presentation, presented, teacher
from training_eval.training.loop import Batch, Schedule, train

SCHEDULE = Schedule(
    steps=2500, batch=48, rate=2e-3, warmup=100, weight_decay=0.03, average=0.998, evaluate_every=400
)
_WIDTHS = (16, 32, 64, 96)
_POOL, _CHECKED = 3_000, 300
_CHECK_SEED = 7
_REFUSED, _LOWEST = 0.05, 0.1
"""Share of the reserved live presentations that may be called attacks, and the lowest threshold for that."""
_PARTS: tuple[ShownPart, ShownPart] = ("training", "reserved")


class LivenessProblem:
    """Learn the teachers' answers on live faces and the classes of simulated attacks.

    Args:
        training: Faces to learn from.
        reserved: Faces that watch the training.
        teachers: The published pair.
        size: Presentations that are made; each is seen many times, varied.
    """

    name = "facesocial-liveness"

    def __init__(
        self, training: Shown, reserved: Shown, teachers: Sequence[Session], size: int = _POOL
    ) -> None:
        card = liveness_card(b"")
        judge = teacher(teachers)
        self._live = next(index for index in range(len(KINDS)) if index not in attack_classes(card))
        self._pool = Judged(size, maker(training, card, judge))
        self._check = Judged(min(size, _CHECKED), maker(reserved, card, judge), _CHECK_SEED)

    def network(self) -> nn.Module:
        """A new network."""
        return network()

    def batch(self, random: np.random.Generator, size: int) -> Batch:
        """Crops float32 [N, 80, 80, 3] and probabilities of the classes [N, 3]."""
        crops, answers = self._pool.draw(random, size)
        return {"images": torch.from_numpy(varied(crops, random)), "classes": torch.from_numpy(answers)}

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        """Cross entropy with the wanted probabilities."""
        assert isinstance(network, CompactClassifier)
        images = batch["images"].permute(0, 3, 1, 2)
        with bfloat16(images.device):
            logits = network.logits(images)
        return {"loss": nn.functional.cross_entropy(logits.float(), batch["classes"])}

    def evaluate(self, network: nn.Module) -> Mapping[str, float]:
        """Errors on reserved people."""
        crops, answers = self._check.get(np.arange(len(self._check)))
        device = next(network.parameters()).device
        found = network(torch.from_numpy(crops).to(device).permute(0, 3, 1, 2).float()).cpu().numpy()
        live, called = answers.argmax(axis=1) == self._live, found[:, self._live] >= 0.5
        return {"APCER": float(called[~live].mean()), "BPCER": float((~called[live]).mean())}


def network() -> CompactClassifier:
    """The architecture."""
    return CompactClassifier(_WIDTHS, len(KINDS), "softmax")


def make(material: Material, schedule: Schedule, folder: Path) -> Made:
    """Train, export and measure; ``folder`` keeps the checkpoint.

    Raises:
        DataMissing: There are no photographs with faces.
        TrainingFailed: The training did not hold.
    """
    training, reserved = (shown(material, part, smallest=SMALLEST) for part in _PARTS)
    trained = train(LivenessProblem(training, reserved, _teachers(material)), schedule, folder)
    graph = export_torch(
        trained,
        height=SIDE,
        width=SIDE,
        outputs=["probabilities"],
        name="facesocial-liveness",
        example=(SIDE, SIDE),
    )
    card = liveness_card(graph)
    card = liveness_card(graph, live_threshold(live_scores(opened(card, graph), reserved)))
    return Made(replace(card, measured=measure(material, opened(card, graph))), graph)


def measure(material: Material, session: Session) -> tuple[Figure, ...]:
    """The figures of the card, from the shipped graph and held-back material."""
    return liveness_figures(material, session, _teachers(material))


def live_scores(session: Session, reserved: Shown) -> Scores:
    """Scores of reserved live presentations, half of them without a face, as in the training."""
    random, score = np.random.default_rng(_CHECK_SEED), score_of([session])
    faces = [presentation("live", reserved, random) for _ in range(_CHECKED // 2)]
    places = [presented("live", *reserved.place(random), reserved, random) for _ in range(_CHECKED // 2)]
    return np.array([score(scene) for scene in (*faces, *places)])


def live_threshold(scores: Scores) -> float:
    """Where so many of the live are called attacks as may be: a person who is refused goes away.

    Never above even chances, and never so low that nothing is an attack any more.
    """
    return round(float(np.clip(np.quantile(scores, _REFUSED), _LOWEST, 0.5)), 3)


def _teachers(material: Material) -> list[Session]:
    return [material.session(name) for name in DEFAULTS[Task.ANTISPOOFING]]
