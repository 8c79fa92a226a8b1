"""The wire format: pydantic and the standard library alone, so that a client can import it anywhere."""

from bentos.contracts.detection import DetectOptions, DetectResult
from bentos.contracts.envelope import (
    BatchItem,
    BatchResult,
    ErrorBody,
    ErrorMeta,
    Failure,
    Meta,
    ModelRef,
    Success,
    Timings,
)
from bentos.contracts.errors import ErrorCode
from bentos.contracts.face import Box, Face, Landmarks, Point, Quality
from bentos.contracts.service import SERVICES, Health, ModelCards, ModelInfo, ServiceAddress

__all__ = [
    "SERVICES",
    "BatchItem",
    "BatchResult",
    "Box",
    "DetectOptions",
    "DetectResult",
    "ErrorBody",
    "ErrorCode",
    "ErrorMeta",
    "Face",
    "Failure",
    "Health",
    "Landmarks",
    "Meta",
    "ModelCards",
    "ModelInfo",
    "ModelRef",
    "Point",
    "Quality",
    "ServiceAddress",
    "Success",
    "Timings",
]
