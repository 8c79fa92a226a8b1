"""The card of our own forgery network: how it is run, and what it finds and misses."""

from __future__ import annotations

import hashlib
from types import MappingProxyType

from models.catalogue.card import Calibration, CropRule, Figure, InputSpec, Licence, ModelCard, Task

SIDE = 128
"""Pixels of the input's sides."""
TRUST_SIDE = (40.0, 120.0)
"""Longer side of the face's box in pixels: no evidence up to the first, all of it from the second on."""
COMMAND = "python -m training_eval.own deepfake-detection --measure"
_LICENCE = Licence(
    code="Apache-2.0",
    url="models/weights",
    training_data=(
        "Faces of press and group photographs, of frames of one video and of 28 people of the AT&T Database of Faces, "
        "blended with changed copies of themselves; no forged video was used. A tenth of the answers was taught by "
        "meso4-df and mesoinception-df, trained on FaceForensics (research only) and videos of the internet. The terms "
        "of the photographs and of that set allow research only and carry over."
    ),
)
_FINDS = (
    "Traces of blending: a face whose sharpness, noise or colours differ from its surroundings, or a soft seam around "
    "it, in faces of 100 pixels and more",
)
_MISSES = (
    "It never saw a published forgery: forgeries were made from genuine photographs (self-blended images), and how it "
    "does on deepfakes is known from two pictures alone: the share found stands among the figures, with their scores. "
    "`make models` brings the published pair, which finds both",
    "Many swapped or blended faces, at the threshold that calls few genuine ones forged: what share is found stands "
    "beside the areas under the curve",
    "Whole faces that were generated, reenactment and lip synchronisation: nothing is blended there, or only the mouth",
    "Swaps as sharp as the rest whose seam is hidden, and pictures made smaller or compressed after they were forged",
    "Small faces: under 40 pixels nothing is believed, under 120 not all",
    "Genuine faces that were retouched, or pictures pasted together, are called forged",
    "In videos: motion is not looked at. Each sampled frame is judged as a picture, so flicker, jumps, lips that do "
    "not fit the sound and the sound itself say nothing",
    "In videos: the longer they are and the more faces they show, the likelier one of them looks forged by chance; "
    "what a video's score means was assumed and not calibrated, for want of forged videos",
    "This is the weakest of the five tasks: an answer is a hint for a person, never evidence",
)


def forgery_card(
    graph: bytes,
    calibration: Calibration | None = None,
    measured: tuple[Figure, ...] = (),
) -> ModelCard:
    """The card of a graph."""
    return ModelCard(
        task=Task.DEEPFAKE_DETECTION,
        name="facesocial-forgery",
        version="1.0.0",
        summary="Eight plain convolutions on the face (1.3 times the box), trained on self-blended images.",
        weights=(),
        recipe="own",
        sha256=hashlib.sha256(graph).hexdigest(),
        input=InputSpec(
            colour="BGR",
            width=SIDE,
            height=SIDE,
            normalisation="(values - 127.5) / 64, the graph's first layer",
        ),
        crop=CropRule(kind="square", scale=1.3),
        licence=_LICENCE,
        decoding=MappingProxyType(
            {"output": "real", "combine": "mean logit", "weight": 1.0, "trust_side": TRUST_SIDE}
        ),
        thresholds=MappingProxyType({"fake": 0.5}),
        calibration=calibration,
        measured=measured,
        finds=_FINDS,
        misses=_MISSES,
    )
