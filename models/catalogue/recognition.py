"""Cards of the face embeddings."""

from __future__ import annotations

from types import MappingProxyType

from models.catalogue.card import CropRule, Figure, InputSpec, Licence, ModelCard, Task
from models.catalogue.source import Repository

_FOAMLIU = Repository("foamliu/MobileFaceNet", "a6cc9032a659b615f477833e1a70b5e7931bcccc")

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
    published=(
        Figure(metric="accuracy", value=0.9948, dataset="LFW", source=f"{_FOAMLIU.name} README"),
        Figure(
            metric="rank-1 identification, 1 million distractors",
            value=0.8255,
            dataset="MegaFace",
            source=f"{_FOAMLIU.name} README",
        ),
    ),
    finds=(
        "The same adult in two pictures with the eyes, nose and mouth visible, up to about 45 degrees of yaw",
        "Faces from about 50 pixels up",
    ),
    misses=(
        "Twins, and close relatives more often than strangers",
        "Children, and pairs of pictures many years apart",
        "Faces under about 40 pixels, in profile, or half covered: similarity falls towards that of strangers",
        "Error rates differ between groups of people; measure on your own before deciding about anybody",
    ),
)

CARDS = (MOBILEFACENET,)
