"""The card of our own liveness network: how it is run, and what it finds and misses."""

from __future__ import annotations

import hashlib
from types import MappingProxyType

from models.catalogue.antispoofing import MINIFASNET_V2
from models.catalogue.card import Figure, InputSpec, Licence, ModelCard, Task

SIDE = 80
"""Pixels of the input's sides."""
COMMAND = "python -m training_eval.own antispoofing --measure"
_LICENCE = Licence(
    code="Apache-2.0",
    url="models/weights",
    training_data=(
        "A few dozen faces of press and group photographs and frames of one video, shown as they are and on simulated "
        "prints and screens; what is live was taught by minifasnet-v2 and minifasnet-v1se, whose own training data are "
        "private to Minivision and unpublished. The photographs' terms allow research only and carry over."
    ),
)
_FINDS = (
    "Simulated prints and screens: edges of paper and devices, printing dots, moire, flat colours, reflections, whole "
    "face visible",
)
_MISSES = (
    "It never saw a real attack: prints and screens were simulated from a few dozen people's photographs, and how it "
    "does on real ones is known from a single print (its score stands among the figures). `make models` brings the "
    "published pair",
    "It is far from its teachers: people before the camera are called attacks much more often than by the published "
    "pair (BPCER among the figures), above all in light and colours unlike press photographs, such as a street video's",
    "It looks at one crop (2.7 times the box); the published pair sees the wider surroundings as well",
    "Good prints and screens that fill the picture, so that neither edges nor grid are seen",
    "Masks, make-up and three-dimensional heads",
    "Digital injection: a stored photograph sent as a file looks live, because nothing was filmed off paper or screen",
    "The kind of attack is a guess: trust live or not live, not the name of the attack",
)


def liveness_card(graph: bytes, threshold: float = 0.5, measured: tuple[Figure, ...] = ()) -> ModelCard:
    """The card of a graph; crop, classes and what must be visible are the published pair's."""
    return ModelCard(
        task=Task.ANTISPOOFING,
        name="facesocial-liveness",
        version="1.0.0",
        summary="Eight plain convolutions on the face and its near surroundings (2.7 times the box), distilled and "
        "trained on simulated attacks.",
        weights=(),
        recipe="own",
        sha256=hashlib.sha256(graph).hexdigest(),
        input=InputSpec(
            colour="BGR",
            width=SIDE,
            height=SIDE,
            normalisation="(values - 127.5) / 64, the graph's first layer",
        ),
        crop=MINIFASNET_V2.crop,
        licence=_LICENCE,
        decoding=MappingProxyType({**MINIFASNET_V2.decoding, "weight": 1.0}),
        thresholds=MappingProxyType({"live": threshold}),
        measured=measured,
        finds=_FINDS,
        misses=_MISSES,
    )
