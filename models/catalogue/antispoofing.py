"""Cards of the antispoofing pair; the mean of both is the answer."""

from __future__ import annotations

from types import MappingProxyType

from models.catalogue.card import CropRule, Figure, InputSpec, Licence, ModelCard, Task, WeightFile
from models.catalogue.source import Repository

_SILENT = Repository("minivision-ai/Silent-Face-Anti-Spoofing", "b6d5f04ad78778917853b25c778acef6d5626d15")
_FOLDER = "resources/anti_spoof_models"
_PUBLISHED = (
    Figure(
        metric="true-accept rate at a false-accept rate of 1e-5",
        value=0.978,
        dataset="private data of the authors (open Android app, both networks)",
        source=f"{_SILENT.name} README_EN",
    ),
)
_COMMAND = "python -m training_eval.calibration.antispoofing"
_MEASURED = (
    Figure(
        metric="live score of a print",
        value=0.335,
        dataset="the authors' sample image_F1.jpg",
        source=_COMMAND,
    ),
    Figure(
        metric="live score of a person",
        value=1.0,
        dataset="the authors' sample image_T1.jpg",
        source=_COMMAND,
    ),
    Figure(
        metric="share of stored photographs taken for live",
        value=1.0,
        dataset="16 faces of press photographs, sent as files",
        source=_COMMAND,
    ),
)
_DECODING = MappingProxyType(
    {
        "output": "probabilities",
        "combine": "mean",
        "weight": 0.5,
        "live": 1,
        # The authors name class 0 "2D fake" and class 2 "3D fake" (their issue 46); users read print and replay.
        # The authors' sample of a print falls into class 2.
        "attacks": MappingProxyType({0: "replay", 2: "print"}),
        # Below 48 pixels the crop at 2.7 times the box is smaller than the input is wide; a face that is cut
        # off lacks the surroundings on which both networks were trained.
        "visible": MappingProxyType({"min_side": 48.0, "min_inside": 0.9}),
    }
)
_THRESHOLDS = MappingProxyType({"live": 0.5})
_FINDS = (
    "Paper prints and screens held in front of an ordinary camera, whole face visible, turned by less than 30 degrees",
)
_MISSES = (
    "Prints whose edges lie outside the picture, and good screens without moire or reflections",
    "Masks, make-up and three-dimensional heads",
    "Digital injection: a stored photograph sent as a file looks live, because nothing was filmed off paper or screen",
    "Cropped or re-saved pictures: both networks look at what surrounds the face (2.7 and 4 times its box)",
    "The kind of attack is a guess: trust live or not live, not the name of the attack",
)


def _card(name: str, summary: str, weights: WeightFile, scale: float, sha256: str) -> ModelCard:
    return ModelCard(
        task=Task.ANTISPOOFING,
        name=name,
        version="1.0.0",
        summary=summary,
        weights=(weights,),
        recipe="minifasnet",
        sha256=sha256,
        input=InputSpec(colour="BGR", width=80, height=80),
        crop=CropRule(kind="box", scale=scale),
        licence=Licence(
            code="Apache-2.0",
            url=_SILENT.url,
            training_data="Trained on private data of Minivision; nothing is published about it.",
        ),
        decoding=_DECODING,
        thresholds=_THRESHOLDS,
        published=_PUBLISHED,
        measured=_MEASURED,
        finds=_FINDS,
        misses=_MISSES,
    )


MINIFASNET_V2 = _card(
    "minifasnet-v2",
    "MiniFASNetV2 on the face and its near surroundings (2.7 times the box), 0.43 million parameters.",
    _SILENT.file(
        f"{_FOLDER}/2.7_80x80_MiniFASNetV2.pth",
        "2.7_80x80_MiniFASNetV2.pth",
        "a5eb02e1843f19b5386b953cc4c9f011c3f985d0ee2bb9819eea9a142099bec0",
        1_849_453,
    ),
    2.7,
    "6ff0debbb3c59d564d10fef311558a37a6cc299795a93e65f39a041182e7e131",
)
MINIFASNET_V1SE = _card(
    "minifasnet-v1se",
    "MiniFASNetV1 with squeeze-and-excitation on the wide surroundings (4 times the box), 0.43 million parameters.",
    _SILENT.file(
        f"{_FOLDER}/4_0_0_80x80_MiniFASNetV1SE.pth",
        "4_0_0_80x80_MiniFASNetV1SE.pth",
        "84ee1d37d96894d5e82de5a57df044ef80a58be2b218b5ed7cdfd875ec2f5990",
        1_856_130,
    ),
    4.0,
    "8ef4ec96d7d513bf90bbe6ae310e4beb1a7f3222f2f6ba68e84c374788c87a3a",
)

CARDS = (MINIFASNET_V2, MINIFASNET_V1SE)
