"""Cards of the face embeddings."""

from __future__ import annotations

from types import MappingProxyType

from models.catalogue.card import Calibration, CropRule, Figure, InputSpec, Licence, ModelCard, Task
from models.catalogue.source import Repository

_FOAMLIU = Repository("foamliu/MobileFaceNet", "a6cc9032a659b615f477833e1a70b5e7931bcccc")

_MEASURED = "python -m training_eval.calibration.recognition"
_ATT = "AT&T Database of Faces, 40 people, all pairs"

MOBILEFACENET = ModelCard(
    task=Task.FACE_RECOGNITION,
    name="mobilefacenet",
    version="1.0.0",
    summary=(
        "MobileFaceNet: 128 numbers a face, about a million parameters. The graph runs the crop and its mirror "
        "image, adds both embeddings and divides by the L2 norm: one crop in, one unit vector out."
    ),
    weights=(
        _FOAMLIU.file(
            "weights/MobileFaceNet.onnx",
            "foamliu-MobileFaceNet.onnx",
            "b7120c095d60094f28a4a54ba6a8bf51b297a6273fb40ef6350dfec1f63d9507",
            3_998_070,
        ),
    ),
    recipe="mobilefacenet",
    sha256="bedfccb875dab51b41d254b8d538ddc95e42231fa397b7f65d37cd08c70f43ef",
    input=InputSpec(
        colour="BGR",
        width=112,
        height=112,
        normalisation="ImageNet mean and standard deviation (values / 255, red, green, blue: .485 .456 .406; "
        ".229 .224 .225), channels turned round in the first convolution",
    ),
    crop=CropRule(
        kind="align5",
        template=(
            (38.2946, 51.6963),
            (73.5318, 51.5014),
            (56.0252, 71.7366),
            (41.5493, 92.3655),
            (70.7299, 92.2041),
        ),
    ),
    licence=Licence(
        code="Apache-2.0",
        url=_FOAMLIU.url,
        training_data=(
            "Trained on a cleaned MS-Celeb-1M (3.8 million pictures of 85,164 people, gathered without their "
            "consent and withdrawn by its publisher in 2019). Clear the use with this in mind; the weights' own "
            "licence does not settle it."
        ),
    ),
    decoding=MappingProxyType({"output": "embedding", "dimension": 128, "similarity": "cosine"}),
    # By false-accept rate: the higher of two normal fits, to the scores of two people on the AT&T set (78,000 pairs
    # of 40 people, grey) and to those of faces of one colour photograph (258 pairs). Beyond 0.001 neither set has
    # pairs enough to count: the last row is the fits' tail.
    thresholds=MappingProxyType({"0.1": 0.249, "0.01": 0.378, "0.001": 0.472, "0.0001": 0.550}),
    calibration=Calibration(
        slope=18.01,
        intercept=-7.32,
        fitted_on=(
            "1,800 pairs of one person (AT&T Database of Faces) against 258 pairs of different people in one colour "
            f"photograph, both equally likely beforehand; {_MEASURED}"
        ),
    ),
    published=(
        Figure(metric="accuracy", value=0.9948, dataset="LFW", source=f"{_FOAMLIU.name} README"),
        Figure(
            metric="rank-1 identification, 1 million distractors",
            value=0.8255,
            dataset="MegaFace",
            source=f"{_FOAMLIU.name} README",
        ),
    ),
    measured=(
        Figure(metric="equal error rate", value=0.0106, dataset=_ATT, source=_MEASURED),
        *(
            Figure(
                metric=f"true-accept rate at the threshold for {rate}",
                value=value,
                dataset=_ATT,
                source=_MEASURED,
            )
            for rate, value in (("0.1", 0.9944), ("0.01", 0.9828), ("0.001", 0.9672), ("0.0001", 0.9478))
        ),
        *(
            Figure(
                metric=f"false-accept rate at the threshold for {rate}",
                value=value,
                dataset="258 pairs of faces of one photograph",
                source=_MEASURED,
            )
            for rate, value in (("0.1", 0.1202), ("0.01", 0.0194), ("0.001", 0.0))
        ),
    ),
    finds=(
        "The same adult in two pictures, frontal with some turn: 96.7 % of the AT&T pairs at the threshold for 0.001",
        "Faces from about 40 pixels up: similarity to the same face at full size 0.85 in the median of 14",
    ),
    misses=(
        "Drawn or rendered people: different figures made from one template reach a similarity of 0.83",
        "Twins, and close relatives more often than strangers",
        "Children, and pairs of pictures many years apart",
        "Faces of 30 pixels keep a similarity of 0.65 to themselves, of 20 pixels 0.3: not recognised",
        "Profiles and half-covered faces: similarity falls towards that of strangers",
        "People alike in age, sex and origin are accepted more often than the rate says: the table rests on 40 people "
        "and a few dozen photographs. Measure on your own before deciding about anybody",
    ),
)

CARDS = (MOBILEFACENET,)
