"""Our own face detector: a small network taught by the published YuNet-n."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from models.catalogue.card import Figure, ModelCard
from models.export.torch_graph import export_torch, parity
from models.networks.compact_detector import CompactDetector, output_names
from models.runtime.session import OrtSession, SessionOptions
from models.runtime.store import digest
from training_eval.errors import TrainingFailed
from training_eval.own.detector_card import CARD
from training_eval.own.detector_problem import DetectorProblem
from training_eval.own.made import Made
from training_eval.own.material import Material
from training_eval.own.measures_detector import choose_score, measured
from training_eval.training.loop import train
from training_eval.training.schedule import Schedule

SCHEDULE = Schedule(
    steps=24_000, batch=16, rate=2e-3, warmup=300, weight_decay=1e-3, evaluate_every=1000, checkpoint_every=200,
    average=0.999,
)  # fmt: skip
_PARITY = 1e-4
_EXAMPLE = (64, 96)


def make(material: Material, schedule: Schedule, folder: Path) -> Made:
    """Train, export, choose the score on photographs of the training, measure on the held-back ones.

    Raises:
        TrainingFailed: The training diverged, or the graph is not the network.
    """
    network = train(DetectorProblem(material), schedule, folder)
    assert isinstance(network, CompactDetector)
    return finish(material, network, folder)


def finish(material: Material, network: CompactDetector, folder: Path) -> Made:
    """The graph and card of a trained network; ``folder`` takes the graph while it is measured."""
    graph = exported(network)
    path = folder / "detector.onnx"
    path.write_bytes(graph)
    card = replace(CARD, sha256=digest(path))
    score = choose_score(material, _session(card, path))
    card = replace(card, thresholds=MappingProxyType({**card.thresholds, "min_score": score}))
    return Made(replace(card, measured=measure(material, _session(card, path))), graph)


def measure(material: Material, session: OrtSession) -> tuple[Figure, ...]:
    """The figures of the card, from a graph and held-back material."""
    return measured(material, session)


def exported(network: CompactDetector) -> bytes:
    """The network's graph, for pictures of any size.

    Raises:
        TrainingFailed: It answers differently.
    """
    graph = export_torch(
        network, height="height", width="width", outputs=output_names(), name=CARD.name, example=_EXAMPLE
    )
    images = np.random.default_rng(0).integers(0, 256, (2, 96, 160, 3), np.uint8)
    difference = parity(network, graph, images)
    if not difference < _PARITY:
        raise TrainingFailed(f"The exported graph differs from the network by {difference:.2g}.")
    return graph


def _session(card: ModelCard, path: Path) -> OrtSession:
    return OrtSession(card, path, SessionOptions(threads=1))
