"""The operations of the contract, as requests to send and answers to expect; no network here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bentos.contracts import BatchResult, DetectOptions, DetectResult, Health, ModelCards, Success
from bentos.contracts.base import Message

T = TypeVar("T", bound=Message)

DETECTION = "face-detection-service"
HEALTH_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One operation with its arguments.

    Attributes:
        service: Name in the contract.
        method: HTTP method.
        operation: Path below ``/api/v1``.
        answer: What a success is read as.
        files: Multipart fields with their bytes; a field may occur more than once.
        fields: Options beside the files.
        versioned: Whether it lies under ``/api/v1`` on the service's own port.
        repeatable: Whether sending it twice does no harm and another try is wanted.
        timeout_s: Seconds to wait for an answer; None for the client's own.
    """

    service: str
    method: str
    operation: str
    answer: type[T]
    files: Sequence[tuple[str, bytes]] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    versioned: bool = True
    repeatable: bool = True
    timeout_s: float | None = None


def detect(image: bytes, options: DetectOptions) -> Call[Success[DetectResult]]:
    """Faces in one image."""
    return Call(
        DETECTION,
        "POST",
        "detect",
        Success[DetectResult],
        files=[("image", image)],
        fields=_fields(options),
    )


def detect_batch(images: Sequence[bytes], options: DetectOptions) -> Call[Success[BatchResult[DetectResult]]]:
    """The same for many."""
    return Call(
        DETECTION,
        "POST",
        "batch",
        Success[BatchResult[DetectResult]],
        files=[("images", image) for image in images],
        fields=_fields(options),
    )


def health(service: str) -> Call[Health]:
    """How a service is; asked once, because a second try would tell of another moment."""
    return Call(
        service, "GET", "health", Health, versioned=False, repeatable=False, timeout_s=HEALTH_TIMEOUT_S
    )


def model(service: str) -> Call[Success[ModelCards]]:
    """Cards of the models that a service runs."""
    return Call(service, "GET", "model", Success[ModelCards])


def _fields(options: DetectOptions) -> dict[str, str]:
    return {name: str(value) for name, value in options.model_dump().items()}
