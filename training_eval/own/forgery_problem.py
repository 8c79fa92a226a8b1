"""What the forgery network learns: pairs of a genuine face and its self-blended forgery."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import nn

from models.catalogue.card import ModelCard
from models.networks.compact_classifier import CompactClassifier
from models.processing.crop import box_crop
from models.processing.forgery import forgery_evidence
from models.processing.trust import size_trust
from models.runtime.session import Session
from training_eval.metrics.roc import area
from training_eval.own.fakes import Portrait, pair
from training_eval.own.forgery_card import forgery_card
from training_eval.own.half import bfloat16
from training_eval.own.judged import Item, Judged, varied
from training_eval.own.shown import Shown
from training_eval.synthesis.optics import Pixels
from training_eval.training.loop import Batch

WIDTHS = (16, 16, 32, 64)
_POOL, _CHECKED = 2_000, 150
_CHECK_SEED = 7
_TAUGHT = 125.0
"""Pixels of the face's longer side below which the teachers are not asked: they trust it by less than a half."""
_TEACHING = 0.1
"""Share of an answer that is the teachers' verdict, as far as they can be trusted: they learnt other forgeries."""
Verdict = Callable[[Portrait], float]


class ForgeryProblem:
    """Tell forged from genuine.

    Args:
        training: Faces to learn from.
        reserved: Faces that watch the training.
        teachers: The published pair.
        size: Pairs that are made; each is seen many times, varied.
    """

    name = "facesocial-forgery"

    def __init__(
        self, training: Shown, reserved: Shown, teachers: Sequence[Session], size: int = _POOL
    ) -> None:
        verdict = verdict_of(teachers)
        self._pool = Judged(size, maker(training, verdict))
        self._check = Judged(min(size, _CHECKED), maker(reserved, verdict), _CHECK_SEED)

    def network(self) -> nn.Module:
        """A new network."""
        return network()

    def batch(self, random: np.random.Generator, size: int) -> Batch:
        """Crops float32 [N, 128, 128, 3], every forgery with its twin, and the probability of genuine [N, 1]."""
        pairs, answers = self._pool.draw(random, max(1, size // 2))
        crops = pairs.reshape(-1, *pairs.shape[2:])
        return {
            "images": torch.from_numpy(varied(crops, random, noise=2.0)),
            "genuine": torch.from_numpy(answers.reshape(-1, 1)),
        }

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        """Cross entropy with the wanted probabilities."""
        assert isinstance(network, CompactClassifier)
        images = batch["images"].permute(0, 3, 1, 2)
        with bfloat16(images.device):
            logits = network.logits(images)
        return {"loss": nn.functional.binary_cross_entropy_with_logits(logits.float(), batch["genuine"])}

    def evaluate(self, network: nn.Module) -> Mapping[str, float]:
        """Area under the ROC curve on reserved people."""
        pairs, answers = self._check.get(np.arange(len(self._check)))
        crops = torch.from_numpy(pairs.reshape(-1, *pairs.shape[2:]))
        device = next(network.parameters()).device
        found = network(crops.to(device).permute(0, 3, 1, 2).float()).cpu().numpy()[:, 0]
        return {"AUC": area(found, answers.reshape(-1) >= 0.5)}


def network() -> CompactClassifier:
    """The architecture."""
    return CompactClassifier(WIDTHS, 1, "sigmoid", residual=True, places=4)


def maker(material: Shown, verdict: Verdict) -> Callable[[np.random.Generator], Item]:
    """What makes an item: crops of a genuine face and its forgery [2, side, side, 3] and their answers [2]."""
    card = forgery_card(b"")

    def make(random: np.random.Generator) -> Item:
        genuine, forged = pair(material, random)
        box = _as_detected(genuine, random)
        crops = np.stack(
            [crop_of(replaced, card) for replaced in (box, Portrait(forged.pixels, box.box, box.points))]
        )
        hard = np.array([1.0, 0.0])
        soft = np.array([1 - verdict(genuine), 1 - verdict(forged)])
        return crops, ((1 - _TEACHING) * hard + _TEACHING * soft).astype(np.float32)

    return make


def crop_of(face: Portrait, card: ModelCard) -> Pixels:
    """What a card's network sees of a face."""
    size = (card.input.width, card.input.height)
    return box_crop(face.pixels, face.box, card.crop.scale, size, square=card.crop.kind == "square")


def evidence_of(sessions: Sequence[Session]) -> Verdict:
    """Log-odds of forged, weighed by the face's size as the first card says: what a card's calibration is fitted on."""
    cards = [session.card for session in sessions]
    limits = cards[0].decoding["trust_side"]
    assert isinstance(limits, tuple)

    def evidence(face: Portrait) -> float:
        trust = float(size_trust(face.side, limits))
        if not trust:
            return 0.0
        rows = [session.run(crop_of(face, session.card)[None])["real"][0] for session in sessions]
        return forgery_evidence(np.concatenate(rows), cards) * trust

    return evidence


def verdict_of(sessions: Sequence[Session]) -> Verdict:
    """Probability of forged, 0.5 where the face is too small to be taught."""
    evidence = evidence_of(sessions)

    def verdict(face: Portrait) -> float:
        return float(1 / (1 + np.exp(-evidence(face)))) if face.side >= _TAUGHT else 0.5

    return verdict


def _as_detected(face: Portrait, random: np.random.Generator) -> Portrait:
    """The box as wrong as a detector's may be."""
    centre = face.box[:2] + face.box[2:] / 2 + random.normal(0, 0.03, 2) * face.side
    size = face.box[2:] * np.exp(random.normal(0, 0.05, 2))
    return Portrait(face.pixels, np.concatenate([centre - size / 2, size]).astype(np.float32), face.points)
