"""Cards of the face detectors."""

from __future__ import annotations

from types import MappingProxyType

from models.catalogue.card import CropRule, Figure, InputSpec, Licence, ModelCard, Task
from models.catalogue.source import Repository

_WIDER = (
    "Trained on WIDER FACE: photographs from the internet, offered for research. Whether a product may rest "
    "on it is for its maker to clear; the weights' own licence does not settle it."
)
_YUNET = Repository("ShiqiYu/libfacedetection.train", "0047ac24afb1")
_ULTRALIGHT = Repository(
    "Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB", "dffdddda9794a50607cba8f318507a28c1c27cab"
)


def _wider(subset: str, value: float, source: str) -> Figure:
    return Figure(metric=f"AP ({subset})", value=value, dataset="WIDER FACE validation", source=source)


YUNET_N = ModelCard(
    task=Task.FACE_DETECTION,
    name="yunet-n",
    version="1.0.0",
    summary="YuNet-n: boxes and five landmarks, 75,856 parameters, a few milliseconds on one CPU core.",
    weights=(
        _YUNET.file(
            "onnx/yunet_n_dynamic.onnx",
            "yunet_n_dynamic.onnx",
            "104ee26c71d5c270ce79a6b3dced91c91013260d29a6bf18f9296c5b8c4c2b12",
            322_906,
        ),
    ),
    recipe="yunet",
    sha256="253368cd754bd48f8663cf5e295a0a8e3cfc74bf95416ea633a60fb07439ea6a",
    input=InputSpec(colour="BGR", width=640, height=640, stride=32),
    crop=CropRule(kind="picture"),
    licence=Licence(code="Apache-2.0", url=_YUNET.url, training_data=_WIDER),
    decoding=MappingProxyType(
        {
            "layout": "yunet",
            "strides": (8, 16, 32),
            "score": "cls * obj",
            "nms_iou": 0.45,
            # A face of more than this share of the picture's side is found better in a smaller copy.
            "large_face_share": 0.4,
        }
    ),
    thresholds=MappingProxyType({"min_score": 0.6, "evaluation": 0.02}),
    published=tuple(
        _wider(subset, value, "repository README, YuNet-n at original picture size")
        for subset, value in (("easy", 0.892), ("medium", 0.883), ("hard", 0.811))
    ),
    measured=tuple(
        Figure(
            metric=f"share of faces found when {side} pixels long",
            value=value,
            dataset="45 faces of photographs of groups and people, shrunk with their pictures",
            source="python -m training_eval.calibration.detection",
        )
        for side, value in ((12, 0.400), (16, 0.733), (20, 0.911), (24, 0.956), (32, 1.0))
    ),
    finds=(
        "Frontal and turned faces from about 20 pixels up in the picture as the network sees it, in crowds too",
        "Eyes, nose and mouth corners accurate enough for recognition from about 40 pixels up",
    ),
    misses=(
        "Faces under about 16 pixels: one in four is missed there, more than half at 12",
        "Faces of more than 40 % of the picture's side, unless a smaller copy is searched as well",
        "Faces seen from behind the cheek, strongly tilted or mostly covered",
        "Drawn and sculpted faces may be found: the network knows no difference",
    ),
)

ULTRALIGHT_RFB_320 = ModelCard(
    task=Task.FACE_DETECTION,
    name="ultralight-rfb-320",
    version="1.0.0",
    summary="Ultra-Light RFB at 320 x 240: boxes without landmarks; a backup for yunet-n.",
    weights=(
        _ULTRALIGHT.file(
            "models/onnx/version-RFB-320.onnx",
            "ultralight-version-RFB-320.onnx",
            "34cd7e60aeff28744c657de7a3dc64e872d506741de66987f3426f2b79f88017",
            1_270_727,
        ),
    ),
    recipe="ultralight",
    sha256="92726272e5746b79dd0ca27a200f047fd291db011a4030e879a727bbe4ec6e06",
    input=InputSpec(
        colour="BGR",
        width=320,
        height=240,
        normalisation="(values - 127) / 128, channels turned round in the first convolution",
    ),
    crop=CropRule(kind="picture"),
    licence=Licence(code="MIT", url=_ULTRALIGHT.url, training_data=_WIDER),
    decoding=MappingProxyType(
        {"layout": "ssd", "scores": "scores", "boxes": "boxes", "face": 1, "nms_iou": 0.3}
    ),
    thresholds=MappingProxyType({"min_score": 0.7, "evaluation": 0.01}),
    published=tuple(
        _wider(subset, value, "repository README, version-RFB at 320 x 240")
        for subset, value in (("easy", 0.787), ("medium", 0.698), ("hard", 0.438))
    ),
    finds=("Frontal and turned faces of more than about a twentieth of the picture's width",),
    misses=(
        "Landmarks: it gives none, so nothing that aligns faces can follow it",
        "Small faces: the input is 320 x 240 whatever the picture",
    ),
)

CARDS = (YUNET_N, ULTRALIGHT_RFB_320)
