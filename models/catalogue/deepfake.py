"""Cards of the deepfake detectors; the first two are the ensemble."""

from __future__ import annotations

from types import MappingProxyType

from models.catalogue.card import (
    Calibration,
    CropRule,
    Figure,
    InputSpec,
    Licence,
    ModelCard,
    Task,
    WeightFile,
)
from models.catalogue.source import Repository

_MESONET = Repository("DariusAf/MesoNet", "2144d56a30e48cdcac1976ff13a1c5cdc86376c6")
_PAPER = "Afchar et al., MesoNet, WIFS 2018"
_BENCHMARK = "Yan et al., DeepfakeBench, NeurIPS 2023 (retrained there, not these weights)"
_LICENCE = Licence(
    code="Apache-2.0",
    url=_MESONET.url,
    training_data=(
        "Frames that the authors took from videos on the internet (Deepfake set) and from FaceForensics "
        "(Face2Face set, research only). Neither set's terms grant commercial use; clear it before you rely on it."
    ),
)
_MISSES = (
    "Most methods but face swaps by autoencoders of 2018: reenactment, lip synchronisation, diffusion models, "
    "whole faces that were generated",
    "Small faces: enlarged to the network's input, genuine ones look forged, so the evidence of a face under 200 "
    "pixels counts for less and under 50 for nothing; a forged small face is missed",
    "Compressed video: genuine faces look half forged even when they are large",
    "Swapped faces as sharp as the rest: of 13 portraits with another photographed face blended in, none was noticed "
    "(highest score 0.17, 0.26 after H.264). What is noticed is a face with less detail than its surroundings: their "
    "own face with a quarter of its detail, 12 of the 13",
    "Genuine pictures and videos that are out of focus or enlarged: with a quarter of their detail 6 of the 13 "
    "portraits are called forged",
    "In videos: motion is not looked at. Each sampled frame is judged as a picture, so flicker, jumps, lips that do "
    "not fit the sound and the sound itself say nothing",
    "In videos: alterations between the sampled frames, or shorter than about three of them; a face that is seen in "
    "one or two of them says next to nothing",
    "In videos: the longer they are and the more faces they show, the likelier one of them looks forged by chance; "
    "what a video's score means was assumed and not calibrated, for want of forged videos",
    "This is the weakest of the five tasks: an answer is a hint for a person, never evidence",
)


_THRESHOLDS = MappingProxyType({"fake": 0.5})
_TRUST_SIDE = (50.0, 200.0)
"""Longer side of the face's box in pixels: no evidence up to the first, all of it from the second on."""
_COMMAND = "python -m training_eval.calibration.deepfake"
_CALIBRATION = Calibration(
    slope=0.806,
    intercept=-2.613,
    fitted_on=(
        "2 forged against 86 genuine faces of photographs, both equally likely beforehand: far too few, so the fit is "
        "kept unsure (a forgery is never more than 3/4 sure in its targets). Score: weighted mean of the networks' "
        f"log-odds of forged, times the share of trust that the face's size earns (trust_side); {_COMMAND}"
    ),
)


def _share(metric: str, value: float, dataset: str) -> Figure:
    return Figure(metric=metric, value=value, dataset=f"{dataset}; ensemble", source=_COMMAND)


_MEASURED = (
    _share("share of forgeries found", 1.0, "2 forged faces, the authors' samples (scores 0.54 and 0.85)"),
    _share("share of genuine faces called forged", 0.012, "86 faces of photographs (one, at 0.76)"),
    _share("share of genuine faces called forged", 0.0, "69 faces of two compressed videos (highest 0.34)"),
)
_SWAPS = "Face swaps of the first autoencoder generation (DeepFake, FakeApp), face of 200 pixels or more"
_PUBLISHED_INCEPTION = (
    Figure(metric="accuracy a frame", value=0.917, dataset="the authors' Deepfake set", source=_PAPER),
    Figure(metric="accuracy a video", value=0.984, dataset="the authors' Deepfake set", source=_PAPER),
    Figure(metric="AUC", value=0.758, dataset="FaceForensics++ c23", source=_BENCHMARK),
    Figure(metric="AUC", value=0.697, dataset="Celeb-DF v2", source=_BENCHMARK),
)


def _card(
    *,
    name: str,
    summary: str,
    weights: WeightFile,
    recipe: str,
    sha256: str,
    finds: str,
    weight: float,
    published: tuple[Figure, ...] = (),
) -> ModelCard:
    return ModelCard(
        task=Task.DEEPFAKE_DETECTION,
        name=name,
        version="1.0.0",
        summary=summary,
        weights=(weights,),
        recipe=recipe,
        sha256=sha256,
        input=InputSpec(
            colour="BGR",
            width=256,
            height=256,
            normalisation="values / 255, folded into the first convolution with the order of the channels",
        ),
        crop=CropRule(kind="square", scale=1.3),
        licence=_LICENCE,
        decoding=MappingProxyType(
            {"output": "real", "combine": "mean logit", "weight": weight, "trust_side": _TRUST_SIDE}
        ),
        thresholds=_THRESHOLDS,
        calibration=_CALIBRATION if weight else None,
        published=published,
        measured=_MEASURED if weight else (),
        finds=(finds,),
        misses=_MISSES,
    )


MESO4_DF = _card(
    name="meso4-df",
    summary="Meso4 trained on face swaps: four convolutions, 27,977 parameters.",
    weights=_MESONET.file(
        "weights/Meso4_DF.h5",
        "Meso4_DF.h5",
        "036ed30d04ffd9c7506f825b97c86aa64915f5818931da96817b169aad790af5",
        156_128,
    ),
    recipe="meso4",
    sha256="a5235dc8a7fc7d292bff2d3e2ec4147849667d918f58d4c026acf3f4a418aa00",
    finds=_SWAPS,
    weight=0.5,
)
MESOINCEPTION_DF = _card(
    name="mesoinception-df",
    summary="MesoInception4 trained on face swaps: dilated inception layers, about 28,600 parameters.",
    weights=_MESONET.file(
        "weights/MesoInception_DF.h5",
        "MesoInception_DF.h5",
        "234586d40058e76ef8b6f27ca4b63c06e31c2a5a69c0d8ba6f30b1468ab7bafa",
        197_504,
    ),
    recipe="mesoinception",
    sha256="5342e5ca51d07629fec89575afc2e7a484193d63025482dbf1e11999f1000d4d",
    finds=_SWAPS,
    weight=0.5,
    published=_PUBLISHED_INCEPTION,
)
MESO4_F2F = _card(
    name="meso4-f2f",
    summary="Meso4 trained on Face2Face reenactment; no part of the ensemble, because it does not see face swaps.",
    weights=_MESONET.file(
        "weights/Meso4_F2F.h5",
        "Meso4_F2F.h5",
        "bcfda015d217b9f8d6557693edbdf9f4e79cfd22672541968dd0e2954462b5d7",
        156_128,
    ),
    recipe="meso4",
    sha256="6aa2c2b65b43c70690e8d1eb99960e4c9d0a8dcd7aef5d561aa04e79517f6e73",
    finds="Face2Face reenactment as in FaceForensics (2018)",
    weight=0.0,
)

CARDS = (MESO4_DF, MESOINCEPTION_DF, MESO4_F2F)
