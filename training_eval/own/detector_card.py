"""What the card of our own detector says before its figures are known."""

from __future__ import annotations

from types import MappingProxyType

from models.catalogue import CATALOGUE
from models.catalogue.card import CropRule, InputSpec, Licence, ModelCard, Task
from models.networks.compact_detector import STRIDES
from training_eval.own.detector_problem import TEACHER

CARD = ModelCard(
    task=Task.FACE_DETECTION,
    name="facesocial-detector",
    version="1.0.0",
    summary=(
        "Boxes and five landmarks by plain convolutions, about 221,000 parameters, trained from scratch on what "
        "YuNet-n says of a few dozen photographs: works at once, with nothing to fetch."
    ),
    weights=(),
    recipe="own",
    sha256="",
    input=InputSpec(colour="BGR", width=640, height=640, stride=32),
    crop=CropRule(kind="picture"),
    licence=Licence(
        code="Apache-2.0",
        url="models/weights",
        training_data=(
            "Learnt from the answers of YuNet-n on crops of twelve photographs of groups, four of single people, one "
            "video, thirty people of the AT&T Database of Faces and two photographs without faces. YuNet-n was "
            "trained on WIDER FACE, photographs from the internet offered for research; its terms carry over to "
            "what was learnt from it."
        ),
    ),
    decoding=MappingProxyType({**CATALOGUE[TEACHER].decoding, "strides": STRIDES}),
    thresholds=MappingProxyType({"min_score": 0.6, "evaluation": 0.02}),
    finds=(
        "Faces from the front and half turned, from about 20 pixels up in the picture as the network sees it, in "
        "groups too",
        "Eyes, nose and mouth corners, less exactly than its teacher: the figures say by how much",
    ),
    misses=(
        "Profiles: before it was shown any it found three of the ten in the only photograph of profiles here. It is "
        "trained on that photograph since, and all faces of the held-back photographs are frontal: the frames of the "
        "video alone say how profiles elsewhere fare",
        "Hands, patterned cloth and signs are taken for faces now and then: the figures say how often",
        "Points lie about a tenth of the distance between the eyes from the published detector's, so recognition "
        "that aligns faces by them is less sure",
        "What its teacher misses: faces of more than 40 % of the picture's side, seen from behind the cheek, "
        "strongly tilted or mostly covered",
        "It has learnt from few people and places: under other light, on other skin and in other crowds than "
        "theirs it errs more than its teacher by an amount that these few photographs cannot tell",
        "`make models` brings the published yunet-n, which has seen thousands of photographs and is better in all "
        "of this",
    ),
)
