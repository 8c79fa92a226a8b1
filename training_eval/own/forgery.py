"""Our own forgery network: trained on faces blended with themselves.

``python -m training_eval.own deepfake-detection`` makes it, ``--measure`` measures the shipped one.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from models.catalogue import DEFAULTS
from models.catalogue.card import Calibration, Figure, ModelCard, Task
from models.export.torch_graph import export_torch
from models.processing.calibration import platt
from models.runtime.session import Session
from training_eval.calibration.fit import Scores, fit_platt
from training_eval.errors import TrainingFailed
from training_eval.own.fakes import pair
from training_eval.own.forgery_card import COMMAND, SIDE, forgery_card
from training_eval.own.forgery_figures import SMALLEST, forgery_figures
from training_eval.own.forgery_problem import ForgeryProblem, evidence_of
from training_eval.own.made import Made
from training_eval.own.material import Material
from training_eval.own.opened import opened
from training_eval.own.shown import Shown, shown
from training_eval.training.loop import Schedule, train

SCHEDULE = Schedule(
    steps=4000, batch=32, rate=3e-3, warmup=50, weight_decay=0.03, average=0.998, evaluate_every=400
)
_PAIRS, _SEED = 400, 11
_FALSE_ALARMS = 0.05
"""Share of the reserved genuine faces that may be called forged: nearly every face in the world is genuine."""


def make(material: Material, schedule: Schedule, folder: Path) -> Made:
    """Train, export, calibrate on reserved people and measure; ``folder`` keeps the checkpoint.

    Raises:
        DataMissing: There are no photographs with faces.
        TrainingFailed: The training did not hold.
    """
    training = shown(material, "training", smallest=SMALLEST, grey=True)
    reserved = shown(material, "reserved", smallest=SMALLEST, grey=True)
    trained = train(ForgeryProblem(training, reserved, _teachers(material)), schedule, folder)
    graph = export_torch(
        trained, height=SIDE, width=SIDE, outputs=["real"], name="facesocial-forgery", example=(SIDE, SIDE)
    )
    card = forgery_card(graph)
    card = calibrated(card, *_evidence(opened(card, graph), reserved))
    return Made(replace(card, measured=measure(material, opened(card, graph))), graph)


def measure(material: Material, session: Session) -> tuple[Figure, ...]:
    """The figures of the card, from the shipped graph and held-back material."""
    return forgery_figures(material, session, _teachers(material))


def calibrated(card: ModelCard, genuine: Scores, forged: Scores) -> ModelCard:
    """The card with a calibration and a threshold.

    Args:
        card: Without them.
        genuine: [N] evidence of reserved genuine faces.
        forged: [N] evidence of their forgeries.

    Raises:
        TrainingFailed: Forgeries have no more evidence than genuine faces.
    """
    slope, intercept = fit_platt(forged, genuine)
    if slope <= 0:
        raise TrainingFailed("The network tells forgeries of reserved people from nothing; train it longer.")
    limit = max(0.5, float(np.quantile(platt(genuine, slope, intercept), 1 - _FALSE_ALARMS)))
    fitted_on = (
        f"{len(genuine)} pairs of a genuine face and its self-blended forgery, of people that no weight is fitted on, "
        f"both equally likely beforehand; the threshold calls {_FALSE_ALARMS:.0%} of those genuine faces forged; "
        f"{COMMAND.removesuffix(' --measure')}"
    )
    calibration = Calibration(slope=round(slope, 4), intercept=round(intercept, 4), fitted_on=fitted_on)
    return replace(card, calibration=calibration, thresholds=MappingProxyType({"fake": round(limit, 3)}))


def _evidence(session: Session, reserved: Shown) -> tuple[Scores, Scores]:
    """Of genuine faces and of their forgeries."""
    random, evidence = np.random.default_rng(_SEED), evidence_of([session])
    pairs = [pair(reserved, random) for _ in range(_PAIRS)]
    genuine, forged = (np.array([evidence(both[which]) for both in pairs]) for which in (0, 1))
    return genuine, forged


def _teachers(material: Material) -> list[Session]:
    return [material.session(name) for name in DEFAULTS[Task.DEEPFAKE_DETECTION]]
