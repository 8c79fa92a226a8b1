"""What is known about a model, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal


class Task(StrEnum):
    """The five questions that a model can answer."""

    FACE_DETECTION = "face-detection"
    FACE_RECOGNITION = "face-recognition"
    ANTISPOOFING = "antispoofing"
    DEEPFAKE_DETECTION = "deepfake-detection"
    AGE_GENDER = "age-gender"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFile:
    """One published file: the same bytes wherever they come from."""

    name: str
    sha256: str
    size: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """Terms of the code and weights, and of the data behind them."""

    code: str
    url: str
    training_data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of merit and where it stands, so that a reader can check it."""

    metric: str
    value: float
    dataset: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """What the graph's ``images`` input takes: uint8 [N, H, W, 3]; normalisation is in the graph.

    Attributes:
        colour: Channel order the graph expects.
        width: Pixels; for a network of any input size, the longest side pictures are reduced to.
        height: Pixels; as ``width``.
        stride: Sides are padded to a multiple of it (1: the size is fixed).
        normalisation: What the graph does to the 0-255 values, in words.
    """

    colour: Literal["RGB", "BGR"]
    width: int
    height: int
    stride: int = 1
    normalisation: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class CropRule:
    """How a face becomes the network's input.

    Attributes:
        kind: ``picture`` (letterboxed), ``align5`` (similarity transform of five points onto
            ``template``), ``box`` (the box scaled about its centre, shifted into the picture),
            ``square`` (the same with the longer side for both).
        scale: Factor on the box's sides, for ``box`` and ``square``.
        template: Five (x, y) target points in input pixels, for ``align5``.
    """

    kind: Literal["picture", "align5", "box", "square"]
    scale: float = 1.0
    template: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Platt scaling: probability = 1 / (1 + exp(-(slope * score + intercept)))."""

    slope: float
    intercept: float
    fitted_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Everything a service needs to run a model and a reader needs to trust it.

    Attributes:
        recipe: Name of the function in ``models.export`` that makes the ONNX graph out of ``weights``.
        sha256: Digest of that graph; a service refuses any other.
        decoding: Numbers of the decoder (strides, IoU, layout of the outputs).
        thresholds: Decision thresholds by name; for verification the name is the false-accept rate.
        published: Figures of the authors.
        measured: Figures that a command of this project reproduces.
        finds: What the model is known to find.
        misses: What it is known not to find, or to get wrong.
    """

    task: Task
    name: str
    version: str
    summary: str
    weights: tuple[WeightFile, ...]
    recipe: str
    sha256: str
    input: InputSpec
    crop: CropRule
    licence: Licence
    decoding: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    thresholds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    calibration: Calibration | None = None
    published: tuple[Figure, ...] = ()
    measured: tuple[Figure, ...] = ()
    finds: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        """Name of the ONNX file in the cache; the digest keeps versions apart."""
        return f"{self.name}-{self.version}-{self.sha256[:12]}.onnx"
