"""The operations of the contract, as requests to send and answers to expect; no network here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Generic, TypeVar
from urllib.parse import quote, urlencode

from pydantic import BaseModel

from bentos.contracts import (
    AnalyzeResult,
    BatchResult,
    CheckBatchOptions,
    CheckOptions,
    CheckResult,
    DetectOptions,
    DetectResult,
    EmbedResult,
    EstimateResult,
    FaceOptions,
    FaceSelection,
    Health,
    JobAccepted,
    JobDeleted,
    JobInfo,
    JobListOptions,
    JobPage,
    ModelCards,
    Success,
    VerifyOptions,
    VerifyResult,
    VideoOptions,
)
from bentos.contracts.base import Message

T = TypeVar("T", bound=Message)

DETECTION = "face-detection-service"
RECOGNITION = "face-recognition-service"
ANTISPOOFING = "antispoofing-service"
DEEPFAKE = "deepfake-detection-service"
DEMOGRAPHICS = "age-gender-service"
HEALTH_TIMEOUT_S = 3.0
UPLOAD_TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One operation with its arguments.

    Attributes:
        service: Name in the contract.
        method: HTTP method.
        operation: Path below ``/api/v1``.
        answer: What a success is read as.
        files: Multipart fields with their bytes, or an open file; a field may occur more than once.
        fields: Options beside the files.
        versioned: Whether it lies under ``/api/v1`` on the service's own port.
        repeatable: Whether sending it twice does no harm and another try is wanted.
        timeout_s: Seconds to wait for an answer; None for the client's own.
    """

    service: str
    method: str
    operation: str
    answer: type[T]
    files: Sequence[tuple[str, bytes | BinaryIO]] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    versioned: bool = True
    repeatable: bool = True
    timeout_s: float | None = None


def detect(image: bytes, options: DetectOptions) -> Call[Success[DetectResult]]:
    """Faces in one image."""
    return _image(DETECTION, "detect", Success[DetectResult], image, options)


def embed(image: bytes, options: FaceOptions) -> Call[Success[EmbedResult]]:
    """Embeddings of the faces in one image."""
    return _image(RECOGNITION, "embed", Success[EmbedResult], image, options)


def verify(image_a: bytes, image_b: bytes, options: VerifyOptions) -> Call[Success[VerifyResult]]:
    """Whether two images show one person."""
    files = [("image_a", image_a), ("image_b", image_b)]
    return Call(RECOGNITION, "POST", "verify", Success[VerifyResult], files=files, fields=_fields(options))


def check(image: bytes, options: CheckOptions) -> Call[Success[CheckResult]]:
    """Whether the faces in one image are living people before the camera."""
    return _image(ANTISPOOFING, "check", Success[CheckResult], image, options)


def analyze(image: bytes, options: FaceOptions) -> Call[Success[AnalyzeResult]]:
    """Whether a face of one image was forged."""
    return _image(DEEPFAKE, "analyze", Success[AnalyzeResult], image, options)


def estimate(image: bytes, options: FaceOptions) -> Call[Success[EstimateResult]]:
    """Age and gender of the faces in one image."""
    return _image(DEMOGRAPHICS, "estimate", Success[EstimateResult], image, options)


def detect_batch(images: Sequence[bytes], options: DetectOptions) -> Call[Success[BatchResult[DetectResult]]]:
    """Faces in each of 1 to 64 images."""
    return _images(DETECTION, Success[BatchResult[DetectResult]], images, options)


def embed_batch(images: Sequence[bytes], options: FaceSelection) -> Call[Success[BatchResult[EmbedResult]]]:
    """Embeddings of the faces in each of 1 to 64 images."""
    return _images(RECOGNITION, Success[BatchResult[EmbedResult]], images, options)


def check_batch(
    images: Sequence[bytes], options: CheckBatchOptions
) -> Call[Success[BatchResult[CheckResult]]]:
    """Liveness of the faces in each of 1 to 64 images."""
    return _images(ANTISPOOFING, Success[BatchResult[CheckResult]], images, options)


def analyze_batch(
    images: Sequence[bytes], options: FaceSelection
) -> Call[Success[BatchResult[AnalyzeResult]]]:
    """Forgery of the faces in each of 1 to 64 images."""
    return _images(DEEPFAKE, Success[BatchResult[AnalyzeResult]], images, options)


def estimate_batch(
    images: Sequence[bytes], options: FaceSelection
) -> Call[Success[BatchResult[EstimateResult]]]:
    """Age and gender of the faces in each of 1 to 64 images."""
    return _images(DEMOGRAPHICS, Success[BatchResult[EstimateResult]], images, options)


def submit_video(video: bytes | BinaryIO, options: VideoOptions) -> Call[Success[JobAccepted]]:
    """A video to be analysed as a job; sent once, for a second try would be a second job."""
    return Call(
        DEEPFAKE,
        "POST",
        "videos",
        Success[JobAccepted],
        files=[("video", video)],
        fields=_fields(options),
        repeatable=False,
        timeout_s=UPLOAD_TIMEOUT_S,
    )


def job(job_id: str) -> Call[Success[JobInfo]]:
    """How a job is."""
    return Call(DEEPFAKE, "GET", f"jobs/{quote(job_id, safe='')}", Success[JobInfo])


def jobs(options: JobListOptions) -> Call[Success[JobPage]]:
    """Jobs, the latest first."""
    return Call(DEEPFAKE, "GET", f"jobs?{urlencode(_fields(options))}", Success[JobPage])


def delete_job(job_id: str) -> Call[Success[JobDeleted]]:
    """Cancel a job, or delete one that is over."""
    return Call(DEEPFAKE, "DELETE", f"jobs/{quote(job_id, safe='')}", Success[JobDeleted], repeatable=False)


def health(service: str) -> Call[Health]:
    """How a service is; asked once, because a second try would tell of another moment."""
    return Call(
        service, "GET", "health", Health, versioned=False, repeatable=False, timeout_s=HEALTH_TIMEOUT_S
    )


def model(service: str) -> Call[Success[ModelCards]]:
    """Cards of the models that a service runs."""
    return Call(service, "GET", "model", Success[ModelCards])


def _image(service: str, operation: str, answer: type[T], image: bytes, options: BaseModel) -> Call[T]:
    return Call(service, "POST", operation, answer, files=[("image", image)], fields=_fields(options))


def _images(service: str, answer: type[T], images: Sequence[bytes], options: BaseModel) -> Call[T]:
    files = [("images", image) for image in images]
    return Call(service, "POST", "batch", answer, files=files, fields=_fields(options))


def _fields(options: BaseModel) -> dict[str, str]:
    """Form fields; what is no plain value travels as JSON, and what was not given does not travel."""
    values = options.model_dump(mode="json", exclude_none=True)
    return {
        name: json.dumps(value) if isinstance(value, list) else str(value) for name, value in values.items()
    }
