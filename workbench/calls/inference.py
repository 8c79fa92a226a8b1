"""What services say of faces in pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

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
    Success,
    VerifyOptions,
    VerifyResult,
)
from workbench.calls.call import (
    ANTISPOOFING,
    DEEPFAKE,
    DEMOGRAPHICS,
    DETECTION,
    RECOGNITION,
    Call,
    form_fields,
)

T = TypeVar("T")


def detect(
    image: bytes, *, min_score: float = 0.6, min_size: float = 0.0, max_faces: int = 0
) -> Call[Success[DetectResult]]:
    """Faces in one image (JPEG, PNG, WebP or BMP), best score first; see ``DetectOptions``."""
    options = DetectOptions(min_score=min_score, min_size=min_size, max_faces=max_faces)
    return _image(DETECTION, "detect", Success[DetectResult].model_validate_json, image, options)


def detect_batch(
    images: Sequence[bytes], *, min_score: float = 0.6, min_size: float = 0.0, max_faces: int = 0
) -> Call[Success[BatchResult[DetectResult]]]:
    """The same for 1 to 64 images; each has its own result or error."""
    options = DetectOptions(min_score=min_score, min_size=min_size, max_faces=max_faces)
    return _images(DETECTION, Success[BatchResult[DetectResult]].model_validate_json, images, options)


def embed(image: bytes, options: FaceOptions | None = None) -> Call[Success[EmbedResult]]:
    """Embeddings of the faces in one image, best score first."""
    read = Success[EmbedResult].model_validate_json
    return _image(RECOGNITION, "embed", read, image, options or FaceOptions())


def embed_batch(
    images: Sequence[bytes], options: FaceSelection | None = None
) -> Call[Success[BatchResult[EmbedResult]]]:
    """Embeddings for 1 to 64 images; each has its own result or error."""
    read = Success[BatchResult[EmbedResult]].model_validate_json
    return _images(RECOGNITION, read, images, options or FaceSelection())


def verify(
    image_a: bytes, image_b: bytes, options: VerifyOptions | None = None
) -> Call[Success[VerifyResult]]:
    """Whether two images show one person, by the threshold of a false-accept rate."""
    files = [("image_a", image_a), ("image_b", image_b)]
    fields = form_fields(options or VerifyOptions())
    read = Success[VerifyResult].model_validate_json
    return Call(RECOGNITION, "POST", "verify", read, files=files, fields=fields)


def check(image: bytes, options: CheckOptions | None = None) -> Call[Success[CheckResult]]:
    """Whether the faces in one image are living people before the camera."""
    read = Success[CheckResult].model_validate_json
    return _image(ANTISPOOFING, "check", read, image, options or CheckOptions())


def check_batch(
    images: Sequence[bytes], options: CheckBatchOptions | None = None
) -> Call[Success[BatchResult[CheckResult]]]:
    """Liveness for 1 to 64 images; each has its own result or error."""
    read = Success[BatchResult[CheckResult]].model_validate_json
    return _images(ANTISPOOFING, read, images, options or CheckBatchOptions())


def analyze(image: bytes, options: FaceOptions | None = None) -> Call[Success[AnalyzeResult]]:
    """Whether a face of one image was forged: a hint, never evidence."""
    read = Success[AnalyzeResult].model_validate_json
    return _image(DEEPFAKE, "analyze", read, image, options or FaceOptions())


def analyze_batch(
    images: Sequence[bytes], options: FaceSelection | None = None
) -> Call[Success[BatchResult[AnalyzeResult]]]:
    """Forgery for 1 to 64 images; each has its own result or error."""
    read = Success[BatchResult[AnalyzeResult]].model_validate_json
    return _images(DEEPFAKE, read, images, options or FaceSelection())


def estimate(image: bytes, options: FaceOptions | None = None) -> Call[Success[EstimateResult]]:
    """Age and gender of the faces in one image, as estimated from looks."""
    read = Success[EstimateResult].model_validate_json
    return _image(DEMOGRAPHICS, "estimate", read, image, options or FaceOptions())


def estimate_batch(
    images: Sequence[bytes], options: FaceSelection | None = None
) -> Call[Success[BatchResult[EstimateResult]]]:
    """Age and gender for 1 to 64 images; each has its own result or error."""
    read = Success[BatchResult[EstimateResult]].model_validate_json
    return _images(DEMOGRAPHICS, read, images, options or FaceSelection())


def _image(
    service: str, operation: str, read: Callable[[bytes], T], image: bytes, options: BaseModel
) -> Call[T]:
    fields = form_fields(options)
    return Call(service, "POST", operation, read, files=[("image", image)], fields=fields)


def _images(service: str, read: Callable[[bytes], T], images: Sequence[bytes], options: BaseModel) -> Call[T]:
    files = [("images", image) for image in images]
    return Call(service, "POST", "batch", read, files=files, fields=form_fields(options))
