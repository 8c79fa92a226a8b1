"""Python SDK of the services, synchronous and asynchronous; ``workbench/SDK.md`` has examples of all of it.

Example:
    >>> from workbench.client import Endpoints, FaceSocialClient
    >>> with FaceSocialClient(Endpoints.local(), token=token) as client:  # doctest: +SKIP
    ...     answer = client.detect(image, min_score=0.7)
    ...     print(len(answer.data.faces), answer.meta.request_id)
    ...     client.galleries.enrol("staff", "ann", image)
    ...     print([subject.subject_id for subject in client.galleries.iter_subjects("staff")])

Both clients have the same operations with the same arguments; those of ``AsyncFaceSocialClient`` are awaited, its
``iter_…`` and exports are gone through with ``async for``. Every operation raises an error of ``workbench.errors``,
and ValueError before anything is sent where an argument is out of the contract's range.

What may be sent twice is tried again, with jitter, when the service is busy (429, 502, 503, 504; ``Retry-After`` is
honoured) or the connection breaks. Every write carries an Idempotency-Key of its own, so that it may be sent twice;
give ``key`` to go on with a write after a restart of your program.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self, TypeVar

from workbench.calls import Call, galleries, inference, services, videos
from workbench.endpoints import Endpoints
from workbench.errors import ApiError, ClientError, ConnectionFailed, NotConfigured, UnexpectedAnswer
from workbench.operations import AsyncGroup, Group, Operation, Paged, Streamed
from workbench.retry import RetryPolicy
from workbench.sending import TIMEOUT_S, AsyncSender, Sender

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

T = TypeVar("T")


class _Galleries:
    create = Operation(galleries.create)
    collections = Operation(galleries.collections)
    iter_collections = Paged(galleries.collections, lambda page: page.collections)
    collection = Operation(galleries.collection)
    delete = Operation(galleries.delete)
    enrol = Operation(galleries.enrol)
    enrol_batch = Operation(galleries.enrol_batch)
    subjects = Operation(galleries.subjects)
    iter_subjects = Paged(galleries.subjects, lambda page: page.subjects)
    subject = Operation(galleries.subject)
    delete_subject = Operation(galleries.delete_subject)
    delete_face = Operation(galleries.delete_face)
    identify = Operation(galleries.identify)
    export = Streamed(galleries.export, galleries.ends_export)
    import_lines = Operation(galleries.import_lines)
    reindex = Operation(galleries.reindex)
    preview_reindex = Operation(galleries.preview_reindex)
    check_index = Operation(galleries.check_index)
    rebuild_index = Operation(galleries.rebuild_index)
    purge = Operation(galleries.purge)


class Galleries(_Galleries, Group):
    """``client.galleries``: collections, their subjects, and who a face may be."""


class AsyncGalleries(_Galleries, AsyncGroup):
    """The same for asyncio."""


class _Services:
    detect = Operation(inference.detect)
    detect_batch = Operation(inference.detect_batch)
    embed = Operation(inference.embed)
    embed_batch = Operation(inference.embed_batch)
    verify = Operation(inference.verify)
    check = Operation(inference.check)
    check_batch = Operation(inference.check_batch)
    analyze = Operation(inference.analyze)
    analyze_batch = Operation(inference.analyze_batch)
    estimate = Operation(inference.estimate)
    estimate_batch = Operation(inference.estimate_batch)
    submit_video = Operation(videos.submit_video)
    job = Operation(videos.job)
    jobs = Operation(videos.jobs)
    iter_jobs = Paged(videos.jobs, lambda page: page.jobs)
    delete_job = Operation(videos.delete_job)
    health = Operation(services.health)
    model = Operation(services.model)
    metrics = Operation(services.metrics)
    audit = Operation(services.audit)
    iter_audit = Paged(services.audit, lambda page: page.events)
    export_audit = Streamed(services.export_audit, services.ends_audit)


class FaceSocialClient(_Services, Group):
    """The services of one deployment. Threads may share it; close it, or use it as a context.

    Attributes:
        galleries: Collections, their subjects, and who a face may be.
    """

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
            token: A JSON Web Token; without one only ``health`` and ``metrics`` are answered.
            timeout_s: Seconds to wait for an answer.
            retry: When to try again.

        Raises:
            NotConfigured: The token holds what no header can carry.
        """
        super().__init__(Sender(endpoints, token, timeout_s, retry))
        self.galleries = Galleries(self._sender)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._sender.close()

    def send(self, call: Call[T]) -> T:
        """Answer of any call of ``workbench.calls``."""
        return self._sender.send(call)


class AsyncFaceSocialClient(_Services, AsyncGroup):
    """The same for asyncio; close it with ``aclose``, or use it as an asynchronous context.

    Attributes:
        galleries: Collections, their subjects, and who a face may be.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        token: str | None = None,
        timeout_s: float = TIMEOUT_S,
        retry: RetryPolicy | None = None,
    ) -> None:
        """Connect to nothing yet; the arguments are those of ``FaceSocialClient``."""
        super().__init__(AsyncSender(endpoints, token, timeout_s, retry))
        self.galleries = AsyncGalleries(self._sender)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._sender.aclose()

    async def send(self, call: Call[T]) -> T:
        """Answer of any call of ``workbench.calls``."""
        return await self._sender.send(call)
