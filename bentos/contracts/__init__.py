"""The wire format: pydantic and the standard library alone, so that a client can import it anywhere."""

from bentos.contracts.antispoofing import (
    Attack,
    CheckBatchOptions,
    CheckedFace,
    CheckOptions,
    CheckResult,
    RefusedFace,
)
from bentos.contracts.deepfake import AnalyzedFace, AnalyzeResult
from bentos.contracts.demographics import EstimatedFace, EstimateResult, Gender
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
from bentos.contracts.options import FaceOptions, FaceSelection, GivenFace
from bentos.contracts.recognition import EmbeddedFace, EmbedResult, VerifyOptions, VerifyResult
from bentos.contracts.service import SERVICES, Health, ModelCards, ModelInfo, ServiceAddress

__all__ = [
    "SERVICES",
    "AnalyzeResult",
    "AnalyzedFace",
    "Attack",
    "BatchItem",
    "BatchResult",
    "Box",
    "CheckBatchOptions",
    "CheckOptions",
    "CheckResult",
    "CheckedFace",
    "DetectOptions",
    "DetectResult",
    "EmbedResult",
    "EmbeddedFace",
    "ErrorBody",
    "ErrorCode",
    "ErrorMeta",
    "EstimateResult",
    "EstimatedFace",
    "Face",
    "FaceOptions",
    "FaceSelection",
    "Failure",
    "Gender",
    "GivenFace",
    "Health",
    "Landmarks",
    "Meta",
    "ModelCards",
    "ModelInfo",
    "ModelRef",
    "Point",
    "Quality",
    "RefusedFace",
    "ServiceAddress",
    "Success",
    "Timings",
    "VerifyOptions",
    "VerifyResult",
]
