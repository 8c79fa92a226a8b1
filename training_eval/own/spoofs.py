"""Presentations for the liveness network: people as photographed, and the same faces on paper and on screens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, cast

import numpy as np

from models.catalogue.card import ModelCard
from models.processing.crop import box_crop
from models.runtime.session import Session
from training_eval.own.judged import Floats, Item, Pixels
from training_eval.own.shown import Shown
from training_eval.synthesis.flat import Box, Scene
from training_eval.synthesis.scenes import attack, genuine

Kind = Literal["live", "print", "replay"]
KINDS: tuple[Kind, ...] = ("live", "print", "replay")
_SHARES = (0.5, 0.25, 0.25)
_STORED = 0.25
"""Share of live faces shown as their photograph was stored, without a second camera."""
_FACELESS = 0.6
"""Share of the items in which any part of a picture stands for the face."""
_SMOOTHING = 0.02


def presentation(kind: Kind, material: Shown, random: np.random.Generator) -> Scene:
    """A scene of that kind with any of the faces."""
    face = material.face(random)
    return presented(kind, face.pixels, np.asarray(face.detection.box, np.float32), material, random)


def presented(kind: Kind, pixels: Pixels, box: Box, material: Shown, random: np.random.Generator) -> Scene:
    """A scene of that kind with this part of a picture in a face's place."""
    if kind == "live":
        beside = material.background(random) if random.random() < 0.25 else None
        return genuine(pixels, box, random, 0.0 if random.random() < _STORED else 1.0, beside)
    return attack(kind, pixels, box, material.background(random), random)


def teacher(sessions: Sequence[Session]) -> Callable[[Scene], Floats]:
    """Mean of the networks' class probabilities, each on its own crop; float32 [classes]."""

    def judge(scene: Scene) -> Floats:
        rows = [session.run(crop_of(scene, session.card)[None])["probabilities"][0] for session in sessions]
        return np.asarray(np.mean(rows, axis=0), np.float32)

    return judge


def crop_of(
    scene: Scene, card: ModelCard, box: Box | None = None
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """What a card's network sees of a scene; ``box`` is another one than the scene's own."""
    size = (card.input.width, card.input.height)
    return box_crop(scene.pixels, scene.box if box is None else box, card.crop.scale, size)


def maker(
    material: Shown, card: ModelCard, judge: Callable[[Scene], Floats]
) -> Callable[[np.random.Generator], Item]:
    """What makes an item of training: a crop by ``card`` and the classes' probabilities.

    Live faces have the teachers' answer; attacks have their class, because the teachers miss half of them. In many
    items something else stands where the face should be, with plain classes: paper and screens have the same traces
    whatever they show, and the faces are far too few to learn by them what is live.
    """
    classes = {kind: index for index, kind in attack_classes(card).items()}
    live = next(index for index in range(len(KINDS)) if index not in classes.values())

    def make(random: np.random.Generator) -> Item:
        kind, faceless = KINDS[int(random.choice(len(KINDS), p=_SHARES))], random.random() < _FACELESS
        scene = (
            presented(kind, *material.place(random), material, random)
            if faceless
            else presentation(kind, material, random)
        )
        crop = crop_of(scene, card, _as_detected(scene.box, random))
        if kind == "live" and not faceless:
            return crop, judge(scene)
        answer = np.full(len(KINDS), _SMOOTHING / len(KINDS), np.float32)
        answer[classes.get(kind, live)] += 1 - _SMOOTHING
        return crop, answer

    return make


def attack_classes(card: ModelCard) -> dict[int, str]:
    """Kinds of attack by the index of their class."""
    return dict(cast(dict[int, str], card.decoding["attacks"]))


def _as_detected(box: Box, random: np.random.Generator) -> Box:
    """The box as wrong as a detector's may be."""
    side = float(max(box[2:]))
    centre = box[:2] + box[2:] / 2 + random.normal(0, 0.04, 2) * side
    size = box[2:] * np.exp(random.normal(0, 0.06, 2))
    return np.concatenate([centre - size / 2, size]).astype(np.float32)
