"""What every service says about itself."""

from __future__ import annotations

from typing import Literal

from bentos.contracts.base import Message
from bentos.contracts.envelope import ModelRef


class Health(Message):
    """``GET /health``: ``ok``, ``starting`` until the models are warm, ``degraded`` without a dependency."""

    status: Literal["ok", "starting", "degraded"]
    service: str
    version: str
    models: list[ModelRef]
    dependencies: dict[str, Literal["ok", "unavailable"]]


class LicenceInfo(Message):
    """Terms of a model's code and weights, and of its training data."""

    code: str
    url: str
    training_data: str


class FigureInfo(Message):
    """A figure of merit and where it stands."""

    metric: str
    value: float
    dataset: str
    source: str


class ModelInfo(Message):
    """``GET /api/v1/model``: the public part of a model card."""

    task: str
    name: str
    version: str
    digest: str
    summary: str
    licence: LicenceInfo
    thresholds: dict[str, float]
    metrics: list[FigureInfo]
    finds: list[str]
    misses: list[str]


class ModelCards(Message):
    """The cards of all models that a service runs; ``name``, ``version`` and the rest are the main one's."""

    name: str
    version: str
    digest: str
    licence: LicenceInfo
    metrics: list[FigureInfo]
    thresholds: dict[str, float]
    models: list[ModelInfo]


class ServiceAddress(Message):
    """Where a service of the contract is found: behind the gateway and on its own port."""

    name: str
    prefix: str
    port_offset: int


SERVICES: tuple[ServiceAddress, ...] = (
    ServiceAddress(name="face-recognition-service", prefix="face-recognition", port_offset=1),
    ServiceAddress(name="antispoofing-service", prefix="antispoofing", port_offset=2),
    ServiceAddress(name="deepfake-detection-service", prefix="deepfake-detection", port_offset=3),
    ServiceAddress(name="face-detection-service", prefix="face-detection", port_offset=4),
    ServiceAddress(name="age-gender-service", prefix="demographics", port_offset=5),
)
