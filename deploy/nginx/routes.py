"""What the gateway lets through: the routes of the contract, each with its limits.

The figures are the design's. A rate counts requests of one caller: the subject of a token, or an address without one.
Sizes are decimal megabytes, as in the contract, plus room for the form or JSON around the pictures.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MB = 1_000_000
ENVELOPE = MB // 4
"""Room for boundaries and fields; less than the megabyte that 501 MB are beyond 500 MB."""
IMAGE = 27 * MB
"""The contract's 20 MB of a picture as base64."""

PREFIX = "/api/v1"
NAME = r"[a-z_]+"


class Route(BaseModel):
    """A group of operations with one limit.

    Attributes:
        name: Of its limit and its locations.
        service: Prefix of the service in the contract; upstreams are named by it.
        location: How NGINX finds it, such as ``= /api/v1/demographics/batch``.
        zone: Name of the limit that counts it; routes of one zone share a budget.
        burst: Requests that may come at once beyond the first one.
        timeout_s: The longest silence between service and gateway.
        max_body_bytes: Of the whole body.
        buffered: The body is read whole before a service is troubled with it; otherwise it streams through.
        repeatable: Asking another replica does no harm when one dies in the middle: inference, not writes.
    """

    model_config = ConfigDict(frozen=True)

    name: Annotated[str, StringConstraints(pattern=f"^{NAME}$")]
    service: Annotated[str, StringConstraints(pattern=r"^[a-z-]+$")]
    location: str
    zone: Annotated[str, StringConstraints(pattern=f"^{NAME}$")]
    rate: Annotated[int, Field(ge=1)]
    burst: Annotated[int, Field(ge=0)]
    timeout_s: Annotated[int, Field(ge=1)]
    max_body_bytes: Annotated[int, Field(ge=1)] = IMAGE + ENVELOPE
    buffered: bool = True
    repeatable: bool = True

    @property
    def upstream(self) -> str:
        """Name of the group of servers that answer it."""
        return identifier(self.service)


def identifier(service: str) -> str:
    """A service's prefix as the name of something in NGINX."""
    return service.replace("-", "_")


def _operations(
    service: str, burst: int, timeout_s: int, *, rate: int = 10, repeatable: bool = True, **more: int | bool
) -> Route:
    """Everything of a service that no other route takes."""
    name = identifier(service)
    return Route(
        name=name,
        service=service,
        location=f"{PREFIX}/{service}/",
        zone=name,
        rate=rate,
        burst=burst,
        timeout_s=timeout_s,
        repeatable=repeatable,
        **more,  # type: ignore[arg-type]
    )


def _bulk(service: str, name: str, location: str) -> Route:
    """Many pictures at once: seldom, large and long; streamed, so that none of them touches the gateway's disk."""
    return Route(
        name=name,
        service=service,
        location=location,
        zone=name,
        rate=2,
        burst=3,
        timeout_s=600,
        max_body_bytes=200 * MB,
        buffered=False,
        repeatable=False,
    )


def _batch(service: str) -> Route:
    return _bulk(service, f"{identifier(service)}_batch", f"= {PREFIX}/{service}/batch")


RECOGNITION = _operations(
    "face-recognition", burst=20, timeout_s=60, max_body_bytes=2 * IMAGE + ENVELOPE, repeatable=False
)
_COLLECTION = f"{PREFIX}/face-recognition/collections/[^/]+"

ROUTES: tuple[Route, ...] = (
    _batch("face-recognition"),
    _batch("antispoofing"),
    _batch("deepfake-detection"),
    _batch("face-detection"),
    _batch("demographics"),
    _bulk(
        "face-recognition",
        "face_recognition_collection_batch",
        f"~ ^{_COLLECTION}/(?:batch|import|export)$",
    ),
    RECOGNITION.model_copy(
        update={
            "name": "face_recognition_inference",
            "location": rf"~ ^(?:{PREFIX}/face-recognition/(?:embed|verify)|{_COLLECTION}/identify)$",
            "repeatable": True,
        }
    ),
    RECOGNITION,
    _operations("antispoofing", burst=15, timeout_s=90),
    _operations(
        "deepfake-detection",
        burst=5,
        timeout_s=300,
        rate=2,
        max_body_bytes=500 * MB + ENVELOPE,
        buffered=False,
        repeatable=False,
    ),
    _operations("face-detection", burst=30, timeout_s=30),
    _operations("demographics", burst=25, timeout_s=20),
)
SERVICE_PREFIXES: tuple[str, ...] = tuple(dict.fromkeys(route.service for route in ROUTES))
