"""Cards of the age and gender networks."""

from __future__ import annotations

from types import MappingProxyType

from models.catalogue.card import CropRule, Figure, InputSpec, Licence, ModelCard, Task, WeightFile
from models.catalogue.source import Repository

_FACE_API = Repository("justadudewhohacks/face-api.js", "a86f011d72124e5fb93e59d5c4ab98f699dd5c9c")
_SSR_NET = Repository("shamangary/SSR-Net", "f98b6cbe1c9c8c78649e5a331f94113564521525")
_README = f"{_FACE_API.name} README, 80/20 split of each set"
_SETS = "UTK, FG-NET, ChaLearn, Wiki, IMDB, CACD, MegaAge and MegaAge-Asian, test parts"
_AGE_MAE = (
    (3.0, 1.52),
    (8.0, 3.06),
    (18.0, 4.82),
    (28.0, 4.99),
    (40.0, 5.43),
    (60.0, 4.94),
    (80.0, 6.17),
    (120.0, 9.91),
)
"""Highest age of the group, published mean absolute error in years."""
_MISSES = (
    "Ages 0 to 3: gender is right in 69 % of the published cases; over 80: ages are off by 10 years on average",
    "Gender is a guess from looks, in the two classes of the training data; it is not a person's identity",
    "Two pictures of one person can differ by ten years; small blurred faces differ more",
    "The training sets are mostly celebrities; errors differ between groups of people and were not published by group",
)

AGE_GENDER_XCEPTION = ModelCard(
    task=Task.AGE_GENDER,
    name="age-gender-xception",
    version="1.0.0",
    summary="Tiny Xception of face-api.js: age in years and gender, 0.4 million parameters stored as bytes.",
    weights=(
        _FACE_API.file(
            "weights/age_gender_model-weights_manifest.json",
            "faceapi-age_gender_model-weights_manifest.json",
            "780ca481c12f6501c63e3551caa4df9bc4a05ffc5357060079b75badfd350d86",
            7_774,
        ),
        _FACE_API.file(
            "weights/age_gender_model-shard1",
            "faceapi-age_gender_model-shard1",
            "49f92bbc0afef2342c4385e4a2b0acb6d7a727c6f0aa539499719a81acf9abaa",
            429_708,
        ),
    ),
    recipe="age-gender-xception",
    sha256="02b4c3d2ab45b412677a58788133d00e2014cc66e9ea286a8007aa4dadeb6dcb",
    input=InputSpec(
        colour="BGR",
        width=112,
        height=112,
        normalisation="minus 104.298, 117.001, 122.782 (blue, green, red), divided by 256; channels turned round "
        "in the first convolution",
    ),
    crop=CropRule(kind="square", scale=1.0),
    licence=Licence(
        code="MIT",
        url=_FACE_API.url,
        training_data=(
            f"{_SETS.removesuffix(', test parts')}: pictures of celebrities from the internet and volunteers, most "
            "of them for research only. Clear the use; the weights' own licence does not settle it."
        ),
    ),
    decoding=MappingProxyType(
        {
            "age": "age",
            "gender": "gender",
            "genders": ("male", "female"),
            "age_limits": (0.0, 100.0),
            "age_mae": _AGE_MAE,
            # 80 % of the cases lie within 1.6 times the mean absolute error if errors are normal (1.2816 sigma,
            # error 0.7979 sigma: 1.606) as well as if they are Laplacian (ln 5 = 1.609).
            "age_range_factor": 1.6,
            "age_range_coverage": 0.8,
        }
    ),
    published=(
        Figure(metric="age MAE (years)", value=4.54, dataset=_SETS, source=_README),
        Figure(metric="gender accuracy", value=0.95, dataset=_SETS, source=_README),
        *(
            Figure(metric=f"age MAE (years), up to {int(top)}", value=mae, dataset=_SETS, source=_README)
            for top, mae in _AGE_MAE
        ),
    ),
    finds=("Adults of 18 to 60: about five years off on average in the authors' tests",),
    misses=_MISSES,
)


_SSR_PATH = "ssrnet_3_3_3_64_1.0_1.0/ssrnet_3_3_3_64_1.0_1.0.h5"


def _ssr_net(
    *, name: str, summary: str, weights: WeightFile, recipe: str, sha256: str, output: str
) -> ModelCard:
    return ModelCard(
        task=Task.AGE_GENDER,
        name=name,
        version="1.0.0",
        summary=summary,
        weights=(weights,),
        recipe=recipe,
        sha256=sha256,
        input=InputSpec(colour="BGR", width=64, height=64),
        crop=CropRule(kind="box", scale=1.8),
        licence=Licence(
            code="Apache-2.0",
            url=_SSR_NET.url,
            training_data="IMDB-WIKI (ETH Zurich): celebrities from the internet, for research only.",
        ),
        decoding=MappingProxyType({output: output, "genders": ("male", "female")}),
        finds=("Adults, frontal; a backup for the default network",),
        misses=_MISSES[1:],
    )


SSRNET_WIKI_AGE = _ssr_net(
    name="ssrnet-wiki-age",
    summary="SSR-Net for age, trained on WIKI: about 40,000 parameters.",
    weights=_SSR_NET.file(
        f"pre-trained/wiki/{_SSR_PATH}",
        "ssrnet-wiki.h5",
        "f8b677f1a61fcf1233de0bd942f3172b1397fcbfe0f2784220154af1faf833e0",
        326_368,
    ),
    recipe="ssrnet-age",
    output="age",
    sha256="8e15a00de04e650c946213c983bc3263a031f5c71ef05d82d0cd0fa62ab0238d",
)
SSRNET_WIKI_GENDER = _ssr_net(
    name="ssrnet-wiki-gender",
    summary="SSR-Net for gender, trained on WIKI: about 40,000 parameters.",
    weights=_SSR_NET.file(
        f"pre-trained/wiki_gender_models/{_SSR_PATH}",
        "ssrnet-wiki_gender_models.h5",
        "2d15bfa72869526d1e2b80385157e34a55fb5a4b184bbac5ea56d623141d7e8c",
        326_344,
    ),
    recipe="ssrnet-gender",
    output="gender",
    sha256="0d56e01a19e232365d2775d0861d740da53a5a1a435ea5197d45521fccb3951d",
)

CARDS = (AGE_GENDER_XCEPTION, SSRNET_WIKI_AGE, SSRNET_WIKI_GENDER)
