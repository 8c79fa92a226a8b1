"""Python SDK of the services, synchronous and asynchronous.

Example:
    >>> from workbench.client import Endpoints, FaceSocialClient
    >>> with FaceSocialClient(Endpoints.local(), token=token) as client:  # doctest: +SKIP
    ...     answer = client.detect(image, min_score=0.7)
    ...     print(len(answer.data.faces), answer.meta.request_id)

Every method raises an error of ``workbench.errors``. What is safe to send twice is tried again, with jitter, when
the service is busy (429, 502, 503, 504; ``Retry-After`` is honoured) or the connection breaks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from types import TracebackType
from typing import BinaryIO, Self, TypeVar

import httpx

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
from workbench import calls
from workbench.calls import Call
from workbench.endpoints import Endpoints
from workbench.errors import ApiError, ClientError, ConnectionFailed, NotConfigured, UnexpectedAnswer
from workbench.retry import RetryPolicy
from workbench.wire import Outcome, bearer, build_request, read_answer

__all__ = [
    "ApiError",
    "AsyncFaceSocialClient",
    "ClientError",
    "ConnectionFailed",
    "Endpoints",
    "FaceSocialClient",
    "NotConfigured",
    "RetryPolicy",
    "UnexpectedAnswer",
]

T = TypeVar("T", bound=Message)

TIMEOUT_S = 60.0


class _Client:
    """What both clients are given, and how they word a request."""

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        token: str | None = None,
        timeout_s: float = TIMEOUT_S,
        retry: RetryPolicy | None = None,
    ) -> None:
        """Connect to nothing yet.

        Args:
            endpoints: Where the services are.
            token: A JSON Web Token; without one only ``health`` is answered.
            timeout_s: Seconds to wait for an answer.
            retry: When to try again.

        Raises:
            NotConfigured: The token holds what no header can carry.
        """
        self._endpoints = endpoints
        self._headers = bearer(token)
        self._timeout_s = timeout_s
        self._retry = retry or RetryPolicy()
        self._open(trust_env=not endpoints.is_loopback)

    def _open(self, trust_env: bool) -> None:
        raise NotImplementedError

    def _request(self, call: Call[T]) -> httpx.Request:
        return build_request(call, self._endpoints, self._headers, self._timeout_s)

    def _wait_after(self, call: Call[T], outcome: Outcome, attempt: int) -> float | None:
        return self._retry.wait_after(outcome, attempt) if call.repeatable else None


class FaceSocialClient(_Client):
    """The services of one deployment. Threads may share it; close it, or use it as a context."""

    def _open(self, trust_env: bool) -> None:
        self._http = httpx.Client(trust_env=trust_env)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def detect(
        self, image: bytes, *, min_score: float = 0.6, min_size: float = 0.0, max_faces: int = 0
    ) -> Success[DetectResult]:
        """Faces in one image (JPEG, PNG, WebP or BMP), best score first; see ``DetectOptions``."""
        options = DetectOptions(min_score=min_score, min_size=min_size, max_faces=max_faces)
        return self.send(calls.detect(image, options))

    def detect_batch(
        self, images: Sequence[bytes], *, min_score: float = 0.6, min_size: float = 0.0, max_faces: int = 0
    ) -> Success[BatchResult[DetectResult]]:
        """The same for 1 to 64 images; each has its own result or error."""
        options = DetectOptions(min_score=min_score, min_size=min_size, max_faces=max_faces)
        return self.send(calls.detect_batch(images, options))

    def embed(self, image: bytes, options: FaceOptions | None = None) -> Success[EmbedResult]:
        """Embeddings of the faces in one image, best score first."""
        return self.send(calls.embed(image, options or FaceOptions()))

    def embed_batch(
        self, images: Sequence[bytes], options: FaceSelection | None = None
    ) -> Success[BatchResult[EmbedResult]]:
        """Embeddings for 1 to 64 images; each has its own result or error."""
        return self.send(calls.embed_batch(images, options or FaceSelection()))

    def verify(
        self, image_a: bytes, image_b: bytes, options: VerifyOptions | None = None
    ) -> Success[VerifyResult]:
        """Whether two images show one person, by the threshold of a false-accept rate."""
        return self.send(calls.verify(image_a, image_b, options or VerifyOptions()))

    def check(self, image: bytes, options: CheckOptions | None = None) -> Success[CheckResult]:
        """Whether the faces in one image are living people before the camera."""
        return self.send(calls.check(image, options or CheckOptions()))

    def check_batch(
        self, images: Sequence[bytes], options: CheckBatchOptions | None = None
    ) -> Success[BatchResult[CheckResult]]:
        """Liveness for 1 to 64 images; each has its own result or error."""
        return self.send(calls.check_batch(images, options or CheckBatchOptions()))

    def analyze(self, image: bytes, options: FaceOptions | None = None) -> Success[AnalyzeResult]:
        """Whether a face of one image was forged: a hint, never evidence."""
        return self.send(calls.analyze(image, options or FaceOptions()))

    def analyze_batch(
        self, images: Sequence[bytes], options: FaceSelection | None = None
    ) -> Success[BatchResult[AnalyzeResult]]:
        """Forgery for 1 to 64 images; each has its own result or error."""
        return self.send(calls.analyze_batch(images, options or FaceSelection()))

    def estimate(self, image: bytes, options: FaceOptions | None = None) -> Success[EstimateResult]:
        """Age and gender of the faces in one image, as estimated from looks."""
        return self.send(calls.estimate(image, options or FaceOptions()))

    def estimate_batch(
        self, images: Sequence[bytes], options: FaceSelection | None = None
    ) -> Success[BatchResult[EstimateResult]]:
        """Age and gender for 1 to 64 images; each has its own result or error."""
        return self.send(calls.estimate_batch(images, options or FaceSelection()))

    def submit_video(
        self, video: bytes | BinaryIO, options: VideoOptions | None = None
    ) -> Success[JobAccepted]:
        """A video (MP4, MOV, AVI, WebM, MKV; up to 500 MB) as a job; ``job`` tells how it gets on."""
        return self.send(calls.submit_video(video, options or VideoOptions()))

    def job(self, job_id: str) -> Success[JobInfo]:
        """How a job is, and what it found once it is over."""
        return self.send(calls.job(job_id))

    def jobs(self, options: JobListOptions | None = None) -> Success[JobPage]:
        """Jobs, the latest first, without their results."""
        return self.send(calls.jobs(options or JobListOptions()))

    def delete_job(self, job_id: str) -> Success[JobDeleted]:
        """Cancel a job that waits or runs, delete one that is over; its upload goes in any case."""
        return self.send(calls.delete_job(job_id))

    def health(self, service: str) -> Health:
        """How a service is; needs no token and is never tried again."""
        return self.send(calls.health(service))

    def model(self, service: str) -> Success[ModelCards]:
        """Cards of the models that a service runs."""
        return self.send(calls.model(service))

    def send(self, call: Call[T]) -> T:
        """Answer of any call of ``workbench.calls``."""
        request, attempt = self._request(call), 1
        outcome = self._attempt(request)
        while (wait := self._wait_after(call, outcome, attempt)) is not None:
            time.sleep(wait)
            outcome, attempt = self._attempt(request), attempt + 1
        return read_answer(call, request, outcome)

    def _attempt(self, request: httpx.Request) -> Outcome:
        try:
            return self._http.send(request)
        except httpx.RequestError as error:
            return error


class AsyncFaceSocialClient(_Client):
    """The same for asyncio; close it with ``aclose``, or use it as an asynchronous context."""

    def _open(self, trust_env: bool) -> None:
        self._http = httpx.AsyncClient(trust_env=trust_env)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def detect(
        self, image: bytes, *, min_score: float = 0.6, min_size: float = 0.0, max_faces: int = 0
    ) -> Success[DetectResult]:
        """Faces in one image (JPEG, PNG, WebP or BMP), best score first; see ``DetectOptions``."""
        options = DetectOptions(min_score=min_score, min_size=min_size, max_faces=max_faces)
        return await self.send(calls.detect(image, options))

    async def detect_batch(
        self, images: Sequence[bytes], *, min_score: float = 0.6, min_size: float = 0.0, max_faces: int = 0
    ) -> Success[BatchResult[DetectResult]]:
        """The same for 1 to 64 images; each has its own result or error."""
        options = DetectOptions(min_score=min_score, min_size=min_size, max_faces=max_faces)
        return await self.send(calls.detect_batch(images, options))

    async def embed(self, image: bytes, options: FaceOptions | None = None) -> Success[EmbedResult]:
        """Embeddings of the faces in one image, best score first."""
        return await self.send(calls.embed(image, options or FaceOptions()))

    async def embed_batch(
        self, images: Sequence[bytes], options: FaceSelection | None = None
    ) -> Success[BatchResult[EmbedResult]]:
        """Embeddings for 1 to 64 images; each has its own result or error."""
        return await self.send(calls.embed_batch(images, options or FaceSelection()))

    async def verify(
        self, image_a: bytes, image_b: bytes, options: VerifyOptions | None = None
    ) -> Success[VerifyResult]:
        """Whether two images show one person, by the threshold of a false-accept rate."""
        return await self.send(calls.verify(image_a, image_b, options or VerifyOptions()))

    async def check(self, image: bytes, options: CheckOptions | None = None) -> Success[CheckResult]:
        """Whether the faces in one image are living people before the camera."""
        return await self.send(calls.check(image, options or CheckOptions()))

    async def check_batch(
        self, images: Sequence[bytes], options: CheckBatchOptions | None = None
    ) -> Success[BatchResult[CheckResult]]:
        """Liveness for 1 to 64 images; each has its own result or error."""
        return await self.send(calls.check_batch(images, options or CheckBatchOptions()))

    async def analyze(self, image: bytes, options: FaceOptions | None = None) -> Success[AnalyzeResult]:
        """Whether a face of one image was forged: a hint, never evidence."""
        return await self.send(calls.analyze(image, options or FaceOptions()))

    async def analyze_batch(
        self, images: Sequence[bytes], options: FaceSelection | None = None
    ) -> Success[BatchResult[AnalyzeResult]]:
        """Forgery for 1 to 64 images; each has its own result or error."""
        return await self.send(calls.analyze_batch(images, options or FaceSelection()))

    async def estimate(self, image: bytes, options: FaceOptions | None = None) -> Success[EstimateResult]:
        """Age and gender of the faces in one image, as estimated from looks."""
        return await self.send(calls.estimate(image, options or FaceOptions()))

    async def estimate_batch(
        self, images: Sequence[bytes], options: FaceSelection | None = None
    ) -> Success[BatchResult[EstimateResult]]:
        """Age and gender for 1 to 64 images; each has its own result or error."""
        return await self.send(calls.estimate_batch(images, options or FaceSelection()))

    async def submit_video(
        self, video: bytes | BinaryIO, options: VideoOptions | None = None
    ) -> Success[JobAccepted]:
        """A video (MP4, MOV, AVI, WebM, MKV; up to 500 MB) as a job; ``job`` tells how it gets on."""
        return await self.send(calls.submit_video(video, options or VideoOptions()))

    async def job(self, job_id: str) -> Success[JobInfo]:
        """How a job is, and what it found once it is over."""
        return await self.send(calls.job(job_id))

    async def jobs(self, options: JobListOptions | None = None) -> Success[JobPage]:
        """Jobs, the latest first, without their results."""
        return await self.send(calls.jobs(options or JobListOptions()))

    async def delete_job(self, job_id: str) -> Success[JobDeleted]:
        """Cancel a job that waits or runs, delete one that is over; its upload goes in any case."""
        return await self.send(calls.delete_job(job_id))

    async def health(self, service: str) -> Health:
        """How a service is; needs no token and is never tried again."""
        return await self.send(calls.health(service))

    async def model(self, service: str) -> Success[ModelCards]:
        """Cards of the models that a service runs."""
        return await self.send(calls.model(service))

    async def send(self, call: Call[T]) -> T:
        """Answer of any call of ``workbench.calls``."""
        request, attempt = self._request(call), 1
        outcome = await self._attempt(request)
        while (wait := self._wait_after(call, outcome, attempt)) is not None:
            await asyncio.sleep(wait)
            outcome, attempt = await self._attempt(request), attempt + 1
        return read_answer(call, request, outcome)

    async def _attempt(self, request: httpx.Request) -> Outcome:
        try:
            return await self._http.send(request)
        except httpx.RequestError as error:
            return error
